BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Find-SimilarEmbedding' {
    BeforeAll {
        $path = Join-Path $TestDrive 'find.edb'
        New-EmbedCache $path 4 | Close-EmbedCache
        0..9 | ForEach-Object { @{ Key = "k$_"; Vector = [Math]::Cos($_ / 10), [Math]::Sin($_ / 10), 0, 0; Metadata = @{ n = $_ } } } | Set-Embedding $path
    }

    It 'returns the nearest, best first' {
        $hits = Find-SimilarEmbedding $path -Vector 1, 0, 0, 0 -Top 3
        $hits.Key | Should -Be 'k0', 'k1', 'k2'
        $hits[0].Score | Should -BeGreaterThan $hits[1].Score
    }

    It 'returns ten hits unless told otherwise' {
        Set-Embedding $path 'one more' 0, 0, 1, 0
        Find-SimilarEmbedding $path 1, 0, 0, 0 | Should -HaveCount 10
    }

    It 'returns nothing below -MinimumScore' {
        (Find-SimilarEmbedding $path 1, 0, 0, 0 -MinimumScore 0.985).Key | Should -Be 'k0', 'k1'
    }

    It 'finds entries like another one, without that one' {
        (Find-SimilarEmbedding $path -Key 'k5' -Top 2).Key | Sort-Object | Should -Be 'k4', 'k6'
        ('k5' | Find-SimilarEmbedding $path -Top 2).Key | Should -Not -Contain 'k5'
    }

    It 'returns objects with a score, a key, a vector and metadata' {
        $hit = Find-SimilarEmbedding $path 1, 0, 0, 0 -Top 1
        $hit.Score | Should -BeGreaterThan 0.999
        $hit.Distance | Should -BeLessThan 0.001
        $hit.Vector | Should -HaveCount 4
        $hit.Metadata.n | Should -Be 0
    }

    It 'says which of several queries a hit is for' {
        ('k1', 'k2' | Find-SimilarEmbedding $path -Top 1).Query | Should -Be 'k1', 'k2'
    }

    It 'refuses a query of another dimension' {
        Find-SimilarEmbedding $path 1, 0 -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'WrongDimension,EmbedCache.PowerShell.FindSimilarEmbeddingCommand'
    }

    It 'needs a vector or a key' {
        { Find-SimilarEmbedding $path } | Should -Throw -ErrorId 'MissingQuery,EmbedCache.PowerShell.FindSimilarEmbeddingCommand'
    }
}
