BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Backup-EmbedCache' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        $copy = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 | Close-EmbedCache
        1..100 | ForEach-Object { @{ Key = "k$_"; Vector = 1, $_, 0, 0 } } | Set-Embedding $path
    }

    AfterEach {
        Close-EmbedCache $path
        Close-EmbedCache $copy
    }

    It 'copies what the file holds at that moment' {
        Backup-EmbedCache $path $copy | Should -BeNullOrEmpty
        Set-Embedding $path 'later' (1, 2, 3, 4)
        (Get-EmbedCacheInfo $copy).Count | Should -Be 100
        (Get-Embedding $copy 'k7').Vector | Should -Be (Get-Embedding $path 'k7').Vector
        Test-EmbedCache $copy | Should -BeNullOrEmpty
    }

    It 'replaces an older backup with -Force alone' {
        Backup-EmbedCache $path $copy
        Set-Embedding $path 'later' (1, 2, 3, 4)
        { Backup-EmbedCache $path $copy } | Should -Throw -ErrorId 'FileExists,EmbedCache.PowerShell.BackupEmbedCacheCommand'
        (Backup-EmbedCache $path $copy -Force -Verify -PassThru).RecordCount | Should -Be 101
        (Get-EmbedCacheInfo $copy).Count | Should -Be 101
    }

    It 'leaves nothing beside the copy' {
        Backup-EmbedCache $path $copy
        Get-ChildItem "$copy.*" | Should -BeNullOrEmpty
    }

    It 'does nothing with -WhatIf' {
        Backup-EmbedCache $path $copy -WhatIf
        Test-Path $copy | Should -BeFalse
    }
}
