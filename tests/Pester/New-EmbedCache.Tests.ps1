BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'New-EmbedCache' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
    }

    It 'creates a file and returns an open handle' {
        $cache = New-EmbedCache -Path $path -Dimension 1536 -Model 'text-embedding-3-small'
        $path | Should -Exist
        $cache.IsOpen | Should -BeTrue
        $cache.Dimension | Should -Be 1536
        $cache.Model | Should -Be 'text-embedding-3-small'
        Close-EmbedCache $cache
    }

    It 'compares by <_> when told to' -ForEach 'Cosine', 'Dot', 'L2' {
        $cache = New-EmbedCache $path 4 -Metric $_
        $cache.Metric | Should -Be $_
        Close-EmbedCache $cache
    }

    It 'keeps no text with -KeyStorage Digest' {
        New-EmbedCache $path 4 -KeyStorage Digest | Close-EmbedCache
        Set-Embedding $path 'my secret' 1, 0, 0, 0
        Close-EmbedCache $path
        [System.Text.Encoding]::Latin1.GetString([System.IO.File]::ReadAllBytes($path)) | Should -Not -Match 'my secret'
        (Get-Embedding $path 'my secret').Vector[0] | Should -Be 1
    }

    It 'gives records the default time to live' {
        New-EmbedCache $path 4 -DefaultTimeToLive (New-TimeSpan -Days 30) | Close-EmbedCache
        Set-Embedding $path 'a' 1, 0, 0, 0
        ((Get-Embedding $path 'a').Expires - [datetimeoffset]::UtcNow).TotalDays | Should -BeGreaterThan 29.9
    }

    It 'refuses a file that is there' {
        New-EmbedCache $path 4 | Close-EmbedCache
        { New-EmbedCache $path 4 } | Should -Throw -ErrorId 'FileExists,EmbedCache.PowerShell.NewEmbedCacheCommand'
    }

    It 'replaces a file that is there with -Force' {
        New-EmbedCache $path 4 | Close-EmbedCache
        Set-Embedding $path 'a' 1, 0, 0, 0
        New-EmbedCache $path 8 -Force | Close-EmbedCache
        (Get-EmbedCacheInfo $path).Count | Should -Be 0
    }

    It 'creates nothing with -WhatIf' {
        New-EmbedCache $path 4 -WhatIf
        $path | Should -Not -Exist
    }

    It 'refuses a dimension of <_>' -ForEach 0, -1, 65537 {
        { New-EmbedCache $path $_ } | Should -Throw
        $path | Should -Not -Exist
    }

    It 'resolves drives of the session' {
        New-EmbedCache 'TestDrive:/drive.edb' 4 | Close-EmbedCache
        'TestDrive:/drive.edb' | Should -Exist
    }

    It 'is readable by its owner alone with -OwnerOnly' -Skip:$IsWindows {
        New-EmbedCache $path 4 -OwnerOnly | Close-EmbedCache
        (Get-Item $path).UnixMode | Should -Be '-rw-------'
    }

    It 'keeps the index that is asked for' {
        $cache = New-EmbedCache (Join-Path $TestDrive "$(New-Guid).edb") 4 -Index None
        (Get-EmbedCacheInfo $cache).Index | Should -Be 'None'
        Close-EmbedCache $cache
    }
}
