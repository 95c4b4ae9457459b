BeforeAll {
    Import-Module ([string] $env:EMBEDCACHE_MANIFEST)
}

Describe 'Get-EmbedCacheInfo' {
    BeforeAll {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'info')).FullName
        foreach ($n in 1, 2) {
            $path = Join-Path $folder "$n.edb"
            New-EmbedCache $path 4 -Model "m$n" | Close-EmbedCache
            1..$n | ForEach-Object { @{ Key = "k$_"; Vector = 1, 0, 0, 0 } } | Set-Embedding $path
        }
    }

    It 'tells what a file is' {
        $info = Get-EmbedCacheInfo $path
        $info.Dimension | Should -Be 4
        $info.Metric | Should -Be 'Cosine'
        $info.Model | Should -Be 'm2'
        $info.Count | Should -Be 2
        $info.FileByteLength | Should -Be (Get-Item $path).Length
    }

    It 'tells of all files of a folder' {
        Get-EmbedCacheInfo "$folder/*.edb" | ForEach-Object { $_.Count } | Sort-Object | Should -Be 1, 2
        (Get-ChildItem $folder -Filter *.edb | Get-EmbedCacheInfo).Model | Sort-Object | Should -Be 'm1', 'm2'
    }

    It 'tells of a handle' {
        $cache = Open-EmbedCache $path
        ($cache | Get-EmbedCacheInfo).Model | Should -Be 'm2'
        Close-EmbedCache $cache
    }

    It 'refuses <Name>' -ForEach @(
        @{ Name = 'a file of another kind'; Content = 'text'; Id = 'NotAnEdbFile' }
        @{ Name = 'a file that is not there'; Content = $null; Id = 'FileNotFound' }
    ) {
        $other = Join-Path $TestDrive "$(New-Guid).edb"
        if ($Content) { Set-Content $other $Content }
        { Get-EmbedCacheInfo $other } | Should -Throw -ErrorId "$Id,EmbedCache.PowerShell.GetEmbedCacheInfoCommand"
    }
}
