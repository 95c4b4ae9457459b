using System.Diagnostics;
using System.Runtime.InteropServices;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>Loops that several workloads run over a store, and the check that a store does the work at all.</summary>
internal static class Contestants
{
    private const int GetsPerLook = 64;
    private const int CheckCount = 100;

    /// <summary>Random gets for <paramref name="seconds"/>, at most <paramref name="limit"/>; returns gets per second.</summary>
    public static double GetRate(IVectorStore store, string[] keys, float[]? destination, double seconds, ref Walk walk, int limit = int.MaxValue)
    {
        float sink = 0;
        int count = 0;
        long start = Stopwatch.GetTimestamp();
        double elapsed;
        do
        {
            for (int end = Math.Min(limit, count + GetsPerLook); count < end; count++)
            {
                string key = keys[walk.Next()];
                if (destination is null)
                {
                    sink += store.Touch(key);
                }
                else
                {
                    store.Copy(key, destination);
                    sink += destination[^1];
                }
            }

            elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (elapsed < seconds && count < limit);

        return float.IsNaN(sink) ? throw new InvalidDataException("A vector came back damaged.") : count / elapsed;
    }

    /// <summary>Reads every record once, so that its pages are in memory and mapped.</summary>
    public static void Warm(IVectorStore store, string[] keys, int dimension)
    {
        var destination = new float[dimension];
        foreach (string key in keys)
        {
            store.Copy(key, destination);
        }
    }

    /// <summary>Throws unless records that were put come back bit for bit. A null store is passed over.</summary>
    public static void CheckSame(IVectorStore? store, string[] keys, float[][] pool) => CheckSame(store, keys, i => pool[i % pool.Length]);

    /// <summary>Throws unless records that were put come back bit for bit.</summary>
    public static void CheckSame(IVectorStore? store, string[] keys, Func<int, float[]> expected)
    {
        int step = Math.Max(1, keys.Length / CheckCount);
        for (int i = 0; store is not null && i < keys.Length; i += step)
        {
            float[] vector = expected(i);
            var copy = new float[vector.Length];
            store.Copy(keys[i], copy);
            bool isSame = MemoryMarshal.AsBytes(copy.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(vector.AsSpan()));
            if (!isSame || BitConverter.SingleToInt32Bits(store.Touch(keys[i])) != BitConverter.SingleToInt32Bits(vector[^1]))
            {
                throw new InvalidDataException($"{store.GetType().Name} gave another vector for record {i}.");
            }
        }
    }
}
