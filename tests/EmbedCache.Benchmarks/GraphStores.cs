using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;
using EmbedCache.Engine;

namespace EmbedCache.Benchmarks;

/// <summary>Stores of a set's vectors under their numbers as keys, with a graph over them.</summary>
internal static class GraphStores
{
    private const int BatchCount = 4096;

    /// <summary>The key of a vector.</summary>
    public static string Key(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of a key.</summary>
    public static int Number(string? key) => int.Parse(key!, CultureInfo.InvariantCulture);

    /// <summary>Writes a store of the first vectors without a graph, then lets Optimize build it on all processors; that alone is timed.</summary>
    public static Dictionary<string, double> Build(VectorFiles set, string path, int count)
    {
        var withoutGraph = new EngineEnvironment { GraphThreshold = long.MaxValue };
        using (EmbeddingCache cache = EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = set.Dimension, Durability = Durability.Normal, Overwrite = true }, withoutGraph))
        {
            int first = 0;
            foreach (float[][] batch in set.Base().Take(count).Chunk(BatchCount))
            {
                Put(cache, first, batch);
                first += batch.Length;
            }
        }

        using EmbeddingCache writer = EmbeddingCache.Open(path, new EmbeddingCacheOptions { Durability = Durability.Normal });
        long start = Stopwatch.GetTimestamp();
        writer.Optimize(new OptimizeOptions { Compact = false }, null, default);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Dictionary<string, double>
        {
            ["build vectors/s"] = count / seconds,
            ["build seconds"] = seconds,
            ["index bytes"] = writer.GetInfo().IndexByteLength,
            ["index bytes / float bytes"] = writer.GetInfo().IndexByteLength / ((double)count * set.Dimension * sizeof(float)),
        };
    }

    /// <summary>One transaction with these vectors under the numbers from the first on.</summary>
    public static void Put(EmbeddingCache cache, int first, float[][] batch)
    {
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = 0; i < batch.Length; i++)
        {
            transaction.Set(Key(first + i), batch[i]);
        }

        transaction.Commit();
    }

    /// <summary>
    /// A store as <see cref="Build"/> leaves it. Where the command line names a directory for large stores it is kept there and found again by the next run; who changes it
    /// asks for a copy.
    /// </summary>
    public static string Get(BenchmarkContext context, VectorFiles set, int count, bool mayChange)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"graph-{set.Name}-{count}.edb");
        string path = Path.Combine(context.Options.KeepDirectory ?? context.Directory, name);
        if (!IsComplete(path, count))
        {
            Report.Note($"building {name}");
            Build(set, path, count);
        }

        if (!mayChange)
        {
            return path;
        }

        string copy = context.PathOf("copy-" + name);
        File.Copy(path, copy, overwrite: true);
        return copy;
    }

    private static bool IsComplete(string path, int count)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using EmbeddingCache cache = EmbeddingCache.Open(path, new EmbeddingCacheOptions { ReadOnly = true });
        return cache.GetInfo() is { } info && info.Count == count && info.GraphedCount == count;
    }
}
