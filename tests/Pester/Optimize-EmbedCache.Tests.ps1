BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Optimize-EmbedCache' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 | Close-EmbedCache
        1..200 | ForEach-Object { @{ Key = "a text of number $_"; Vector = 1, $_, 0, 0; Metadata = @{ note = "kept with $_" } } } | Set-Embedding $path
        1..150 | ForEach-Object { "a text of number $_" } | Remove-Embedding $path
    }

    AfterEach {
        Close-EmbedCache $path
    }

    It 'makes the file smaller and keeps what is there' {
        $before = (Get-Item $path).Length
        Optimize-EmbedCache $path | Should -BeNullOrEmpty
        (Get-Item $path).Length | Should -BeLessThan $before
        (Get-EmbedCacheInfo $path).Count | Should -Be 50
        Test-EmbedCache $path | Should -BeNullOrEmpty
    }

    It 'tells what it did with -PassThru' {
        $report = Optimize-EmbedCache $path -PassThru
        $report.Path | Should -Be $path
        $report.RecordCount | Should -Be 50
        $report.ByteLengthAfter | Should -BeLessThan $report.ByteLengthBefore
    }

    It 'keeps a sixteenth of each vector with -Compression PQ' {
        151..250 | ForEach-Object { @{ Key = "more $_"; Vector = 1, $_, 0, 0 } } | Set-Embedding $path
        $report = Optimize-EmbedCache $path -Compression PQ -PassThru
        "$($report.Compression)" | Should -Be 'PQ'
        $report.Loss.Count | Should -Be 150
        $report.Loss.MeanCosine | Should -BeGreaterThan 0.9
        "$((Get-EmbedCacheInfo $path).Compression)" | Should -Be 'PQ'
        Test-EmbedCache $path | Should -BeNullOrEmpty
        (Find-SimilarEmbedding $path -Vector 1, 200, 0, 0 -Top 3).Count | Should -Be 3
    }

    It 'completes -Compression' {
        $line = 'Optimize-EmbedCache x.edb -Compression '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'Binary', 'Float16', 'Int8', 'None', 'PQ'
    }

    It 'does nothing with -WhatIf' {
        Optimize-EmbedCache $path -WhatIf
        (Get-EmbedCacheInfo $path).Generation | Should -Be 1
    }

    It 'leaves nothing beside the file' {
        Optimize-EmbedCache $path
        Get-ChildItem "$path.*" | Should -BeNullOrEmpty
    }

    It 'takes handles and the pipeline' {
        $cache = Open-EmbedCache $path
        $cache | Optimize-EmbedCache
        Get-Item $path | Optimize-EmbedCache
        (Get-EmbedCacheInfo $cache).Generation | Should -Be 3
        Close-EmbedCache $cache
    }
}
