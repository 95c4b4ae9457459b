using System.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>Which indexed ordinals of a snapshot are live, as one bitmap. Made when it is first asked for, and kept for the snapshot's other searches.</summary>
internal sealed class LiveMarks
{
    private Marks? _marks;

    /// <summary>The bitmap, lowest ordinal first, and how many bits are set.</summary>
    /// <param name="set">The snapshot's records; its filter is not looked at.</param>
    public Marks Of(ScanSet set) => _marks ??= Make(set);

    private static Marks Make(ScanSet set)
    {
        var joined = new BitJoiner(set.TailFirstOrdinal);
        foreach (ScanRun run in set.Runs)
        {
            joined.Append(run.Live.ToWords(run.Ordinals.Count), run.Ordinals.Count);
        }

        ulong[] words = joined.Words;
        if (set.Replaced.Count > 0)
        {
            Clear(words, set);
        }

        return new Marks(words, Count(words));
    }

    private static void Clear(ulong[] words, ScanSet set)
    {
        foreach (long ordinal in set.Replaced)
        {
            if (ordinal < set.TailFirstOrdinal)
            {
                words[ordinal / LiveBitmap.BitsPerWord] &= ~(1UL << (int)(ordinal % LiveBitmap.BitsPerWord));
            }
        }
    }

    private static long Count(ulong[] words)
    {
        long count = 0;
        foreach (ulong word in words)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>A bitmap and how many of its bits are set.</summary>
    public sealed record Marks(ulong[] Words, long Count);
}
