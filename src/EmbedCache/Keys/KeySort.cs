namespace EmbedCache.Keys;

/// <summary>
/// Sorts entries by hash, those of one hash in the order they came. Hashes are salted and so uniform: dealt out by their high bits into as many
/// buckets as there are entries, all but a few stand in their place already.
/// </summary>
internal static class KeySort
{
    private const int HashBits = 64;

    /// <summary>Entries that insertion may have to move past each other. Uniform hashes put more into one bucket never, colliding ones of tests do.</summary>
    private const int LargestBucketCount = 32;

    /// <summary>A sorted copy.</summary>
    public static KeyEntry[] ByHash(ReadOnlySpan<KeyEntry> entries)
    {
        int bits = 1;
        while (bits < 30 && 1 << bits < entries.Length)
        {
            bits++;
        }

        int shift = HashBits - bits;
        var ends = new int[1 << bits];
        int largest = 0;
        foreach (KeyEntry entry in entries)
        {
            largest = Math.Max(largest, ++ends[(int)(entry.Hash >> shift)]);
        }

        if (largest > LargestBucketCount)
        {
            return ByComparison(entries);
        }

        for (int bucket = 1; bucket < ends.Length; bucket++)
        {
            ends[bucket] += ends[bucket - 1];
        }

        var sorted = new KeyEntry[entries.Length];
        for (int i = entries.Length - 1; i >= 0; i--)
        {
            sorted[--ends[(int)(entries[i].Hash >> shift)]] = entries[i];
        }

        for (int i = 1; i < sorted.Length; i++)
        {
            KeyEntry entry = sorted[i];
            int place = i;
            for (; place > 0 && sorted[place - 1].Hash > entry.Hash; place--)
            {
                sorted[place] = sorted[place - 1];
            }

            sorted[place] = entry;
        }

        return sorted;
    }

    private static KeyEntry[] ByComparison(ReadOnlySpan<KeyEntry> entries)
    {
        KeyEntry[] sorted = entries.ToArray();
        var places = new int[sorted.Length];
        var hashes = new ulong[sorted.Length];
        for (int i = 0; i < sorted.Length; i++)
        {
            places[i] = i;
            hashes[i] = sorted[i].Hash;
        }

        Array.Sort(places, (a, b) => hashes[a] != hashes[b] ? hashes[a].CompareTo(hashes[b]) : a.CompareTo(b));
        for (int i = 0; i < places.Length; i++)
        {
            sorted[i] = entries[places[i]];
        }

        return sorted;
    }
}
