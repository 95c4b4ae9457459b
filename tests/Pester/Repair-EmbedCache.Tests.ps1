BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Repair-EmbedCache' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        $new = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 -Model 'm' | Close-EmbedCache
        1..100 | ForEach-Object { @{ Key = "k$_"; Vector = 1, $_, 0, 0 } } | Set-Embedding $path
        Close-EmbedCache $path
        $bytes = [System.IO.File]::ReadAllBytes($path)

        # The vector, 16 bytes, stands in front of the key.
        $vector = [System.Text.Encoding]::GetEncoding(28591).GetString($bytes).IndexOf('k57') - 16
    }

    AfterEach {
        Close-EmbedCache $new
    }

    It 'salvages the rest of a file with a damaged record' {
        $bytes[$vector] = $bytes[$vector] -bxor 1
        [System.IO.File]::WriteAllBytes($path, $bytes)
        $lost = @(Repair-EmbedCache $path $new)
        $lost.Count | Should -Be 1
        $lost[0].Key | Should -Be 'k57'
        (Get-EmbedCacheInfo $new).Count | Should -Be 99
        (Get-EmbedCacheInfo $new).Model | Should -Be 'm'
        Test-EmbedCache $new | Should -BeNullOrEmpty
    }

    It 'salvages all of a file whose header and slots are damaged' {
        foreach ($i in (0..15) + (4096..4223) + (8192..8319)) { $bytes[$i] = 0xAA }
        [System.IO.File]::WriteAllBytes($path, $bytes)
        Test-EmbedCache $path -Quiet | Should -BeFalse
        $report = Repair-EmbedCache $path $new -PassThru
        $report.RecordCount | Should -Be 100
        $report.IsHeaderRebuilt | Should -BeTrue
        $report.Losses | Should -BeNullOrEmpty
    }

    It 'does not touch the damaged file' {
        $bytes[$vector] = $bytes[$vector] -bxor 1
        [System.IO.File]::WriteAllBytes($path, $bytes)
        $before = (Get-FileHash $path).Hash
        Repair-EmbedCache $path $new | Out-Null
        (Get-FileHash $path).Hash | Should -Be $before
        { Repair-EmbedCache $path $path -Force } | Should -Throw
        (Get-FileHash $path).Hash | Should -Be $before
    }

    It 'lists the losses with -WhatIf, and writes nothing' {
        $bytes[$vector] = $bytes[$vector] -bxor 1
        [System.IO.File]::WriteAllBytes($path, $bytes)
        (Repair-EmbedCache $path $new -WhatIf).Key | Should -Be 'k57'
        Test-Path $new | Should -BeFalse
    }
}
