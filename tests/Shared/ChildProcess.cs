using System.Diagnostics;
using System.Text;

namespace EmbedCache.TestSupport;

/// <summary>A process that a test started: its output collected as it comes, killed when the test is done with it.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private ChildProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_errors, line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Lines written to standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>Lines written to standard error so far.</summary>
    public string Errors => Read(_errors);

    /// <summary>Lines that the child reads.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>Starts a managed program that stands beside the tests, <c>dotnet NAME.dll ARGUMENT...</c>, with the runtime that runs the tests.</summary>
    public static ChildProcess StartManaged(string assemblyName, params string[] arguments)
    {
        return Start(DotnetPath, [Path.Combine(AppContext.BaseDirectory, assemblyName + ".dll"), .. arguments]);
    }

    /// <summary>Starts a program.</summary>
    public static ChildProcess Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Repository.Root,
        };

        // The test host's own settings are not the child's: an MSBuild child would take them for its own.
        foreach (string name in new[] { "MSBUILD_EXE_PATH", "MSBuildExtensionsPath", "MSBuildSDKsPath", "MSBUILDLOADMICROSOFTTARGETSREADONLY" })
        {
            start.Environment.Remove(name);
        }

        return new ChildProcess(start);
    }

    /// <summary>The dotnet command that runs this process.</summary>
    public static string DotnetPath => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    /// <summary>Waits for the end and returns the exit code.</summary>
    /// <exception cref="TimeoutException">It did not end in time; the message holds what it had written.</exception>
    public int WaitForExit(TimeSpan? patience = null)
    {
        if (!_process.WaitForExit(patience ?? s_patience))
        {
            throw new TimeoutException($"The child is still running.{Environment.NewLine}{Output}{Environment.NewLine}{Errors}");
        }

        // Once more without a limit: this one also waits for the last lines.
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>Ends it at once, as <c>kill -9</c> does, and waits until it is gone.</summary>
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

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
