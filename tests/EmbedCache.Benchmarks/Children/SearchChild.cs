using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Children;

/// <summary>
/// Exact queries over a store, in turn with passes over plain memory of the same size: the bound and what is held against it meet the
/// same seconds of the machine.
/// </summary>
internal static unsafe class SearchChild
{
    public const string SearchKey = StoreKinds.Ours + "|query|ms";
    public const string FirstSearchKey = StoreKinds.Ours + "|first query in a process|ms";
    public const string BandwidthKey = "memory|one pass, 4 KiB pages|ms";
    public const string HugeBandwidthKey = "memory|one pass, huge pages|ms";
    public const string PlainScanKey = "plain-scan|query, one thread, 4 KiB pages|ms";
    private const int Top = 10;
    private const double SecondsPerBlock = 0.3;

    /// <summary>Arguments: path without suffix, records, dimension, threads, repeats.</summary>
    public static void Run(string[] arguments)
    {
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        int dimension = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        int threads = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        int repeats = int.Parse(arguments[4], CultureInfo.InvariantCulture);

        using EmbeddingCache cache = Open(arguments[0]);
        float[][] queries = Queries(count, dimension);
        long start = Stopwatch.GetTimestamp();
        Search(cache, queries[0]);
        double first = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        CheckExact(cache, count, dimension);

        long floats = (long)count * dimension;
        using var small = new Bandwidth.Region(floats * sizeof(float), hugePages: false);
        using var huge = new Bandwidth.Region(floats * sizeof(float), hugePages: true);
        using var smallReaders = new Bandwidth.Readers(small, threads);
        using var hugeReaders = new Bandwidth.Readers(huge, threads);
        var rounds = new Rounds();
        int turn = 0;
        rounds.Add(SearchKey, () => MillisecondsPerCall(() => Search(cache, queries[turn++ % queries.Length])));
        rounds.Add(BandwidthKey, () => PassMilliseconds(smallReaders));
        rounds.Add(HugeBandwidthKey, () => PassMilliseconds(hugeReaders));
        rounds.Add(PlainScanKey, () => MillisecondsPerCall(() => PlainScan(small.Pointer, count, queries[turn++ % queries.Length], dimension)));
        rounds.Run(repeats, warmUps: 1);

        ChildProcess.Print(FirstSearchKey, first);
        foreach (string key in rounds.Systems)
        {
            ChildProcess.Print(key, rounds.MedianOf(key));
        }
    }

    /// <summary>Queries alone, as other libraries' programs run them: median of three blocks. Arguments: path without suffix, records, dimension.</summary>
    public static void RunSearchOnly(string[] arguments)
    {
        float[][] queries = Queries(int.Parse(arguments[1], CultureInfo.InvariantCulture), int.Parse(arguments[2], CultureInfo.InvariantCulture));
        using EmbeddingCache cache = Open(arguments[0]);
        var rounds = new Rounds();
        int turn = 0;
        rounds.Add(SearchKey, () => MillisecondsPerCall(() => Search(cache, queries[turn++ % queries.Length])));
        rounds.Run(3, warmUps: 1);
        ChildProcess.Print(SearchKey, rounds.MedianOf(SearchKey));
    }

    private static EmbeddingCache Open(string path) => EmbeddingCache.Open(EdbStore.PathOf(path), new EmbeddingCacheOptions { ReadOnly = true });

    /// <summary>Vectors that are not in the store.</summary>
    private static float[][] Queries(int count, int dimension) => [.. Enumerable.Range(count, 32).Select(i => Samples.Vector(i, dimension))];

    private static void Search(EmbeddingCache cache, float[] query)
    {
        if (cache.FindSimilar(query, Top).Count != Top)
        {
            throw new InvalidDataException("Fewer hits than were asked for.");
        }
    }

    /// <summary>A query that is a record must find that record first, or the time says nothing.</summary>
    private static void CheckExact(EmbeddingCache cache, int count, int dimension)
    {
        for (int i = 0; i < count; i += Math.Max(1, count / 8))
        {
            SimilarEmbedding best = cache.FindSimilar(Samples.Vector(i, dimension), 1)[0];
            if (best.Embedding.Key != Samples.Key(i) || best.Score < 0.9999)
            {
                throw new InvalidDataException($"Record {i} is not its own nearest neighbour.");
            }
        }
    }

    private static void PlainScan(float* rows, int count, float[] query, int dimension)
    {
        fixed (float* pointer = query)
        {
            Bandwidth.GreatestDot(rows, count, pointer, dimension);
        }
    }

    private static double PassMilliseconds(Bandwidth.Readers readers) => MillisecondsPerCall(() => readers.SecondsPerPass());

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
