# The module as a whole: import, what it exports, help, removal. Needs EmbedCache imported, as build.ps1 -Task Test does.

Describe 'The EmbedCache module' {
    BeforeAll {
        $data = Import-PowerShellDataFile (Join-Path (Get-Module EmbedCache).ModuleBase 'EmbedCache.psd1')
    }

    It 'has a valid manifest' {
        $tested = Test-ModuleManifest (Join-Path (Get-Module EmbedCache).ModuleBase 'EmbedCache.psd1')
        $tested.Version | Should -Be (Get-Module EmbedCache).Version
    }

    It 'exports the cmdlets that its manifest lists, and nothing else' {
        (Get-Command -Module EmbedCache).Name | Sort-Object | Should -Be ($data.CmdletsToExport | Sort-Object)
    }

    It 'uses approved verbs' {
        $approved = (Get-Verb).Verb
        foreach ($command in Get-Command -Module EmbedCache) {
            $command.Verb | Should -BeIn $approved
        }
    }

    It 'leaves the session''s assemblies alone' {
        [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.GetName().Name | Should -Not -Contain 'EmbedCache'
    }

    It 'works again after it was removed and imported' {
        $base = (Get-Module EmbedCache).ModuleBase
        Remove-Module EmbedCache
        Get-Command New-EmbedCache -ErrorAction Ignore -Module EmbedCache | Should -BeNullOrEmpty
        Import-Module (Join-Path $base 'EmbedCache.psd1')

        $path = Join-Path $TestDrive 'again.edb'
        $null = New-EmbedCache -LiteralPath $path -Dimension 2
        Set-Embedding -LiteralPath $path -Key 'a' -Vector 1, 2
        (Get-Embedding -LiteralPath $path -Key 'a').Key | Should -Be 'a'
    }

    It 'lets go of its files when it is removed' {
        $base = (Get-Module EmbedCache).ModuleBase
        $path = Join-Path $TestDrive 'held.edb'
        $null = New-EmbedCache -LiteralPath $path -Dimension 2
        Set-Embedding -LiteralPath $path -Key 'a' -Vector 1, 2
        Remove-Module EmbedCache
        Import-Module (Join-Path $base 'EmbedCache.psd1')
        { Remove-Item -LiteralPath $path -ErrorAction Stop } | Should -Not -Throw
        Test-Path -LiteralPath $path | Should -BeFalse
    }
}
