using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Children;

/// <summary>The first queries of a process over a store, against the same queries in the steady state.</summary>
internal static class ColdSearchChild
{
    private const int ColdQueries = 20;
    private const int SteadyQueries = 500;
    private const double WarmUpSeconds = 1.5;
    private const int Top = 10;

    /// <summary>Arguments: path without suffix, dimension.</summary>
    public static void Run(string[] arguments)
    {
        float[] query = Samples.Vector(-1, int.Parse(arguments[1], CultureInfo.InvariantCulture));
        using EmbeddingCache cache = EmbeddingCache.Open(EdbStore.PathOf(arguments[0]), new EmbeddingCacheOptions { ReadOnly = true });
        double first = Milliseconds(cache, query);
        double cold = Median(cache, query, ColdQueries);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds)
        {
            cache.FindSimilar(query, Top);
        }

        ChildProcess.Print("first query", first);
        ChildProcess.Print("next 20 queries", cold);
        ChildProcess.Print("steady query", Median(cache, query, SteadyQueries));
    }

    private static double Median(EmbeddingCache cache, float[] query, int count)
    {
        var samples = new double[count];
        for (int i = 0; i < count; i++)
        {
            samples[i] = Milliseconds(cache, query);
        }

        return Rounds.Median(samples);
    }

    private static double Milliseconds(EmbeddingCache cache, float[] query)
    {
        long start = Stopwatch.GetTimestamp();
        cache.FindSimilar(query, Top);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
