#requires -Version 5.1
<#
.SYNOPSIS
    Builds, tests and packs EmbedCache.
.DESCRIPTION
    Runs on pwsh, on Windows PowerShell, and without either:
        dotnet run --project tests/PowerShellHost -- build.ps1 -Task Pack
    so it uses .NET and the cmdlets of Microsoft.PowerShell.Core alone.

    Build   stages the importable module in output/EmbedCache/<version>
    Test    runs every test; the Pester suite too, where pwsh and Pester are found
    Pack    writes output/EmbedCache.<version>.nupkg, which Install-PSResource takes
    Bench   compares with other stores and prints JSON lines; -Arguments go to the benchmarks
    Fuzz    fuzzes the engine for -Seconds, with AFL++ where it is installed; keeps finds in output/Fuzz/finds
    Soak    runs the tests as Test does, each as long as tests/README.md says for a long run: hours. With -Seconds each
            part of it ends after that time; -Arguments go to dotnet test, a filter for one part alone
    Clean   removes what the other tasks made
.EXAMPLE
    ./build.ps1 -Task Build, Test
.EXAMPLE
    ./build.ps1 -Task Fuzz -Seconds 3600
.EXAMPLE
    ./build.ps1 -Task Soak -Seconds 600 -Arguments '--filter=FullyQualifiedName~KillTests'
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Pack', 'Bench', 'Fuzz', 'Soak', 'Clean')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [string[]] $Arguments = @(),

    [int] $Seconds = 60
)

$ErrorActionPreference = 'Stop'
$module = [System.IO.Path]::Combine($PSScriptRoot, 'src', 'EmbedCache.Module')
$benchmarks = [System.IO.Path]::Combine($PSScriptRoot, 'tests', 'EmbedCache.Benchmarks')
$fuzz = [System.IO.Path]::Combine($PSScriptRoot, 'tests', 'EmbedCache.Fuzz')
$solution = [System.IO.Path]::Combine($PSScriptRoot, 'EmbedCache.Ps.sln')

function Invoke-Dotnet {
    & dotnet $args
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $args ended with exit code $LASTEXITCODE."
    }
}

foreach ($name in $Task) {
    switch ($name) {
        'Build' { Invoke-Dotnet build $module --configuration $Configuration --nologo }
        'Test' { Invoke-Dotnet test $solution --configuration $Configuration --nologo }
        'Pack' { Invoke-Dotnet pack $module --configuration $Configuration --nologo }
        'Bench' { Invoke-Dotnet run --project $benchmarks --configuration Release '--' @Arguments }
        'Fuzz' { Invoke-Dotnet run --project $fuzz --configuration Release '--' drive $Seconds ([System.IO.Path]::Combine($PSScriptRoot, 'output', 'Fuzz')) }
        'Soak' {
            $settings = @{ EMBEDCACHE_LONG = '1' }
            if ($PSBoundParameters.ContainsKey('Seconds')) {
                $settings.EMBEDCACHE_LONG_SECONDS = "$Seconds"
                $settings.EMBEDCACHE_CRASH_SECONDS = "$Seconds"
            }

            try {
                foreach ($setting in $settings.GetEnumerator()) {
                    [System.Environment]::SetEnvironmentVariable($setting.Key, $setting.Value)
                }

                Invoke-Dotnet test $solution --configuration Release --nologo --logger 'console;verbosity=detailed' @Arguments '--' RunConfiguration.TestSessionTimeout=86400000 RunConfiguration.TreatNoTestsAsError=false
            }
            finally {
                # What this session runs next is not to be long.
                foreach ($setting in $settings.Keys) {
                    [System.Environment]::SetEnvironmentVariable($setting, [System.Management.Automation.Language.NullString]::Value)
                }
            }
        }
        'Clean' {
            Invoke-Dotnet clean $solution --configuration $Configuration --nologo --verbosity quiet
            $output = [System.IO.Path]::Combine($PSScriptRoot, 'output')
            if ([System.IO.Directory]::Exists($output)) {
                [System.IO.Directory]::Delete($output, $true)
            }
        }
    }
}
