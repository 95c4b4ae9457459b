using System.Runtime.CompilerServices;
#if NET
using System.Numerics;
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>Insertion into a sorted array of a few hundred numbers: where a number belongs is found while the larger ones are moved, several at a time. A bisection would branch on what cannot be foretold.</summary>
internal static class SortedInsertion
{
    /// <summary>Inserts a number behind all smaller ones.</summary>
    /// <param name="first">First of the numbers, smallest first; with room for one more.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="value">The number.</param>
    /// <returns>Its index.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Insert(ref long first, int count, long value)
    {
        int index = count;
#if NET
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<long> wanted = Vector256.Create(value);
            for (; index >= Vector256<long>.Count; index -= Vector256<long>.Count)
            {
                Vector256<long> block = Vector256.LoadUnsafe(ref first, (nuint)(index - Vector256<long>.Count));
                if (Vector256.LessThanAny(block, wanted))
                {
                    break;
                }

                block.StoreUnsafe(ref first, (nuint)(index - Vector256<long>.Count + 1));
            }
        }
#endif
        return InsertOneByOne(ref first, index, value);
    }

    /// <summary>The reference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int InsertOneByOne(ref long first, int count, long value)
    {
        int index = count;
        for (; index > 0 && Unsafe.Add(ref first, index - 1) >= value; index--)
        {
            Unsafe.Add(ref first, index) = Unsafe.Add(ref first, index - 1);
        }

        Unsafe.Add(ref first, index) = value;
        return index;
    }
}
