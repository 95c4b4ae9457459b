BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Close-EmbedCache' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        $cache = New-EmbedCache $path 4
    }

    It 'closes a handle, and again without complaint' {
        Close-EmbedCache $cache
        $cache.IsOpen | Should -BeFalse
        { Close-EmbedCache $cache } | Should -Not -Throw
    }

    It 'closes all handles of a path' {
        $other = Open-EmbedCache $path
        Close-EmbedCache -Path $path
        $cache.IsOpen | Should -BeFalse
        $other.IsOpen | Should -BeFalse
    }

    It 'leaves a clear error to whoever uses the handle after it' {
        $cache | Close-EmbedCache
        { Get-Embedding $cache 'a' } | Should -Throw '*is closed*Open-EmbedCache*' -ErrorId 'HandleClosed,EmbedCache.PowerShell.GetEmbeddingCommand'
    }

    It 'lets the file be moved' {
        Set-Embedding $cache 'a' 1, 0, 0, 0
        Close-EmbedCache $path
        Move-Item $path "$path.moved"
        (Get-Embedding "$path.moved").Key | Should -Be 'a'
        Close-EmbedCache "$path.moved"
    }
}
