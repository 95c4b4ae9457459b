using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Children;

/// <summary>
/// Searches with nothing chosen, one thread, over a store whose records changed: recall against its own exact search of the same state, and the rate.
/// </summary>
internal static class GraphDefaultChild
{
    private const int Top = 10;
    private const int BlockCount = 5;
    private const double BlockSeconds = 0.4;

    /// <summary>Arguments: file, set, first query, number of queries.</summary>
    public static void Run(string[] arguments)
    {
        VectorFiles set = VectorFiles.TryOpen(arguments[1]) ?? throw new InvalidOperationException($"There is no set {arguments[1]}.");
        int first = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        float[][] queries = set.Queries[first..(first + int.Parse(arguments[3], CultureInfo.InvariantCulture))];
        using EmbeddingCache cache = EmbeddingCache.Open(arguments[0], new EmbeddingCacheOptions { ReadOnly = true, SearchThreads = 1 });
        IReadOnlyList<IReadOnlyList<SimilarEmbedding>> exact = cache.FindSimilar([.. queries.Select(query => (ReadOnlyMemory<float>)query)], new SearchOptions { Top = Top, Exact = true });
        var options = new SearchOptions { Top = Top };
        int hits = 0;
        int shortest = Top;
        for (int i = 0; i < queries.Length; i++)
        {
            IReadOnlyList<SimilarEmbedding> found = cache.FindSimilar(queries[i], options);
            shortest = Math.Min(shortest, found.Count);
            hits += found.Select(hit => hit.Embedding.Key).Intersect(exact[i].Select(hit => hit.Embedding.Key)).Count();
        }

        var rates = new double[BlockCount];
        for (int block = 0, turn = 0; block < rates.Length; block++)
        {
            long start = Stopwatch.GetTimestamp();
            int count = 0;
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < BlockSeconds)
            {
                cache.FindSimilar(queries[turn++ % queries.Length], options);
                count++;
            }

            rates[block] = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        EmbeddingCacheInfo info = cache.GetInfo();
        ChildProcess.Print("recall", hits / (double)(Top * queries.Length));
        ChildProcess.Print("shortest", shortest);
        ChildProcess.Print("rate", Rounds.Median(rates));
        ChildProcess.Print("coverage", info.CodedCount == 0 ? 0 : info.GraphedCount / (double)info.CodedCount);
        ChildProcess.Print("uses graph", cache.LastSearchPlan!.Kind == SearchPlanKind.Graph ? 1 : 0);
    }
}
