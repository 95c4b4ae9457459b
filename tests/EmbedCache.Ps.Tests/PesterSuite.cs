using System.Diagnostics;

namespace EmbedCache.Ps.Tests;

/// <summary>The Pester suite in tests/Pester, run by a real pwsh against the staged module, where there is one with Pester 5.</summary>
public sealed class PesterSuite
{
    private const string RunSuite = """
        $ErrorActionPreference = 'Stop'
        Import-Module Pester -MinimumVersion 5.0
        Import-Module $env:EMBEDCACHE_MANIFEST
        $configuration = New-PesterConfiguration
        $configuration.Run.Path = $env:EMBEDCACHE_PESTER
        $configuration.Run.PassThru = $true
        $configuration.Output.Verbosity = 'Detailed'
        $configuration.Output.RenderMode = 'PlainText'
        $result = Invoke-Pester -Configuration $configuration
        if ($result.TotalCount -eq 0 -or $result.Result -ne 'Passed') { exit 1 }
        """;

    [PesterFact]
    public void EveryBehaviourHolds()
    {
        (int exitCode, string output) = Pwsh(RunSuite);
        Assert.True(exitCode == 0, output);
    }

    private static (int ExitCode, string Output) Pwsh(string command)
    {
        var start = new ProcessStartInfo("pwsh", ["-NoProfile", "-NonInteractive", "-Command", command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["EMBEDCACHE_MANIFEST"] = ModuleSession.StagedManifest,
                ["EMBEDCACHE_PESTER"] = Repository.PathTo("tests", "Pester"),
            },
        };

        // The hosted engine of this process has narrowed it; pwsh finds Pester by its own.
        start.Environment.Remove("PSModulePath");
        using Process pwsh = Process.Start(start)!;
        pwsh.StandardInput.Close();
        Task<string> errors = pwsh.StandardError.ReadToEndAsync();
        string output = pwsh.StandardOutput.ReadToEnd();
        pwsh.WaitForExit();
        return (pwsh.ExitCode, output + errors.Result);
    }

    /// <summary>A fact that is skipped, with the reason, where pwsh or Pester 5 is not installed.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PesterFactAttribute : FactAttribute
    {
        private const string FindPester = "if (Get-Module -ListAvailable Pester | Where-Object { $_.Version.Major -ge 5 }) { exit 0 } else { exit 7 }";

        private static readonly Lazy<string?> s_missing = new(WhatIsMissing);

        public PesterFactAttribute()
        {
            Skip = s_missing.Value;
        }

        private static string? WhatIsMissing()
        {
            try
            {
                return Pwsh(FindPester).ExitCode == 0 ? null : "pwsh has no Pester 5 or later (Install-PSResource Pester).";
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return "pwsh is not installed.";
            }
        }
    }
}
