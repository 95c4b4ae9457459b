#if NET
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <remarks>
/// The reference's operations on the reference's lanes, 16 elements at a time. Multiplications and additions are written apart and stay apart: the just-in-time
/// compiler fuses nothing of its own accord. The form of 256 bits also serves processors with 128, where the runtime takes it in halves.
/// <para>
/// The reference's bound of 127 is left out: |y| is at most the largest, the scale at least that over 127 but for a rounding of 2^-24, so that their quotient
/// rounds to 127 at most.
/// </para>
/// </remarks>
internal static partial class ScalarQuantizer
{
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static CodeRow QuantizeVector512(ReadOnlySpan<float> vector, double multiplier, ReadOnlySpan<float> mean, Span<byte> codes)
    {
        ref float source = ref MemoryMarshal.GetReference(vector);
        ref float centre = ref MemoryMarshal.GetReference(mean);
        ref byte target = ref MemoryMarshal.GetReference(codes);
        bool hasMean = !mean.IsEmpty;
        int whole = vector.Length & -NumLanes;
        Vector512<double> by = Vector512.Create(multiplier);
        Vector512<double> largest = Vector512<double>.Zero;
        for (int i = 0; i < whole; i += NumLanes)
        {
            (Vector512<double> low, Vector512<double> high) = Centred512(ref source, ref centre, hasMean, by, i);
            largest = Vector512.Max(largest, Vector512.Max(Vector512.Abs(low), Vector512.Abs(high)));
        }

        Vector256<double> half = Vector256.Max(largest.GetLower(), largest.GetUpper());
        double most = Math.Max(Math.Max(half[0], half[1]), Math.Max(half[2], half[3]));
        for (int i = whole; i < vector.Length; i++)
        {
            most = Math.Max(most, Math.Abs(Centred(vector, multiplier, mean, i)));
        }

        float scale = ScaleOf(most, out double inverse);
        Vector512<double> scales = Vector512.Create((double)scale);
        Vector512<double> inverses = Vector512.Create(inverse);
        Vector512<double> rounder = Vector512.Create(Rounder);
        Vector512<double> sums0 = Vector512<double>.Zero;
        Vector512<double> sums1 = Vector512<double>.Zero;
        Vector512<int> codeSums = Vector512<int>.Zero;
        Vector512<int> squareSums = Vector512<int>.Zero;
        for (int i = 0; i < whole; i += NumLanes)
        {
            (Vector512<double> low, Vector512<double> high) = Centred512(ref source, ref centre, hasMean, by, i);
            Vector512<double> raised0 = (low * inverses) + rounder;
            Vector512<double> raised1 = (high * inverses) + rounder;
            Vector512<double> code0 = raised0 - rounder;
            Vector512<double> code1 = raised1 - rounder;
            Vector512<double> error0 = low - (code0 * scales);
            Vector512<double> error1 = high - (code1 * scales);
            sums0 += error0 * error0;
            sums1 += error1 * error1;

            // The whole number stands in the low bits.
            Vector512<int> whole16 = Vector512.Narrow(raised0.AsInt64(), raised1.AsInt64());
            codeSums += whole16;
            squareSums += whole16 * whole16;
            Vector256<short> shorts = Vector256.Narrow(whole16.GetLower(), whole16.GetUpper());
            Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).AsByte().StoreUnsafe(ref target, (nuint)i);
        }

        Span<double> lanes = stackalloc double[NumLanes];
        sums0.CopyTo(lanes);
        sums1.CopyTo(lanes.Slice(8));
        int sum = Vector512.Sum(codeSums);
        int sumOfSquares = Vector512.Sum(squareSums);
        QuantizeRest(vector, multiplier, mean, codes, whole, scale, inverse, lanes, ref sum, ref sumOfSquares);
        return Finish(scale, lanes, sum, sumOfSquares);
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static CodeRow QuantizeVector256(ReadOnlySpan<float> vector, double multiplier, ReadOnlySpan<float> mean, Span<byte> codes)
    {
        ref float source = ref MemoryMarshal.GetReference(vector);
        ref float centre = ref MemoryMarshal.GetReference(mean);
        ref byte target = ref MemoryMarshal.GetReference(codes);
        bool hasMean = !mean.IsEmpty;
        int whole = vector.Length & -NumLanes;
        Vector256<double> by = Vector256.Create(multiplier);
        Vector256<double> largest = Vector256<double>.Zero;
        for (int i = 0; i < whole; i += NumLanes / 2)
        {
            (Vector256<double> low, Vector256<double> high) = Centred256(ref source, ref centre, hasMean, by, i);
            largest = Vector256.Max(largest, Vector256.Max(Vector256.Abs(low), Vector256.Abs(high)));
        }

        double most = Math.Max(Math.Max(largest[0], largest[1]), Math.Max(largest[2], largest[3]));
        for (int i = whole; i < vector.Length; i++)
        {
            most = Math.Max(most, Math.Abs(Centred(vector, multiplier, mean, i)));
        }

        float scale = ScaleOf(most, out double inverse);
        Vector256<double> scales = Vector256.Create((double)scale);
        Vector256<double> inverses = Vector256.Create(inverse);
        Vector256<double> sums0 = Vector256<double>.Zero;
        Vector256<double> sums1 = Vector256<double>.Zero;
        Vector256<double> sums2 = Vector256<double>.Zero;
        Vector256<double> sums3 = Vector256<double>.Zero;
        Vector256<int> codeSums = Vector256<int>.Zero;
        Vector256<int> squareSums = Vector256<int>.Zero;
        for (int i = 0; i < whole; i += NumLanes)
        {
            (Vector256<double> low, Vector256<double> high) = Centred256(ref source, ref centre, hasMean, by, i);
            Vector256<int> first = Quantize8(low, high, inverses, scales, ref sums0, ref sums1);
            (low, high) = Centred256(ref source, ref centre, hasMean, by, i + 8);
            Vector256<int> second = Quantize8(low, high, inverses, scales, ref sums2, ref sums3);
            codeSums += first + second;
            squareSums += (first * first) + (second * second);
            Vector256<short> shorts = Vector256.Narrow(first, second);
            Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).AsByte().StoreUnsafe(ref target, (nuint)i);
        }

        Span<double> lanes = stackalloc double[NumLanes];
        sums0.CopyTo(lanes);
        sums1.CopyTo(lanes.Slice(4));
        sums2.CopyTo(lanes.Slice(8));
        sums3.CopyTo(lanes.Slice(12));
        int sum = Vector256.Sum(codeSums);
        int sumOfSquares = Vector256.Sum(squareSums);
        QuantizeRest(vector, multiplier, mean, codes, whole, scale, inverse, lanes, ref sum, ref sumOfSquares);
        return Finish(scale, lanes, sum, sumOfSquares);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Low, Vector512<double> High) Centred512(ref float source, ref float centre, bool hasMean, Vector512<double> by, int index)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(Vector512.LoadUnsafe(ref source, (nuint)index));
        low *= by;
        high *= by;
        if (hasMean)
        {
            (Vector512<double> meanLow, Vector512<double> meanHigh) = Vector512.Widen(Vector512.LoadUnsafe(ref centre, (nuint)index));
            low -= meanLow;
            high -= meanHigh;
        }

        return (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> Low, Vector256<double> High) Centred256(ref float source, ref float centre, bool hasMean, Vector256<double> by, int index)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)index));
        low *= by;
        high *= by;
        if (hasMean)
        {
            (Vector256<double> meanLow, Vector256<double> meanHigh) = Vector256.Widen(Vector256.LoadUnsafe(ref centre, (nuint)index));
            low -= meanLow;
            high -= meanHigh;
        }

        return (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Quantize8(Vector256<double> low, Vector256<double> high, Vector256<double> inverses, Vector256<double> scales, ref Vector256<double> sums0, ref Vector256<double> sums1)
    {
        Vector256<double> rounder = Vector256.Create(Rounder);
        Vector256<double> raised0 = (low * inverses) + rounder;
        Vector256<double> raised1 = (high * inverses) + rounder;
        Vector256<double> code0 = raised0 - rounder;
        Vector256<double> code1 = raised1 - rounder;
        Vector256<double> error0 = low - (code0 * scales);
        Vector256<double> error1 = high - (code1 * scales);
        sums0 += error0 * error0;
        sums1 += error1 * error1;
        return Vector256.Narrow(raised0.AsInt64(), raised1.AsInt64());
    }
}
#endif
