namespace EmbedCache.Numerics;

/// <summary>
/// Seeded random numbers that are the same on every runtime (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): what is
/// drawn from them is persisted.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong mixed = _state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number below <paramref name="bound"/>. The bias is below 2^-32 for bounds of 31 bits.</summary>
    public int Next(int bound) => (int)(Next() % (ulong)bound);

    /// <summary><paramref name="count"/> different numbers below <paramref name="bound"/>, ascending.</summary>
    public static int[] Sample(int count, int bound, ulong seed)
    {
        var random = new SplitMix64(seed);
        int[] all = new int[bound];
        for (int i = 0; i < bound; i++)
        {
            all[i] = i;
        }

        count = Math.Min(count, bound);
        for (int i = 0; i < count; i++)
        {
            int other = i + random.Next(bound - i);
            (all[i], all[other]) = (all[other], all[i]);
        }

        Array.Resize(ref all, count);
        Array.Sort(all);
        return all;
    }
}
