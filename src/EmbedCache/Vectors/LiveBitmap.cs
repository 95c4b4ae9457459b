using System.Numerics;
using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>
/// A Live section: one bit for each ordinal of a run, set while its record is the newest of its key. Expiry is not in it: time passes
/// without a checkpoint.
/// </summary>
internal sealed class LiveBitmap(Section section)
{
    public const int BitsPerWord = 64;

    public Section Section { get; } = section;

    public bool IsLive(long index) => (Word(index / BitsPerWord) & (1UL << (int)(index % BitsPerWord))) != 0;

    /// <summary>64 bits at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Word(long wordIndex) => Section.Word(wordIndex * FormatConstants.LiveEntryByteLength);

    /// <summary>How many of the first <paramref name="bitCount"/> are live. Padding bits do not count, whatever a hostile file has there.</summary>
    public long CountLive(long bitCount)
    {
        long live = 0;
        for (long i = 0; i < bitCount / BitsPerWord; i++)
        {
            live += BitOperations.PopCount(Word(i));
        }

        int rest = (int)(bitCount % BitsPerWord);
        return rest == 0 ? live : live + BitOperations.PopCount(Word(bitCount / BitsPerWord) << (BitsPerWord - rest));
    }

    /// <summary>A copy of the first <paramref name="bitCount"/> bits that may be changed; padding bits are zero, whatever a hostile file has there.</summary>
    public ulong[] ToWords(long bitCount)
    {
        ulong[] words = new ulong[Section.Count];
        for (long i = 0; i < words.Length; i++)
        {
            words[i] = Word(i);
        }

        int rest = (int)(bitCount % BitsPerWord);
        if (rest != 0)
        {
            words[bitCount / BitsPerWord] &= ulong.MaxValue >> (BitsPerWord - rest);
        }

        return words;
    }

    /// <summary>Words that hold this many bits.</summary>
    public static long WordCount(long bitCount) => (bitCount + BitsPerWord - 1) / BitsPerWord;
}
