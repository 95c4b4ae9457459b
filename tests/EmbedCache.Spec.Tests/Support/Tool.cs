using System.Diagnostics;
using System.Text;

namespace EmbedCache.Spec.Tests.Support;

/// <summary>Runs a program of the machine to its end.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Exit code, output and errors; null when there is no such program.</summary>
    public static (int ExitCode, string Output, string Errors)? TryRun(string program, string directory, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"'{program} {string.Join(' ', arguments)}' did not end within {Limit}.");
            }

            return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>The output of a program that must succeed.</summary>
    public static string Run(string program, string directory, params string[] arguments)
    {
        (int exitCode, string output, string errors) = TryRun(program, directory, arguments)
            ?? throw new InvalidOperationException($"'{program}' is not on the PATH; the tests of the spec need node and npm, versions 18 or later.");
        return exitCode == 0 ? output : throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' ended with {exitCode}:\n{output}\n{errors}");
    }
}
