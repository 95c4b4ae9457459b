using System.Diagnostics;
using EmbedCache.TestSupport;

namespace EmbedCache.Kill.Tests;

/// <summary>A process of EmbedCache.Tests.Child that is there to be killed: started cheaply, read line by line, and ended by a watchdog should it hang.</summary>
internal sealed class KilledChild : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Timer _watchdog;
    private volatile bool _isHung;
    private bool _isDisposed;

    private KilledChild(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;

        // Half of a child's life is its start.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = Process.Start(start)!;
        _watchdog = new Timer(_ => Hung(), null, s_patience, Timeout.InfiniteTimeSpan);
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "EmbedCache.Tests.Child.dll");

    public static KilledChild Start(params string[] verb) => new(new ProcessStartInfo(ChildProcess.DotnetPath, [Program, .. verb]));

    /// <summary>Starts a child that dies in the call of this number of one system call.</summary>
    public static KilledChild StartKilledAt(string systemCall, int number, params string[] verb)
        => new(new ProcessStartInfo("strace", ["-f", "-qq", "-o", "/dev/null", "-e", $"trace={systemCall}", "-e", $"inject={systemCall}:signal=KILL:when={number}", ChildProcess.DotnetPath, Program, .. verb]));

    /// <summary>Starts a child whose calls of these kinds are listed in a file.</summary>
    public static KilledChild StartTraced(string systemCalls, string list, params string[] verb)
        => new(new ProcessStartInfo("strace", ["-f", "-qq", "-o", list, "-e", $"trace={systemCalls}", ChildProcess.DotnetPath, Program, .. verb]));

    /// <summary>The next line, or null at its end, killed or not.</summary>
    public string? ReadLine()
    {
        string? line = _process.StandardOutput.ReadLine();
        Assert.False(_isHung, $"A child said nothing for {s_patience}");
        return line;
    }

    /// <summary>Writes a line to its input and gives its answer; null when it is dead.</summary>
    public string? Ask(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
            return ReadLine();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Writes a line to its input without waiting for what comes of it.</summary>
    public void Tell(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public int WaitForExit()
    {
        _process.WaitForExit();
        Assert.False(_isHung, $"A child did not end within {s_patience}");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _watchdog.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Hung()
    {
        _isHung = true;
        _process.Kill(entireProcessTree: true);
    }
}
