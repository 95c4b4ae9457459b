using System.Diagnostics;

namespace EmbedCache.Faults.Outside;

/// <summary>Runs where strace is there and may trace.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StraceTheoryAttribute : TheoryAttribute
{
    public const string Strace = "/usr/bin/strace";

    private static readonly bool s_works = OperatingSystem.IsLinux() && File.Exists(Strace) && Command.Run(Strace, "-f", "-qq", "-e", "trace=none", "/bin/true");

    public StraceTheoryAttribute()
    {
        if (!s_works)
        {
            Skip = "This machine has no strace, or does not let it trace.";
        }
    }
}

/// <summary>Runs where a tmpfs can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TmpfsFactAttribute : FactAttribute
{
    private static readonly bool s_works = CanMount();

    public TmpfsFactAttribute()
    {
        if (!s_works)
        {
            Skip = "This user may not mount a tmpfs.";
        }
    }

    private static bool CanMount()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        using var folder = new TemporaryFolder();
        try
        {
            using Tmpfs disk = Tmpfs.Mount(folder.PathTo("probe"), "1m");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>A file system of a limited size, for one test.</summary>
internal sealed class Tmpfs : IDisposable
{
    private Tmpfs(string path) => Path = path;

    public string Path { get; }

    /// <exception cref="InvalidOperationException">This user may not.</exception>
    public static Tmpfs Mount(string path, string size)
    {
        Directory.CreateDirectory(path);
        return Command.Run("/bin/mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", path) ? new Tmpfs(path) : throw new InvalidOperationException("mount refused.");
    }

    public void Dispose() => Command.Run("/bin/umount", Path);
}

/// <summary>Commands whose end is all that counts.</summary>
internal static class Command
{
    public static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("embedcache-");

    public string PathTo(string name) => Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
