BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Test-EmbedCache' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 | Close-EmbedCache
        1..100 | ForEach-Object { @{ Key = "k$_"; Vector = 1, $_, 0, 0 } } | Set-Embedding $path
        Close-EmbedCache $path
    }

    It 'finds nothing wrong with a sound file' {
        Test-EmbedCache $path | Should -BeNullOrEmpty
        Test-EmbedCache $path -Quiet | Should -BeTrue
    }

    It 'shows where a file is damaged' {
        $bytes = [System.IO.File]::ReadAllBytes($path)
        $bytes[12288 + 70] = $bytes[12288 + 70] -bxor 1
        [System.IO.File]::WriteAllBytes($path, $bytes)
        $problem = @(Test-EmbedCache $path)[0]
        $problem.Path | Should -Be $path
        $problem.Offset | Should -BeGreaterOrEqual 12288
        $problem.Description | Should -Not -BeNullOrEmpty
        Test-EmbedCache $path -Quiet | Should -BeFalse
    }

    It 'answers False for a file of another kind' {
        Set-Content $path 'text'
        Test-EmbedCache $path -Quiet | Should -BeFalse
    }

    It 'looks at the structure alone with -Quick' {
        $bytes = [System.IO.File]::ReadAllBytes($path)
        $bytes[12288 + 70] = $bytes[12288 + 70] -bxor 1
        [System.IO.File]::WriteAllBytes($path, $bytes)
        Test-EmbedCache $path -Quick | Should -BeNullOrEmpty
        Test-EmbedCache $path -Quiet | Should -BeFalse
    }

    It 'tells of every problem of a file that cannot be opened' {
        $bytes = [System.IO.File]::ReadAllBytes($path)
        $bytes[20] = $bytes[20] -bxor 1
        $bytes[12288 + 70] = $bytes[12288 + 70] -bxor 1
        [System.IO.File]::WriteAllBytes($path, $bytes)
        (Test-EmbedCache $path).Offset | Should -Be 0, 12288
    }

    It 'changes nothing' {
        $before = (Get-FileHash $path).Hash
        Test-EmbedCache $path | Should -BeNullOrEmpty
        Close-EmbedCache $path
        (Get-FileHash $path).Hash | Should -Be $before
    }
}
