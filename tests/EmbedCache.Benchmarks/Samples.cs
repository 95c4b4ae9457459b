using System.Globalization;
using System.Numerics;

namespace EmbedCache.Benchmarks;

/// <summary>Keys and vectors, the same in every process for the same numbers: 64 hexadecimal characters, and floats in [-1, 1).</summary>
internal static class Samples
{
    private const int PoolCount = 512;

    /// <summary>The key of record <paramref name="i"/>: looks like a SHA-256, as keys of caches do.</summary>
    public static string Key(int i)
    {
        Span<char> text = stackalloc char[64];
        var state = new SplitMix((ulong)i + 1);
        for (int part = 0; part < 4; part++)
        {
            state.Next().TryFormat(text[(part * 16)..], out _, "x16", CultureInfo.InvariantCulture);
        }

        return new string(text);
    }

    /// <summary>The keys of records 0 to <paramref name="count"/> - 1.</summary>
    public static string[] Keys(int count)
    {
        var keys = new string[count];
        for (int i = 0; i < count; i++)
        {
            keys[i] = Key(i);
        }

        return keys;
    }

    /// <summary>Writes the vector of record <paramref name="i"/>; every i has another one.</summary>
    public static void FillVector(int i, Span<float> vector)
    {
        var state = new SplitMix(~(ulong)i);
        for (int k = 0; k < vector.Length; k += 2)
        {
            ulong bits = state.Next();
            vector[k] = ToUnit((uint)bits);
            if (k + 1 < vector.Length)
            {
                vector[k + 1] = ToUnit((uint)(bits >> 32));
            }
        }
    }

    /// <summary>The vector of record <paramref name="i"/>.</summary>
    public static float[] Vector(int i, int dimension)
    {
        var vector = new float[dimension];
        FillVector(i, vector);
        return vector;
    }

    /// <summary>
    /// Vectors for insert loops: record i takes vector i mod 512, so that making them costs nothing while the clock runs and no
    /// neighbours are equal.
    /// </summary>
    public static float[][] Pool(int dimension)
    {
        var pool = new float[PoolCount][];
        for (int i = 0; i < PoolCount; i++)
        {
            pool[i] = Vector(i, dimension);
        }

        return pool;
    }

    private static float ToUnit(uint bits) => (int)bits * (1.0f / 2147483648.0f) is var x && x < 1 ? x : 0.99999994f;

    /// <summary>SplitMix64 (Steele, Lea and Flood): a counter through a mixer.</summary>
    private struct SplitMix(ulong seed)
    {
        private ulong state = seed * 0x9E3779B97F4A7C15;

        public ulong Next()
        {
            ulong z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}

/// <summary>A random walk over record numbers: xorshift64, cheap enough to leave no mark on a loop of 300 ns.</summary>
internal struct Walk(int count)
{
    private ulong state = 88172645463325252;

    /// <summary>The next record number, 0 to count - 1.</summary>
    public int Next()
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (int)Math.BigMul(state, (ulong)count, out _);
    }

    /// <summary>Starts somewhere else.</summary>
    public void Skip(int steps) => state = BitOperations.RotateLeft(state, steps) | 1;
}
