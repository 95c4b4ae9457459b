# Chooses the build for this edition of PowerShell and has the loader load it; what the module does is in its cmdlets.

$ErrorActionPreference = 'Stop'
$framework = if ($PSVersionTable.PSEdition -eq 'Core' -and [System.Environment]::Version.Major -ge 8) { 'net8.0' } else { 'netstandard2.0' }
$module = $ExecutionContext.SessionState.Module
$root = [System.IO.Path]::GetDirectoryName($PSScriptRoot)
$bin = [System.IO.Path]::Combine($root, 'bin', $framework)

# The only assembly that enters the session; its name carries the module's version.
$loaderFile = [System.IO.Directory]::GetFiles($bin, 'EmbedCache.Loader.*.dll')[0]
$loader = [System.Reflection.Assembly]::LoadFrom($loaderFile).GetType('EmbedCache.Loader.ModuleLoader', $true)
try {
    $cmdlets = $loader::Load($bin)
}
catch [System.Management.Automation.MethodInvocationException] {
    throw $_.Exception.InnerException
}

$inner = @(
    Import-Module -Assembly $cmdlets -PassThru
    Import-Module ([System.IO.Path]::Combine($PSScriptRoot, 'EmbedCache.Types.psd1')) -PassThru
)

# Import-Module -Force removes this module but not those inside it, and would find the cmdlets' one again without its cmdlets.
$lifetime = $cmdlets.GetType('EmbedCache.PowerShell.ModuleLifetime', $true)
$module.OnRemove = {
    try {
        $lifetime::OnRemove()
    }
    finally {
        $inner | Remove-Module -Force -ErrorAction Ignore
    }
}
