using System.Diagnostics;

namespace EmbedCache.Tests.Storage;

/// <summary>A process that runs one verb of EmbedCache.Tests.Child, killed at the latest with the test.</summary>
internal sealed class Child : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private Child(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
    }

    /// <summary>Starts a verb.</summary>
    public static Child Start(params string[] verb) => new(new ProcessStartInfo(Environment.ProcessPath!, [Program, .. verb]));

    /// <summary>Starts a verb from a line of shell, in which "$@" stands for the command.</summary>
    public static Child StartFromShell(string script, params string[] verb) =>
        new(new ProcessStartInfo("/bin/bash", ["-c", script, "bash", Environment.ProcessPath!, Program, .. verb])
        {
            // The runtime maps its code through a large shared-memory file, which a limit on file sizes would forbid.
            Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" },
        });

    private static string Program => Path.Combine(AppContext.BaseDirectory, "EmbedCache.Tests.Child.dll");

    /// <summary>Writes a line to its input.</summary>
    public void WriteLine(string line = "")
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>The next line it prints, or null at its end.</summary>
    public string? ReadLine()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        Assert.True(line.Wait(s_patience), "The child process says nothing.");
        return line.Result;
    }

    /// <summary>Everything it prints until it ends, which it must do without an error.</summary>
    public string[] ReadToEnd()
    {
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        Task<string> output = _process.StandardOutput.ReadToEndAsync();
        Assert.True(Task.WaitAll([errors, output], s_patience), "The child process does not end.");
        _process.WaitForExit();
        Assert.True(_process.ExitCode == 0, $"The child process ended with {_process.ExitCode}: {errors.Result}");
        return output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Ends it as kill -9 does, and waits for that.</summary>
    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }
}
