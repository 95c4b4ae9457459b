BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Get-Embedding' {
    BeforeAll {
        $path = Join-Path $TestDrive 'get.edb'
        New-EmbedCache $path 4 | Close-EmbedCache
        1..5 | ForEach-Object { @{ Key = "k$_"; Vector = $_, 1, 0, 0; Metadata = @{ n = $_ } } } | Set-Embedding $path
    }

    It 'finds keys given, piped, or as properties' {
        (Get-Embedding $path 'k1', 'k2').Key | Should -Be 'k1', 'k2'
        ('k1', 'k2' | Get-Embedding $path).Key | Should -Be 'k1', 'k2'
        ([pscustomobject] @{ Text = 'k3' } | Get-Embedding $path).Key | Should -Be 'k3'
    }

    It 'returns one object with a key, a vector and metadata' {
        $record = Get-Embedding $path 'k3'
        $record | Should -HaveCount 1
        , $record.Vector | Should -BeOfType [float[]]
        $record.Vector | Should -Be @(3, 1, 0, 0)
        $record.Metadata.n | Should -Be 3
    }

    It 'returns everything without a key' {
        (Get-Embedding $path).Key | Should -Be 'k1', 'k2', 'k3', 'k4', 'k5'
        (Get-Embedding $path -NewestFirst | Select-Object -First 1).Key | Should -Be 'k5'
    }

    It 'reports a key that is not there' {
        Get-Embedding $path 'k1', 'none' -ErrorVariable problem -ErrorAction SilentlyContinue | Should -HaveCount 1
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        { Get-Embedding $path 'none' -ErrorAction Stop } | Should -Throw -ErrorId 'EmbeddingNotFound,EmbedCache.PowerShell.GetEmbeddingCommand'
    }

    It 'does not find what has expired' {
        Set-Embedding $path 'short' 1, 0, 0, 0 -TimeToLive ([timespan]::FromMilliseconds(20))
        Start-Sleep -Milliseconds 60
        Get-Embedding $path 'short' -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'prints the length of a vector and never its numbers' {
        $text = Get-Embedding $path 'k5' | Out-String
        $text | Should -Match 'float\[4\]'
        Get-Embedding $path 'k5' | Format-List | Out-String | Should -Match 'float\[4\]'
    }

    It 'completes keys, the newest first' {
        $line = "Get-Embedding '$path' -Key k"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Select-Object -First 2 | Should -Be 'k5', 'k4'
    }

    It 'has help' {
        (Get-Help Get-Embedding).Synopsis | Should -Match 'Reads embeddings'
        (Get-Help Get-Embedding -Examples).examples.example | Should -Not -BeNullOrEmpty
    }
}
