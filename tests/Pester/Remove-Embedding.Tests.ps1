BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Remove-Embedding' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 | Close-EmbedCache
        1..5 | ForEach-Object { @{ Key = "k$_"; Vector = $_, 1, 0, 0 } } | Set-Embedding $path
    }

    It 'removes keys given or piped' {
        Remove-Embedding $path 'k1'
        'k2', 'k3' | Remove-Embedding $path
        (Get-Embedding $path).Key | Should -Be 'k4', 'k5'
    }

    It 'removes records that Get-Embedding and Find-SimilarEmbedding return' {
        Get-Embedding $path | Where-Object Key -In 'k1', 'k2' | Remove-Embedding $path
        Find-SimilarEmbedding $path -Key 'k5' -Top 1 | Remove-Embedding $path
        (Get-EmbedCacheInfo $path).Count | Should -Be 2
    }

    It 'removes by digest where the text is not known' {
        $private = "$path.private"
        New-EmbedCache $private 4 -KeyStorage Digest | Close-EmbedCache
        Set-Embedding $private 'secret' 1, 0, 0, 0
        Remove-Embedding $private -Digest (Get-Embedding $private).Digest
        Get-Embedding $private | Should -BeNullOrEmpty
    }

    It 'reports a key that is not there and removes the others' {
        Remove-Embedding $path 'k1', 'none', 'k2' -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'EmbeddingNotFound,EmbedCache.PowerShell.RemoveEmbeddingCommand'
        (Get-Embedding $path).Key | Should -Be 'k3', 'k4', 'k5'
    }

    It 'returns what it removed with -PassThru' {
        (Remove-Embedding $path 'k3' -PassThru).Vector[0] | Should -Be 3
    }

    It 'removes nothing with -WhatIf' {
        Remove-Embedding $path 'k1' -WhatIf
        (Get-EmbedCacheInfo $path).Count | Should -Be 5
    }
}
