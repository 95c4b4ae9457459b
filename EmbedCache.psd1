@{
    RootModule             = 'module/EmbedCache.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = '345b07c7-94c8-44a1-80de-8d8d73fd852a'
    Author                 = 'The EmbedCache authors'
    CompanyName            = 'The EmbedCache authors'
    Copyright              = '(c) The EmbedCache authors. MIT licence.'
    Description            = 'SQLite for embeddings: keeps vectors by text in one crash-safe .edb file and finds the near ones. No server, no setup, no native library.'
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    CompatiblePSEditions   = @('Desktop', 'Core')
    FormatsToProcess       = @('module/EmbedCache.format.ps1xml')
    FunctionsToExport      = @()
    VariablesToExport      = @()
    AliasesToExport        = @()
    CmdletsToExport        = @(
        'Backup-EmbedCache',
        'Close-EmbedCache',
        'Find-SimilarEmbedding',
        'Get-EmbedCacheInfo',
        'Get-Embedding',
        'Measure-EmbedCacheRecall',
        'New-EmbedCache',
        'Open-EmbedCache',
        'Optimize-EmbedCache',
        'Remove-Embedding',
        'Repair-EmbedCache',
        'Set-Embedding',
        'Test-EmbedCache'
    )
    PrivateData            = @{
        PSData = @{
            Tags       = @('embedding', 'embeddings', 'vector', 'similarity', 'semantic-search', 'cache', 'database', 'Windows', 'Linux', 'MacOS')
            LicenseUri = 'https://opensource.org/license/mit'
        }
    }
}
