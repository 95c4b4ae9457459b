using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;
using EmbedCache.Engine;
using EmbedCache.Numerics;
using EmbedCache.Search;

namespace EmbedCache.Benchmarks.Children;

/// <summary>Exact searches over one file, in turn with scans of floats. Every query that is timed was compared once: the same records, the same scores.</summary>
internal static unsafe class ExactChild
{
    public const string PlainScanKey = "plain-scan|one query, threads=1|ms";
    public const string FloatScanKey = "float-scan|one query, threads=1|ms";
    private const int Top = 10;
    private const int QueryCount = 200;
    private const int ComparedCount = 40;
    private const double SecondsPerBlock = 0.3;
    private static readonly int[] ThreadCounts = [.. new[] { 1, 2 }.Where(t => t <= Environment.ProcessorCount)];

    public static string Bound(int threads) => $"{StoreKinds.Ours}|one query, threads={threads}|ms";

    public static string Batch(int threads) => $"{StoreKinds.Ours}|batch of {QueryCount}, threads={threads}|queries/s";

    /// <summary>Arguments: path without suffix, set, data directory or nothing, repeats.</summary>
    public static void Run(string[] arguments)
    {
        VectorFile file = VectorFile.TryOpen(arguments[2].Length == 0 ? null : arguments[2], arguments[1], "query")!;
        ReadOnlyMemory<float>[] queries = [.. file.Read(QueryCount).Select(query => (ReadOnlyMemory<float>)query)];
        int repeats = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        EmbeddingCache[] caches = [.. ThreadCounts.Select(t => EmbeddingCache.Open(EdbStore.PathOf(arguments[0]), new EmbeddingCacheOptions { ReadOnly = true, SearchThreads = t }))];
        EmbeddingCache cache = caches[0];
        double scored = Check(cache, queries);

        int count = (int)cache.GetInfo().Count;
        using var memory = new Bandwidth.Region((long)count * cache.Dimension * sizeof(float), hugePages: false);
        int turn = 0;
        var rounds = new Rounds();
        rounds.Add(PlainScanKey, () => MillisecondsPerCall(() => PlainScan(memory.Pointer, count, queries[turn++ % queries.Length].Span)));
        rounds.Add(FloatScanKey, () => MillisecondsPerCall(() => FloatScan(cache, queries[turn++ % queries.Length].Span)));
        var options = new SearchOptions { Top = Top, Exact = true };
        for (int i = 0; i < ThreadCounts.Length; i++)
        {
            EmbeddingCache threaded = caches[i];
            rounds.Add(Bound(ThreadCounts[i]), () => MillisecondsPerCall(() => threaded.FindSimilar(queries[turn++ % queries.Length].Span, options)));
            rounds.Add(Batch(ThreadCounts[i]), () => 1e3 * queries.Length / MillisecondsPerCall(() => threaded.FindSimilar(queries, options)));
        }

        rounds.Run(repeats, warmUps: 1);
        foreach (string key in rounds.Systems)
        {
            ChildProcess.Print(key, rounds.MedianOf(key));
        }

        ChildProcess.Print($"{StoreKinds.Ours}|vectors read for a query|vectors", scored);
        foreach (EmbeddingCache each in caches)
        {
            each.Dispose();
        }
    }

    /// <summary>Compares results and returns how many vectors a query read in the mean.</summary>
    private static double Check(EmbeddingCache cache, ReadOnlyMemory<float>[] queries)
    {
        long scored = 0;
        foreach (ReadOnlyMemory<float> query in queries.Take(ComparedCount))
        {
            IReadOnlyList<SimilarEmbedding> found = cache.FindSimilar(query.Span, new SearchOptions { Top = Top, Exact = true });
            scored += cache.LastSearchPlan!.ScoredCount;
            ScoredOrdinal[] expected = FloatScan(cache, query.Span);
            if (!expected.Select(hit => hit.Score).SequenceEqual(found.Select(hit => hit.Score))
                || !expected.Select(hit => hit.Ordinal.ToString(CultureInfo.InvariantCulture)).SequenceEqual(found.Select(hit => hit.Embedding.Key)))
            {
                throw new InvalidDataException("A search by bounds differs from a scan of the floats.");
            }
        }

        return (double)scored / Math.Min(ComparedCount, queries.Length);
    }

    private static ScoredOrdinal[] FloatScan(EmbeddingCache cache, ReadOnlySpan<float> query)
    {
        Snapshot snapshot = cache.Store.Acquire();
        try
        {
            return ExactScan.Run(LiveRecords.Of(snapshot, cache.Store.Now), new Query(query, cache.Dimension, cache.Metric, cache.Path), Top, double.NegativeInfinity, 1);
        }
        finally
        {
            snapshot.Release();
        }
    }

    private static void PlainScan(float* rows, int count, ReadOnlySpan<float> query)
    {
        fixed (float* pointer = query)
        {
            Bandwidth.GreatestDot(rows, count, pointer, query.Length);
        }
    }

    /// <summary>Median over the calls that fit into a block.</summary>
    private static double MillisecondsPerCall(Action call)
    {
        var samples = new List<double>();
        long start = Stopwatch.GetTimestamp();
        do
        {
            long before = Stopwatch.GetTimestamp();
            call();
            samples.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }
        while (samples.Count < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < SecondsPerBlock);

        return Rounds.Median([.. samples]);
    }
}
