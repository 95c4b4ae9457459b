namespace EmbedCache.Vectors;

/// <summary>Puts bitmaps of any length one behind another.</summary>
internal sealed class BitJoiner(long bitCount)
{
    private long _used;

    /// <summary>The joined bits; unused ones of the last word are zero.</summary>
    public ulong[] Words { get; } = new ulong[LiveBitmap.WordCount(bitCount)];

    /// <summary>Appends the first <paramref name="count"/> bits of <paramref name="words"/>, whose bits past them must be zero.</summary>
    public void Append(ulong[] words, long count)
    {
        int shift = (int)(_used % LiveBitmap.BitsPerWord);
        long target = _used / LiveBitmap.BitsPerWord;
        for (long i = 0; i < LiveBitmap.WordCount(count); i++, target++)
        {
            Words[target] |= words[i] << shift;
            ulong carried = shift == 0 ? 0 : words[i] >> (LiveBitmap.BitsPerWord - shift);
            if (carried != 0)
            {
                Words[target + 1] |= carried;
            }
        }

        _used += count;
    }
}
