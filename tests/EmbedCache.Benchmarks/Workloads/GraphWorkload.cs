using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EmbedCache.Benchmarks.Peers;
using EmbedCache.Engine;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// The proximity graph on the sets that other libraries are measured on: how fast it is built, and how many queries a second it answers at a recall: with numbers of
/// records and scores, as other libraries give them, and through FindSimilar, which reads the records. In turn with hnswlib where the environment names its program; ratios are of medians. Each measurement is a process of its own.
/// </summary>
internal sealed class GraphWorkload : IWorkload
{
    private const string Curve = "10,12,14,16,20,24,28,40,56,80,112,160,224,320,448";
    private const int HnswTimeoutMilliseconds = 30 * 60 * 1000;

    private static readonly (string Set, double At95, double At99, double Build)[] Sets =
    [
        ("fashion", 2.8, 2.3, 2.5),
        ("syn128", 1.8, 1.8, 1.25),
        ("syn1536", 3.5, 3.0, 2.5),
        ("syn1m128", 1.8, 0, 0),
    ];

    public string Name => "graph";

    public string Summary => "approximate search over the graph and its building, beside hnswlib";

    public void Run(BenchmarkContext context)
    {
        foreach ((string name, double at95, double at99, double build) in Sets)
        {
            if (VectorFiles.TryOpen(name) is not { } set || (context.Options.Count is int count && count != set.Count))
            {
                Report.Note($"graph: without {name} ({VectorFiles.DirectoryVariable} names no directory that has it, or --n another size).");
                continue;
            }

            Measure(context, set, at95, at99, build);
        }
    }

    private void Measure(BenchmarkContext context, VectorFiles set, double at95, double at99, double build)
    {
        var ours = new List<Dictionary<string, double>>();
        var theirs = new List<Dictionary<string, double>>();
        string? peer = PreparePeer(context);
        for (int round = 0; round < context.Options.Repeats; round++)
        {
            string path = context.PathOf($"graph-{set.Name}.edb");
            Dictionary<string, double> values = Build(set, path);
            foreach ((string key, double value) in ChildProcess.Run("graph", path, set.Name, Curve))
            {
                values[key] = value;
            }

            foreach (double recall in new[] { 0.90, 0.95, 0.99 })
            {
                values[$"qps {recall}"] = Interpolate(values, "rate", recall);
                values[$"qps with records {recall}"] = Interpolate(values, "records", recall);
            }

            ours.Add(values);
            File.Delete(path);
            if (peer is not null)
            {
                theirs.Add(RunPeer(peer, set));
            }
        }

        Tell(context, set, "build vectors/s", "vectors/s", ours, theirs, build);
        Tell(context, set, "qps 0.9", "queries/s", ours, theirs, 0);
        Tell(context, set, "qps 0.95", "queries/s", ours, theirs, at95);
        Tell(context, set, "qps 0.99", "queries/s", ours, theirs, at99);
        foreach (string metric in new[] { "qps with records 0.95", "open ms", "first query ms", "private MiB", "index bytes / float bytes" })
        {
            context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, $"{set.Name}, {metric}", Rounds.Median([.. ours.Select(values => values[metric])]), metric.Split(' ')[^1]);
        }
    }

    private void Tell(BenchmarkContext context, VectorFiles set, string metric, string unit, List<Dictionary<string, double>> ours, List<Dictionary<string, double>> theirs, double bar)
    {
        double own = Rounds.Median([.. ours.Select(values => values[metric])]);
        context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, $"{set.Name}, {metric}", own, unit);
        if (theirs.Count == 0)
        {
            return;
        }

        double other = Rounds.Median([.. theirs.Select(values => values[metric])]);
        context.Report.Value("hnswlib", Name, set.Count, set.Dimension, $"{set.Name}, {metric}", other, unit);
        if (bar > 0)
        {
            context.Report.AtLeast(bar, Name, set.Count, set.Dimension, $"{set.Name}, {metric}, ours / hnswlib", own / other);
        }
        else
        {
            context.Report.Value("ratio", Name, set.Count, set.Dimension, $"{set.Name}, {metric}, ours / hnswlib", own / other, "x");
        }
    }

    /// <summary>Writes a store without a graph, then lets Optimize build it on all processors; that alone is timed.</summary>
    private static Dictionary<string, double> Build(VectorFiles set, string path)
    {
        var withoutGraph = new EngineEnvironment { GraphThreshold = long.MaxValue };
        using (EmbeddingCache cache = EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = set.Dimension, Durability = Durability.Normal, Overwrite = true }, withoutGraph))
        {
            foreach (float[][] batch in set.Base().Chunk(4096))
            {
                Put(cache, batch);
            }
        }

        using EmbeddingCache writer = EmbeddingCache.Open(path, new EmbeddingCacheOptions { Durability = Durability.Normal });
        long start = Stopwatch.GetTimestamp();
        writer.Optimize(new OptimizeOptions { Compact = false }, null, default);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Dictionary<string, double>
        {
            ["build vectors/s"] = set.Count / seconds,
            ["index bytes / float bytes"] = writer.GetInfo().IndexByteLength / ((double)set.Count * set.Dimension * sizeof(float)),
        };
    }

    private static void Put(EmbeddingCache cache, float[][] batch)
    {
        int first = (int)cache.GetInfo().Count;
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = 0; i < batch.Length; i++)
        {
            transaction.Set((first + i).ToString(CultureInfo.InvariantCulture), batch[i]);
        }

        transaction.Commit();
    }

    /// <summary>The rate at a recall, between the two points of the curve around it: the logarithm of the rate against the recall.</summary>
    private static double Interpolate(Dictionary<string, double> values, string kind, double recall)
    {
        double lastRecall = 0;
        double lastRate = 0;
        foreach (string ef in Curve.Split(','))
        {
            double reached = values[$"recall {ef}"];
            double rate = values[$"{kind} {ef}"];
            if (reached >= recall)
            {
                return lastRate == 0 ? rate : Math.Exp(Math.Log(lastRate) + ((Math.Log(rate) - Math.Log(lastRate)) * (recall - lastRecall) / Math.Max(1e-9, reached - lastRecall)));
            }

            (lastRecall, lastRate) = (reached, rate);
        }

        return 0;
    }

    private static string? PreparePeer(BenchmarkContext context)
    {
        if (Environment.GetEnvironmentVariable(ExternalPeers.DirectoryVariable) is not { Length: > 0 } directory || !File.Exists(Path.Combine(directory, "hnsw_bench.cpp")))
        {
            Report.Note($"graph: without hnswlib ({ExternalPeers.DirectoryVariable} names no directory with its program).");
            return null;
        }

        string program = context.PathOf("hnsw_bench");
        if (!File.Exists(program))
        {
            Start("g++", ["-O3", "-march=native", "-o", program, Path.Combine(directory, "hnsw_bench.cpp"), "-lpthread"]);
        }

        return File.Exists(program) ? program : null;
    }

    private static Dictionary<string, double> RunPeer(string program, VectorFiles set)
    {
        var values = new Dictionary<string, double> { ["build vectors/s"] = 0, ["qps 0.9"] = 0, ["qps 0.95"] = 0, ["qps 0.99"] = 0 };
        foreach (string line in Start(program, [set.Directory, set.Name, $"{set.Count}", $"{Environment.ProcessorCount}"]).Split('\n', StringSplitOptions.RemoveEmptyEntries))
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

    private static string Start(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit(HnswTimeoutMilliseconds);
        return output;
    }
}
