BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Open-EmbedCache' {
    BeforeEach {
        $path = Join-Path $TestDrive "$(New-Guid).edb"
        New-EmbedCache $path 4 -Model 'm' | Close-EmbedCache
    }

    It 'returns a handle that the other cmdlets take' {
        $cache = Open-EmbedCache $path
        Set-Embedding $cache 'a' 1, 0, 0, 0
        (Get-Embedding -Cache $cache -Key 'a').Vector | Should -Be @(1, 0, 0, 0)
        Close-EmbedCache $cache
    }

    It 'opens what Get-ChildItem finds' {
        $cache = Get-ChildItem $path | Open-EmbedCache
        $cache.Path | Should -Be $path
        Close-EmbedCache $cache
    }

    It 'writes nothing with -ReadOnly' {
        $cache = Open-EmbedCache $path -ReadOnly
        { Set-Embedding $cache 'a' 1, 0, 0, 0 } | Should -Throw -ErrorId 'ReadOnlyHandle,EmbedCache.PowerShell.SetEmbeddingCommand'
        Close-EmbedCache $cache
    }

    It 'refuses vectors of another model' {
        { Open-EmbedCache $path -Model 'other' } | Should -Throw -ErrorId 'ModelMismatch,EmbedCache.PowerShell.OpenEmbedCacheCommand'
    }

    It 'says that there is no file' {
        { Open-EmbedCache (Join-Path $TestDrive 'none.edb') } | Should -Throw -ErrorId 'FileNotFound,EmbedCache.PowerShell.OpenEmbedCacheCommand'
    }

    It 'shares the file with another handle' {
        $one = Open-EmbedCache $path
        $two = Open-EmbedCache $path
        Set-Embedding $one 'a' 1, 0, 0, 0
        (Get-Embedding $two 'a').Key | Should -Be 'a'
        $one, $two | Close-EmbedCache
    }
}
