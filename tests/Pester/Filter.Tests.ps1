BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe '-Filter' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 | Close-EmbedCache
        0..19 | ForEach-Object {
            @{
                Key      = "k$_"
                Vector   = [Math]::Cos($_ / 20), [Math]::Sin($_ / 20), 0, 0
                Metadata = @{ n = $_; Lang = ('en', 'de', 'fr')[$_ % 3]; even = $_ % 2 -eq 0; tags = @("t$($_ % 4)", 'all') }
            }
        } | Set-Embedding $path
    }

    It 'chooses what Get-Embedding returns' {
        (Get-Embedding $path -Filter { $_.n -ge 17 }).Key | Should -Be 'k17', 'k18', 'k19'
        (Get-Embedding $path -Filter { $_.n -ge 17 } -NewestFirst).Key | Should -Be 'k19', 'k18', 'k17'
        (Get-Embedding $path -Filter @{ lang = 'EN', 'de'; even = $true } | Measure-Object).Count | Should -Be 7
        (Get-Embedding $path -Filter "tags contains 't3' and n < 10").Key | Should -Be 'k3', 'k7'
        Get-Embedding $path -Filter { $_.n -gt 100 } | Should -BeNullOrEmpty
    }

    It 'takes variables from where it is written' {
        function Find-From([int] $from, $wanted) { Get-Embedding $path -Filter { $_.n -ge $from -and $_.lang -in $wanted } }
        (Find-From 15 'de', 'fr').Key | Should -Be 'k16', 'k17', 'k19'
        $from = 18
        (Get-Embedding $path -Filter { $_.n -ge $from }).Key | Should -Be 'k18', 'k19'
    }

    It 'never runs the script block' {
        $script:ran = $false
        { Get-Embedding $path -Filter { $script:ran = $true } } | Should -Throw -ErrorId 'InvalidFilter,EmbedCache.PowerShell.GetEmbeddingCommand'
        { Get-Embedding $path -Filter { $_.n -eq (& { $script:ran = $true; 1 }) } } | Should -Throw -ErrorId 'InvalidFilter,EmbedCache.PowerShell.GetEmbeddingCommand'
        $script:ran | Should -BeFalse
    }

    It 'tells what is wrong, and where' {
        { Get-Embedding $path -Filter { $_.n -eq 1 -and $_.lang -match 'x' } } | Should -Throw '*-match*column*'
        { Get-Embedding $path -Filter 'n = ' } | Should -Throw '*at character 5*'
        { Get-Embedding $path -Filter $null } | Should -Throw -ErrorId 'InvalidFilter,EmbedCache.PowerShell.GetEmbeddingCommand'
        { Get-Embedding $path 'k1' -Filter { $_.n -eq 1 } } | Should -Throw -ErrorId 'FilterOfKeys,EmbedCache.PowerShell.GetEmbeddingCommand'
    }

    It 'chooses what Remove-Embedding removes' {
        Remove-Embedding $path -Filter { $_.n -lt 15 } -WhatIf
        (Get-EmbedCacheInfo $path).Count | Should -Be 20
        (Remove-Embedding $path -Filter { $_.n -lt 15 -and $_.even -eq $true } -PassThru).Key | Should -HaveCount 8
        Remove-Embedding $path -Filter @{ even = $true }
        (Get-Embedding $path).Metadata.n | Should -Be 1, 3, 5, 7, 9, 11, 13, 15, 17, 19
        { 'k1' | Remove-Embedding $path -Filter { $_.n -eq 1 } } | Should -Throw -ErrorId 'FilterOfKeys,EmbedCache.PowerShell.RemoveEmbeddingCommand'
    }

    It 'chooses what Find-SimilarEmbedding searches' {
        (Find-SimilarEmbedding $path 1, 0, 0, 0 -Top 3 -Filter { $_.n -ge 5 -and $_.even -eq $false }).Key | Should -Be 'k5', 'k7', 'k9'
        Find-SimilarEmbedding $path 1, 0, 0, 0 -Filter { $_.n -ge 12 } | Should -HaveCount 8
        (Find-SimilarEmbedding $path -Key 'k10' -Top 2 -Filter @{ lang = 'de' }).Key | Sort-Object | Should -Be 'k13', 'k7'
        ('k1', 'k2' | Find-SimilarEmbedding $path -Top 1 -Filter "n > 15").Key | Should -Be 'k16', 'k16'
        { Find-SimilarEmbedding $path 1, 0, 0, 0 -Filter { Get-Date } } | Should -Throw -ErrorId 'InvalidFilter,EmbedCache.PowerShell.FindSimilarEmbeddingCommand'
    }
}
