using System.Diagnostics;

namespace EmbedCache.Tests.Storage;

/// <summary>A fact about Linux; reported as skipped elsewhere, or where a program it needs is missing or not permitted.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "Linux only.";
        }
    }

    /// <summary>A shell command that must succeed for the test to mean anything.</summary>
    public string Needs
    {
        get => string.Empty;
        set
        {
            if (Skip is null && !Succeeds(value))
            {
                Skip = $"This machine cannot do: {value}";
            }
        }
    }

    private static bool Succeeds(string command)
    {
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command + " >/dev/null 2>&1"]))!;
        shell.WaitForExit();
        return shell.ExitCode == 0;
    }
}
