@{
    # Imported by EmbedCache.psm1, after the loader has had its say: PowerShell reads the type files of a manifest before anything else of a module,
    # and for a second copy of this one would end there, with a message about members that are already present.
    ModuleVersion     = '1.0'
    GUID              = '6f6b8cec-b51a-4a53-ade4-9afeac30fb7c'
    Author            = 'The EmbedCache authors'
    TypesToProcess    = @('EmbedCache.types.ps1xml')
    FunctionsToExport = @()
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
