using System.Diagnostics;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// A large store that grows by a tenth in a hundred rounds, each of them: open, one transaction, close. Never optimized: what the graph has then is what the closes
/// built. Its rate at a recall, against that of hnswlib over all vectors.
/// </summary>
internal sealed class GraphAppendWorkload : IWorkload
{
    private const int RoundCount = 100;
    private const double BarAt95 = 1.3;

    public string Name => "graph-append";

    public string Summary => "the graph after 100 rounds of reopen and append, without Optimize, beside hnswlib";

    public void Run(BenchmarkContext context)
    {
        foreach (string name in context.Options.Sets ?? ["syn1m128"])
        {
            if (VectorFiles.TryOpen(name) is not { } set)
            {
                Report.Note($"graph-append: without {name} ({VectorFiles.DirectoryVariable} names no directory that has it).");
                continue;
            }

            Measure(context, set);
        }
    }

    private void Measure(BenchmarkContext context, VectorFiles set)
    {
        int batchCount = set.Count / (10 * RoundCount);
        int first = set.Count - (RoundCount * batchCount);
        string path = GraphStores.Get(context, set, first, mayChange: true);
        var closing = new List<double>();
        foreach (float[][] batch in set.Base().Skip(first).Chunk(batchCount))
        {
            var cache = EmbeddingCache.Open(path);
            GraphStores.Put(cache, first, batch);
            first += batch.Length;
            long start = Stopwatch.GetTimestamp();
            cache.Dispose();
            closing.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        void Value(string metric, double value, string unit) => context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, $"{set.Name}, {metric}", value, unit);
        Value("close, median", Rounds.Median([.. closing]), "ms");
        Value("close, longest", closing.Max(), "ms");
        Tell(path, Value);
        Dictionary<string, double> values = ChildProcess.Run("graph", path, set.Name, RecallCurve.EfValues);
        Value("default, recall@10", values["recall default"], "fraction");
        double at95 = RecallCurve.At(values, "rate", 0.95);
        Value("qps 0.95", at95, "queries/s");
        if (HnswPeer.TryPrepare(context) is { } peer)
        {
            double theirs = peer.Run(set, context.Options.KeepDirectory)["qps 0.95"];
            context.Report.Value("hnswlib", Name, set.Count, set.Dimension, $"{set.Name}, qps 0.95", theirs, "queries/s");
            context.Report.AtLeast(BarAt95, Name, set.Count, set.Dimension, $"{set.Name}, qps 0.95, ours / hnswlib", at95 / theirs);
        }

        File.Delete(path);
    }

    private static void Tell(string path, Action<string, double, string> value)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(path, new EmbeddingCacheOptions { ReadOnly = true });
        EmbeddingCacheInfo info = cache.GetInfo();
        value("graph coverage", info.GraphedCount / (double)info.Count, "fraction");
        value("graph sections", info.Sections.FirstOrDefault(sections => sections.Kind == "Graph")?.Count ?? 0, "sections");
        value("unindexed records", info.UnindexedCount, "records");
    }
}
