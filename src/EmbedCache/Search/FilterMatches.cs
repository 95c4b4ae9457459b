using System.Numerics;
using EmbedCache.Metadata;

namespace EmbedCache.Search;

/// <summary>What a filter lets through of one snapshot: live records, expired ones included (a matter of the clock), by ordinal.</summary>
/// <param name="words">One bit for each ordinal, the lowest first.</param>
/// <param name="readCount">Records that had to be read, columns not telling.</param>
internal sealed class FilterMatches(ulong[] words, long readCount)
{
    /// <summary>One bit for each ordinal, the lowest first.</summary>
    public ulong[] Words { get; } = words;

    /// <summary>Records that pass.</summary>
    public long Count { get; } = Bitmap.Count(words);

    /// <summary>Records whose metadata was read, because no column says what the filter asks.</summary>
    public long ReadCount { get; } = readCount;

    /// <summary>The ordinals, ascending or the other way round.</summary>
    public IEnumerable<long> Ordinals(bool descending = false)
    {
        for (int i = 0; i < Words.Length; i++)
        {
            int index = descending ? Words.Length - 1 - i : i;
            for (ulong rest = Words[index]; rest != 0;)
            {
                int bit = descending ? Bitmap.BitsPerWord - 1 - BitOperations.LeadingZeroCount(rest) : BitOperations.TrailingZeroCount(rest);
                rest &= ~(1UL << bit);
                yield return ((long)index * Bitmap.BitsPerWord) + bit;
            }
        }
    }

    /// <summary>Frame offsets of the records, in log order or the other way round.</summary>
    public IEnumerable<long> Offsets(ScanSet set, bool newestFirst)
    {
        foreach (long ordinal in Ordinals(newestFirst))
        {
            yield return set.OffsetOf(ordinal);
        }
    }
}
