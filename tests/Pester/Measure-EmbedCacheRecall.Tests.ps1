BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Measure-EmbedCacheRecall' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 | Close-EmbedCache
        1..50 | ForEach-Object { @{ Key = "text $_"; Vector = 1, $_, ($_ % 7), 0 } } | Set-Embedding $path
    }

    AfterEach {
        Close-EmbedCache $path
    }

    It 'measures exact search first and then what was asked for' {
        $points = Measure-EmbedCacheRecall $path -SampleCount 10 -Top 3 -EfSearch 40, 10
        $points[0].IsExact | Should -BeTrue
        $points.EfSearch | Should -Be @($null, $null, 10, 40)
        $points.Recall | Should -Be @(1, 1, 1, 1)
    }

    It 'takes handles and the pipeline' {
        $cache = Open-EmbedCache $path
        ($cache | Measure-EmbedCacheRecall -EfSearch 10).Count | Should -Be 3
        (Get-Item $path | Measure-EmbedCacheRecall -EfSearch 10).Count | Should -Be 3
        Close-EmbedCache $cache
    }

    It 'says so when there is nothing to measure' {
        $empty = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $empty 4 | Close-EmbedCache
        Measure-EmbedCacheRecall $empty -WarningVariable said -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        $said | Should -BeLike '*nothing to measure*'
    }

    It 'refuses values below one' {
        { Measure-EmbedCacheRecall $path -EfSearch 0 } | Should -Throw
    }
}
