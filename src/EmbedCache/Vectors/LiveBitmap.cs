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

    /// <summary>How many are live.</summary>
    public long CountLive()
    {
        long live = 0;
        for (long i = 0; i < Section.Count; i++)
        {
            live += BitOperations.PopCount(Word(i));
        }

        return live;
    }

    /// <summary>A copy that may be changed.</summary>
    public ulong[] ToWords()
    {
        ulong[] words = new ulong[Section.Count];
        for (long i = 0; i < words.Length; i++)
        {
            words[i] = Word(i);
        }

        return words;
    }

    /// <summary>Words that hold this many bits.</summary>
    public static long WordCount(long bitCount) => (bitCount + BitsPerWord - 1) / BitsPerWord;
}
