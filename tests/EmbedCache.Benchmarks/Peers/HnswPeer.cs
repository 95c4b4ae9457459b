using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>hnswlib, measured by a program of its own language over the same set: how fast it builds on all processors, and its rate at three recalls.</summary>
internal sealed class HnswPeer
{
    private const int TimeoutMilliseconds = 30 * 60 * 1000;
    private readonly string _program;

    private HnswPeer(string program)
    {
        _program = program;
    }

    /// <summary>Compiles the program; null, and a note, where the environment names none or it cannot be compiled.</summary>
    public static HnswPeer? TryPrepare(BenchmarkContext context)
    {
        if (Environment.GetEnvironmentVariable(ExternalPeers.DirectoryVariable) is not { Length: > 0 } directory || !File.Exists(Path.Combine(directory, "hnsw_bench.cpp")))
        {
            Report.Note($"Without hnswlib ({ExternalPeers.DirectoryVariable} names no directory with its program).");
            return null;
        }

        string program = context.PathOf("hnsw_bench");
        if (!File.Exists(program))
        {
            Start("g++", ["-O3", "-march=native", "-o", program, Path.Combine(directory, "hnsw_bench.cpp"), "-lpthread"], context.Directory);
        }

        return File.Exists(program) ? new HnswPeer(program) : null;
    }

    /// <summary><c>build vectors/s</c>, <c>qps 0.9</c>, <c>qps 0.95</c> and <c>qps 0.99</c>; 0 for what was not reached.</summary>
    /// <param name="set">The set.</param>
    /// <param name="keepDirectory">Where figures of an earlier run may be, and are left for the next: a million vectors take minutes. Null measures.</param>
    public Dictionary<string, double> Run(VectorFiles set, string? keepDirectory)
    {
        string? kept = keepDirectory is null ? null : Path.Combine(keepDirectory, $"hnswlib-{set.Name}.json");
        if (kept is not null && File.Exists(kept))
        {
            Report.Note($"hnswlib on {set.Name}: figures of {File.GetLastWriteTimeUtc(kept):u}, not of this run");
            return JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(kept))!;
        }

        Dictionary<string, double> values = Measure(set);
        if (kept is not null)
        {
            File.WriteAllText(kept, JsonSerializer.Serialize(values));
        }

        return values;
    }

    private Dictionary<string, double> Measure(VectorFiles set)
    {
        var values = new Dictionary<string, double> { ["build vectors/s"] = 0, ["qps 0.9"] = 0, ["qps 0.95"] = 0, ["qps 0.99"] = 0 };
        string output = Start(_program, [set.Directory, set.Name, $"{set.Count}", $"{Environment.ProcessorCount}"], Path.GetDirectoryName(_program)!);
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            JsonElement measured = JsonDocument.Parse(line).RootElement;
            string metric = measured.GetProperty("metric").GetString()!;
            double value = measured.GetProperty("value").GetDouble();
            if (metric.StartsWith("build-rate", StringComparison.Ordinal))
            {
                values["build vectors/s"] = value;
            }
            else if (metric.StartsWith("qps threads=1 recall@10=", StringComparison.Ordinal))
            {
                values["qps " + double.Parse(metric.Split('=')[^1], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)] = value;
            }
        }

        return values;
    }

    private static string Start(string program, string[] arguments, string directory)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = directory })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit(TimeoutMilliseconds);
        return output;
    }
}
