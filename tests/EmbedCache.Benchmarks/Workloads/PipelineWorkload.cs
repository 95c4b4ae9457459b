using System.Diagnostics;
using System.Reflection;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// What the cmdlets add to the engine: a script in a PowerShell process of its own times a pipeline into Set-Embedding against its source
/// alone, and single warm cmdlets. Two dimensions: at 16 the engine's own share is small, at 1536 it is what users meet.
/// </summary>
internal sealed class PipelineWorkload : IWorkload
{
    private const int SmallDimension = 16;
    private const double MinRecordsPerSecond = 50_000;
    private const double MaxGrowthMegabytes = 8;
    private const double MaxCacheMicroseconds = 40;
    private const double MaxPathMicroseconds = 150;

    private static readonly string[] Expected =
        ["source", "source into Set-Embedding", "Out-Null", "Get-EmbedCacheInfo -Cache", "Get-Embedding -Cache", "Get-Embedding -Path"];

    public string Name => "pipeline";

    public string Summary => "objects through Set-Embedding, and the fixed cost of a cmdlet";

    public void Run(BenchmarkContext context)
    {
        string host = Metadata("PowerShellHost");
        if (!File.Exists(host))
        {
            Report.Note($"pipeline: {host} is not built.");
            return;
        }

        int count = context.Counts(100_000)[0];
        foreach (int dimension in context.Options.Dimension is int chosen ? [chosen] : new[] { SmallDimension, 1536 })
        {
            Dictionary<string, double> values = RunScript(context, host, count, dimension);
            double source = values["source"];
            double set = values["source into Set-Embedding"];
            context.Report.Value(StoreKinds.Ours, Name, count, dimension, "source alone", count / source, "records/s");
            context.Report.Value(StoreKinds.Ours, Name, count, dimension, "source into Set-Embedding", count / set, "records/s");
            context.Report.AtLeast(MinRecordsPerSecond, Name, count, dimension, "Set-Embedding without its source", count / (set - source), "records/s");
            if (values.TryGetValue("live memory growth", out double growth))
            {
                context.Report.AtMost(MaxGrowthMegabytes, Name, count, dimension, "live memory, highest of the later half - of the earlier", growth / (1 << 20), "MiB");
            }

            if (dimension == SmallDimension || context.Options.Dimension is not null)
            {
                context.Report.Value("powershell", Name, count, dimension, "Out-Null", values["Out-Null"], "us");
                context.Report.Value(StoreKinds.Ours, Name, count, dimension, "Get-EmbedCacheInfo -Cache", values["Get-EmbedCacheInfo -Cache"], "us");
                context.Report.AtMost(MaxCacheMicroseconds, Name, count, dimension, "Get-Embedding -Cache", values["Get-Embedding -Cache"], "us");
                context.Report.AtMost(MaxPathMicroseconds, Name, count, dimension, "Get-Embedding -Path", values["Get-Embedding -Path"], "us");
            }
        }
    }

    private static Dictionary<string, double> RunScript(BenchmarkContext context, string host, int count, int dimension)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                host,
                Metadata("PipelineScript"),
                "-Directory",
                context.Directory,
                "-Count",
                $"{count}",
                "-Dimension",
                $"{dimension}",
                "-Repeats",
                $"{context.Options.Repeats}",
            },
        };
        Dictionary<string, double> values = ChildProcess.Run(start);
        string[] absent = [.. Expected.Where(e => !values.ContainsKey(e))];
        return absent.Length == 0 ? values : throw new InvalidDataException($"The pipeline script did not measure {string.Join(", ", absent)}.");
    }

    /// <summary>A path that the build knew.</summary>
    private static string Metadata(string key)
        => typeof(PipelineWorkload).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;
}
