using System.Diagnostics;
using System.Globalization;

namespace EmbedCache.Benchmarks;

/// <summary>
/// Runs a part of this program in a process of its own: what happens first in a process can be measured only once in each.
/// A child prints lines "metric value" and its parent reads them.
/// </summary>
internal static class ChildProcess
{
    public const string Verb = "child";

    /// <summary>Starts a child with the runtime's own defaults, waits for it, and returns what it measured.</summary>
    public static Dictionary<string, double> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        start.ArgumentList.Add(Verb);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Run(start);
    }

    /// <summary>The same for another program that prints such lines.</summary>
    public static Dictionary<string, double> Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        foreach (string name in start.Environment.Keys.Where(IsRuntimeKnob).ToList())
        {
            start.Environment.Remove(name);
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException("The child process did not start.");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"Child '{string.Join(' ', start.ArgumentList)}' ended with code {process.ExitCode}.");
        }

        return Parse(output);
    }

    /// <summary>Prints one value for the parent.</summary>
    public static void Print(string metric, double value) => Console.Out.WriteLine(metric + " " + value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>A child must meet the defaults, whatever the shell that started the benchmark had set.</summary>
    private static bool IsRuntimeKnob(string name)
        => name.StartsWith("DOTNET_Tiered", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("DOTNET_TC_", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("DOTNET_ReadyToRun", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, double> Parse(string output)
    {
        var values = new Dictionary<string, double>();
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int space = line.LastIndexOf(' ');
            values[line[..space]] = double.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture);
        }

        return values;
    }
}
