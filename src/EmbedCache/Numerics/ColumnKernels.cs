using System.Runtime.CompilerServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// Columns of values to bitmaps: bit i (lowest first) is set where value i lies in a closed range. Bits that are set already stay. A call takes the values of one
/// stretch; the bits begin with that of the first and have a byte for each eight of them, begun ones included.
/// </summary>
/// <remarks>The loops here are the reference and do the ends; where there are vector registers the rest is done by the other half of this class.</remarks>
internal static partial class ColumnKernels
{
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void InRange(ReadOnlySpan<long> values, long low, long high, Span<byte> bits)
    {
        int done = 0;
        InRangeVectors(values, low, high, bits, ref done);
        for (int i = done; i < values.Length; i++)
        {
            bits[i >> 3] |= values[i] >= low && values[i] <= high ? (byte)(1 << (i & 7)) : (byte)0;
        }
    }

    /// <summary>NaN is in no range.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void InRange(ReadOnlySpan<double> values, double low, double high, Span<byte> bits)
    {
        int done = 0;
        InRangeVectors(values, low, high, bits, ref done);
        for (int i = done; i < values.Length; i++)
        {
            bits[i >> 3] |= values[i] >= low && values[i] <= high ? (byte)(1 << (i & 7)) : (byte)0;
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void InRange(ReadOnlySpan<byte> values, byte low, byte high, Span<byte> bits)
    {
        int done = 0;
        InRangeVectors(values, low, high, bits, ref done);
        for (int i = done; i < values.Length; i++)
        {
            bits[i >> 3] |= values[i] >= low && values[i] <= high ? (byte)(1 << (i & 7)) : (byte)0;
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void InRange(ReadOnlySpan<ushort> values, ushort low, ushort high, Span<byte> bits)
    {
        int done = 0;
        InRangeVectors(values, low, high, bits, ref done);
        for (int i = done; i < values.Length; i++)
        {
            bits[i >> 3] |= values[i] >= low && values[i] <= high ? (byte)(1 << (i & 7)) : (byte)0;
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void InRange(ReadOnlySpan<uint> values, uint low, uint high, Span<byte> bits)
    {
        int done = 0;
        InRangeVectors(values, low, high, bits, ref done);
        for (int i = done; i < values.Length; i++)
        {
            bits[i >> 3] |= values[i] >= low && values[i] <= high ? (byte)(1 << (i & 7)) : (byte)0;
        }
    }
}
