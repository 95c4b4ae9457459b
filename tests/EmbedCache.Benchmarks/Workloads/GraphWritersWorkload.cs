using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;
using EmbedCache.Engine;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// A large store written in 1,000 transactions by 20 short processes, one after another, and never optimized: how much of it the graph covers, what it takes on disk, what was
/// written in all, and whether everything is there. Once spread over one and a half times what building the graph at once takes, and once without any pause.
/// </summary>
internal sealed class GraphWritersWorkload : IWorkload
{
    private const int ProcessCount = 20;
    private const int TransactionsPerProcess = 50;

    /// <summary>Of the time of one build, for all processes together.</summary>
    private const double TimeShare = 1.5;
    private const double MinCoverage = 0.9;
    private const double MaxDiskShare = 1.25;
    private const double MaxWrittenShare = 3;

    /// <summary>What a process needs besides: the runtime's start, reading its vectors, and the close, which builds for a second.</summary>
    private const double BesidesSeconds = 1.6;

    public string Name => "graph-writers";

    public string Summary => "coverage, disk and bytes written when 20 short processes write in 1,000 transactions";

    public void Run(BenchmarkContext context)
    {
        foreach (string name in context.Options.Sets ?? ["syn1m128"])
        {
            if (VectorFiles.TryOpen(name) is not { } set || !Posix.IsSupported)
            {
                Report.Note($"graph-writers: without {name} (needs Linux, and {VectorFiles.DirectoryVariable} to name a directory that has it).");
                continue;
            }

            Measure(context, set);
        }
    }

    private void Measure(BenchmarkContext context, VectorFiles set)
    {
        string path = context.PathOf($"writers-{set.Name}.edb");
        Dictionary<string, double> build = GraphStores.Build(set, path, set.Count);
        context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, $"{set.Name}, one build", build["build seconds"], "s");

        // Floats, keys and one index: what there is to keep.
        long keyBytes = Enumerable.Range(0, set.Count).Sum(number => (long)GraphStores.Key(number).Length);
        double needed = ((double)set.Count * set.Dimension * sizeof(float)) + keyBytes + build["index bytes"];
        Write(context, set, path, "without pause", 0, build["build seconds"], needed);
        Write(context, set, path, "spread over 1.5 builds", build["build seconds"] * TimeShare, build["build seconds"], needed);
    }

    private void Write(BenchmarkContext context, VectorFiles set, string path, string how, double seconds, double buildSeconds, double needed)
    {
        using (EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = set.Dimension, Overwrite = true }))
        {
        }

        int batchCount = set.Count / (ProcessCount * TransactionsPerProcess);
        double own = Math.Max(0, (seconds / ProcessCount) - BesidesSeconds);
        double written = 0;
        double longestClose = 0;
        var clock = Stopwatch.StartNew();
        for (int process = 0; process < ProcessCount; process++)
        {
            Dictionary<string, double> values = ChildProcess.Run(
                "graph-writer",
                path,
                set.Name,
                $"{process * TransactionsPerProcess * batchCount}",
                $"{TransactionsPerProcess}",
                $"{batchCount}",
                own.ToString(CultureInfo.InvariantCulture));
            written += values["written bytes"];
            longestClose = Math.Max(longestClose, values["close seconds"]);
        }

        double took = clock.Elapsed.TotalSeconds;
        (double coverage, int lost) = Check(set, path, ProcessCount * TransactionsPerProcess * batchCount);
        double disk = Posix.AllocatedBytes(path);
        string prefix = $"{set.Name}, {how}, ";
        void Value(string metric, double value, string unit) => context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, prefix + metric, value, unit);
        void Bar(bool isBar, double limit, string metric, double value)
        {
            if (isBar)
            {
                context.Report.AtMost(limit, Name, set.Count, set.Dimension, prefix + metric, value);
            }
            else
            {
                Value(metric, value, "x");
            }
        }

        bool isSpread = seconds > 0;
        Value("close, longest", longestClose, "s");
        Bar(isSpread, TimeShare, "time / one build", took / buildSeconds);
        if (isSpread)
        {
            context.Report.AtLeast(MinCoverage, Name, set.Count, set.Dimension, prefix + "graph coverage", coverage, "fraction");
        }
        else
        {
            Value("graph coverage", coverage, "fraction");
        }

        Bar(true, MaxDiskShare, "disk / floats, keys and one index", disk / needed);
        Bar(true, MaxWrittenShare, "bytes written / floats, keys and one index", written / needed);
        context.Report.AtMost(0, Name, set.Count, set.Dimension, prefix + "records lost or changed", lost, "records");
        File.Delete(path);
    }

    /// <summary>The share of the records that the graph covers, and how many are not there as they were written.</summary>
    private static (double Coverage, int Lost) Check(VectorFiles set, string path, int count)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(path, new EmbeddingCacheOptions { ReadOnly = true });
        EmbeddingCacheInfo info = cache.GetInfo();
        int lost = (int)Math.Abs(info.Count - count);
        int number = 0;
        var found = new float[set.Dimension];
        foreach (float[] vector in set.Base().Take(count))
        {
            lost += cache.TryGet(GraphStores.Key(number++), found) && vector.AsSpan().SequenceEqual(found) ? 0 : 1;
        }

        return (info.GraphedCount / (double)info.Count, lost);
    }
}
