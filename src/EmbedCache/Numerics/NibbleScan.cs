using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// Scores 32 four-bit codes at a time from tables of 16 bytes, which a shuffle instruction reads for a whole register of codes at once (after André, Kermarrec and
/// Le Scouarnec, "Cache locality is not enough: high-performance nearest neighbor search with product quantization fast scan", 2015). Sums of bytes are exact, so every
/// instruction set gives the same.
/// </summary>
/// <remarks>
/// A block has 32 bytes for each two subspaces: byte v has the code of vector v for the even subspace in its low half, that for the odd one in its high half.
/// Tables: 32 bytes for each two subspaces, 16 of the even one, 16 of the odd one.
/// </remarks>
internal static class NibbleScan
{
    /// <summary>Vectors of a block.</summary>
    public const int BlockCount = 32;

    private const int PairsPerRound = 64; // 128 bytes of at most 255 a lane stay below 2^16

    /// <summary>Sums of the table entries of each vector of a block.</summary>
    /// <param name="block">32 bytes for each pair of subspaces.</param>
    /// <param name="tables">32 bytes for each pair of subspaces.</param>
    /// <param name="sums">Receives 32 sums.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Sum(ReadOnlySpan<byte> block, ReadOnlySpan<byte> tables, Span<int> sums)
    {
        tables = tables.Slice(0, block.Length);
        sums = sums.Slice(0, BlockCount);
#if NET
        if (Avx2.IsSupported)
        {
            SumAvx2(ref MemoryMarshal.GetReference(block), ref MemoryMarshal.GetReference(tables), block.Length / BlockCount, sums);
            return;
        }

        if (Ssse3.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            SumVector128(ref MemoryMarshal.GetReference(block), ref MemoryMarshal.GetReference(tables), block.Length / BlockCount, sums);
            return;
        }
#endif
        SumScalar(block, tables, sums);
    }

    /// <summary>The reference.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void SumScalar(ReadOnlySpan<byte> block, ReadOnlySpan<byte> tables, Span<int> sums)
    {
        sums.Clear();
        for (int pair = 0; pair < block.Length; pair += BlockCount)
        {
            ReadOnlySpan<byte> codes = block.Slice(pair, BlockCount);
            ReadOnlySpan<byte> table = tables.Slice(pair, BlockCount);
            for (int v = 0; v < codes.Length; v++)
            {
                sums[v] += table[codes[v] & 15] + table[16 + (codes[v] >> 4)];
            }
        }
    }

#if NET
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void SumAvx2(ref byte block, ref byte tables, nint pairCount, Span<int> sums)
    {
        Vector256<byte> lowHalf = Vector256.Create((byte)15);
        Vector256<ushort> lowByte = Vector256.Create((ushort)255);
        Vector256<uint> even0 = Vector256<uint>.Zero;
        Vector256<uint> even1 = Vector256<uint>.Zero;
        Vector256<uint> odd0 = Vector256<uint>.Zero;
        Vector256<uint> odd1 = Vector256<uint>.Zero;
        for (nint pair = 0; pair < pairCount;)
        {
            nint end = Math.Min(pair + PairsPerRound, pairCount);
            Vector256<ushort> even = Vector256<ushort>.Zero;
            Vector256<ushort> odd = Vector256<ushort>.Zero;
            for (; pair < end; pair++)
            {
                Vector256<byte> codes = Vector256.LoadUnsafe(ref block, (nuint)(pair * BlockCount));
                Vector128<byte> lowTable = Vector128.LoadUnsafe(ref tables, (nuint)(pair * BlockCount));
                Vector128<byte> highTable = Vector128.LoadUnsafe(ref tables, (nuint)((pair * BlockCount) + 16));
                Vector256<byte> low = Avx2.Shuffle(Vector256.Create(lowTable, lowTable), codes & lowHalf);
                Vector256<byte> high = Avx2.Shuffle(Vector256.Create(highTable, highTable), Vector256.ShiftRightLogical(codes.AsUInt16(), 4).AsByte() & lowHalf);
                even += (low.AsUInt16() & lowByte) + (high.AsUInt16() & lowByte);
                odd += Vector256.ShiftRightLogical(low.AsUInt16(), 8) + Vector256.ShiftRightLogical(high.AsUInt16(), 8);
            }

            (Vector256<uint> wide0, Vector256<uint> wide1) = Vector256.Widen(even);
            even0 += wide0;
            even1 += wide1;
            (wide0, wide1) = Vector256.Widen(odd);
            odd0 += wide0;
            odd1 += wide1;
        }

        for (int lane = 0; lane < Vector256<uint>.Count; lane++)
        {
            sums[2 * lane] = (int)even0.GetElement(lane);
            sums[(2 * lane) + 1] = (int)odd0.GetElement(lane);
            sums[16 + (2 * lane)] = (int)even1.GetElement(lane);
            sums[17 + (2 * lane)] = (int)odd1.GetElement(lane);
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static void SumVector128(ref byte block, ref byte tables, nint pairCount, Span<int> sums)
    {
        sums.Clear();
        Vector128<byte> lowHalf = Vector128.Create((byte)15);
        Vector128<ushort> lowByte = Vector128.Create((ushort)255);
        for (int half = 0; half < BlockCount; half += Vector128<byte>.Count)
        {
            for (nint pair = 0; pair < pairCount;)
            {
                nint end = Math.Min(pair + PairsPerRound, pairCount);
                Vector128<ushort> even = Vector128<ushort>.Zero;
                Vector128<ushort> odd = Vector128<ushort>.Zero;
                for (; pair < end; pair++)
                {
                    Vector128<byte> codes = Vector128.LoadUnsafe(ref block, (nuint)((pair * BlockCount) + half));
                    Vector128<byte> low = Shuffle(Vector128.LoadUnsafe(ref tables, (nuint)(pair * BlockCount)), codes & lowHalf);
                    Vector128<byte> high = Shuffle(Vector128.LoadUnsafe(ref tables, (nuint)((pair * BlockCount) + 16)), Vector128.ShiftRightLogical(codes.AsUInt16(), 4).AsByte() & lowHalf);
                    even += (low.AsUInt16() & lowByte) + (high.AsUInt16() & lowByte);
                    odd += Vector128.ShiftRightLogical(low.AsUInt16(), 8) + Vector128.ShiftRightLogical(high.AsUInt16(), 8);
                }

                for (int lane = 0; lane < Vector128<ushort>.Count; lane++)
                {
                    sums[half + (2 * lane)] += even.GetElement(lane);
                    sums[half + (2 * lane) + 1] += odd.GetElement(lane);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Shuffle(Vector128<byte> table, Vector128<byte> indices)
        => AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(table, indices)
            : Ssse3.IsSupported ? Ssse3.Shuffle(table, indices)
            : Vector128.Shuffle(table, indices);
#endif
}
