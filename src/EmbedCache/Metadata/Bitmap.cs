using System.Numerics;
using System.Runtime.InteropServices;

namespace EmbedCache.Metadata;

/// <summary>Bitmaps as words of 64 bits, lowest bit first. Bits past the count are zero, except while one is worked out.</summary>
internal static class Bitmap
{
    public const int BitsPerWord = 64;

    public static ulong[] Create(long count) => new ulong[(count + BitsPerWord - 1) / BitsPerWord];

    /// <summary>All of the first <paramref name="count"/> bits.</summary>
    public static ulong[] Full(long count)
    {
        ulong[] words = Create(count);
        words.AsSpan().Fill(ulong.MaxValue);
        ClearPadding(words, count);
        return words;
    }

    public static void ClearPadding(ulong[] words, long count)
    {
        if (count % BitsPerWord != 0)
        {
            words[words.Length - 1] &= (1UL << (int)(count % BitsPerWord)) - 1;
        }
    }

    public static void Set(ulong[] words, long bit) => words[bit / BitsPerWord] |= 1UL << (int)(bit % BitsPerWord);

    public static void Clear(ulong[] words, long bit) => words[bit / BitsPerWord] &= ~(1UL << (int)(bit % BitsPerWord));

    public static bool IsSet(ulong[] words, long bit) => (words[bit / BitsPerWord] & (1UL << (int)(bit % BitsPerWord))) != 0;

    /// <summary>The words as bytes, which are the same bits on a little-endian machine.</summary>
    public static Span<byte> Bytes(ulong[] words) => MemoryMarshal.AsBytes(words.AsSpan());

    public static void And(ulong[] target, ReadOnlySpan<ulong> other)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] &= other[i];
        }
    }

    public static void AndNot(ulong[] target, ReadOnlySpan<ulong> other)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] &= ~other[i];
        }
    }

    public static void Or(ulong[] target, ReadOnlySpan<ulong> other)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] |= other[i];
        }
    }

    public static void Not(ulong[] target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = ~target[i];
        }
    }

    /// <summary>Joins bits into others at a distance: bit i of <paramref name="source"/> goes to bit <paramref name="at"/> + i.</summary>
    public static void OrAt(ulong[] target, ReadOnlySpan<ulong> source, long at)
    {
        int shift = (int)(at % BitsPerWord);
        long word = at / BitsPerWord;
        foreach (ulong bits in source)
        {
            if (bits != 0)
            {
                target[word] |= bits << shift;
                ulong carried = shift == 0 ? 0 : bits >> (BitsPerWord - shift);
                if (carried != 0)
                {
                    target[word + 1] |= carried;
                }
            }

            word++;
        }
    }

    /// <summary>Sets a range of bits.</summary>
    public static void SetRange(ulong[] words, long from, long to)
    {
        for (long bit = from; bit < to;)
        {
            long end = Math.Min(to, ((bit / BitsPerWord) + 1) * BitsPerWord);
            int count = (int)(end - bit);
            ulong bits = count == BitsPerWord ? ulong.MaxValue : (1UL << count) - 1;
            words[bit / BitsPerWord] |= bits << (int)(bit % BitsPerWord);
            bit = end;
        }
    }

    public static long Count(ulong[] words)
    {
        long count = 0;
        foreach (ulong word in words)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    public static bool IsEmpty(ulong[] words)
    {
        foreach (ulong word in words)
        {
            if (word != 0)
            {
                return false;
            }
        }

        return true;
    }
}
