using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;
using EmbedCache.Engine;
using EmbedCache.Search;

namespace EmbedCache.Benchmarks.Children;

/// <summary>Searches over the graph of a store, in a process of their own: the first of a process, and the curve of recall and rate.</summary>
internal static class GraphChild
{
    private const int BlockCount = 3;
    private const double BlockSeconds = 0.25;

    /// <summary>Arguments: file, set, EfSearch values separated by commas.</summary>
    public static void Run(string[] arguments)
    {
        VectorFiles set = VectorFiles.TryOpen(arguments[1]) ?? throw new InvalidOperationException($"There is no set {arguments[1]}.");
        long start = Stopwatch.GetTimestamp();
        using EmbeddingCache cache = EmbeddingCache.Open(arguments[0], new EmbeddingCacheOptions { ReadOnly = true, SearchThreads = 1 });
        ChildProcess.Print("open ms", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        start = Stopwatch.GetTimestamp();
        cache.FindSimilar(set.Queries[0], new SearchOptions());
        ChildProcess.Print("first query ms", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        ChildProcess.Print("private MiB", new ProcessMemory(Path.GetDirectoryName(Path.GetFullPath(arguments[0]))!).Read().Private / (double)(1 << 20));
        if (cache.LastSearchPlan!.Kind != SearchPlanKind.Graph)
        {
            throw new InvalidOperationException("The search did not use the graph: " + cache.LastSearchPlan);
        }

        var usual = new SearchOptions();
        ChildProcess.Print("recall default", Recall(cache, set, usual));
        ChildProcess.Print("rate default", Rate(set, query => Search(cache, query, usual)));
        foreach (int ef in arguments[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(value => int.Parse(value, CultureInfo.InvariantCulture)))
        {
            var options = new SearchOptions { EfSearch = ef };
            ChildProcess.Print($"recall {ef}", Recall(cache, set, options));
            ChildProcess.Print($"rate {ef}", Rate(set, query => Search(cache, query, options)));
            ChildProcess.Print($"records {ef}", Rate(set, query => cache.FindSimilar(query, options)));
        }
    }

    private static double Recall(EmbeddingCache cache, VectorFiles set, SearchOptions options)
        => set.Recall(i => cache.FindSimilar(set.Queries[i], options).Select(hit => int.Parse(hit.Embedding.Key!, CultureInfo.InvariantCulture)));

    /// <summary>What other libraries do: numbers of records and scores, without the records.</summary>
    private static void Search(EmbeddingCache cache, float[] query, SearchOptions options)
    {
        Snapshot snapshot = cache.Store.Acquire();
        try
        {
            var prepared = new Query(query, cache.Dimension, cache.Metric, cache.Path);
            Planner.Run(LiveRecords.Of(snapshot, cache.Store.Now), null, snapshot.Codes, [prepared], options, 1, static () => { }, snapshot.Graph, static () => { }, out _);
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Queries a second, the median of a few blocks.</summary>
    private static double Rate(VectorFiles set, Action<float[]> search)
    {
        var rates = new double[BlockCount];
        for (int block = 0; block < rates.Length; block++)
        {
            long start = Stopwatch.GetTimestamp();
            int count = 0;
            double seconds;
            do
            {
                search(set.Queries[count++ % set.Queries.Length]);
                seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
            while (seconds < BlockSeconds);
            rates[block] = count / seconds;
        }

        return Rounds.Median(rates);
    }
}
