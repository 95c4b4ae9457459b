using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// The proximity graph on the sets that other libraries are measured on: how fast it is built, and how many queries a second it answers at a recall: with numbers of
/// records and scores, as other libraries give them, and through FindSimilar, which reads the records. In turn with hnswlib where the environment names its program; ratios are of medians. Each measurement is a process of its own.
/// </summary>
internal sealed class GraphWorkload : IWorkload
{
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
            if (!context.Options.TakesSet(name) || VectorFiles.TryOpen(name) is not { } set || (context.Options.Count is int count && count != set.Count))
            {
                Report.Note($"graph: without {name} ({VectorFiles.DirectoryVariable} names no directory that has it, or --sets or --n others).");
                continue;
            }

            Measure(context, set, at95, at99, build);
        }
    }

    private void Measure(BenchmarkContext context, VectorFiles set, double at95, double at99, double build)
    {
        var ours = new List<Dictionary<string, double>>();
        var theirs = new List<Dictionary<string, double>>();
        HnswPeer? peer = HnswPeer.TryPrepare(context);
        for (int round = 0; round < context.Options.Repeats; round++)
        {
            string path = context.PathOf($"graph-{set.Name}.edb");
            Dictionary<string, double> values = GraphStores.Build(set, path, set.Count);
            foreach ((string key, double value) in ChildProcess.Run("graph", path, set.Name, RecallCurve.EfValues))
            {
                values[key] = value;
            }

            foreach (double recall in new[] { 0.90, 0.95, 0.99 })
            {
                values[$"qps {recall}"] = RecallCurve.At(values, "rate", recall);
                values[$"qps with records {recall}"] = RecallCurve.At(values, "records", recall);
            }

            ours.Add(values);
            File.Delete(path);
            if (peer is not null)
            {
                theirs.Add(peer.Run(set, null));
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
}
