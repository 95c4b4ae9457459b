using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// The L2 norm of a float vector, in binary64 and in one order of summation, so that every machine and every instruction set gives the same bits. It is persisted
/// with each record, and golden files rest on it.
/// </summary>
/// <remarks>
/// The order: element i is squared and added to lane i mod 16, in ascending i; then lane j takes up lane j + 8, lane j + 4, lane j + 2 and
/// lane j + 1, in these four steps; the norm is the square root of lane 0. The square of a float is exact in binary64 (two 24-bit
/// significands), so that only the additions round. No square of a finite float overflows or vanishes, nor can the sum of 65,536 of them.
/// </remarks>
internal static partial class VectorNorm
{
    private const int NumLanes = 16;

    /// <summary>The norm; 0 for an empty vector, NaN or infinity when an element is.</summary>
    public static double Norm(ReadOnlySpan<float> vector) => Math.Sqrt(SumOfSquares(vector));

    /// <summary>The norm, and in the same pass whether every element is finite: false when one is NaN or infinite.</summary>
    public static bool TryMeasure(ReadOnlySpan<float> vector, out double norm)
    {
        double sum = SumOfSquares(vector);
        norm = Math.Sqrt(sum);
        return IsSumOfFinite(sum);
    }

    /// <summary>A sum of squares of finite floats is finite, and one NaN or infinity makes it NaN or infinity.</summary>
    public static bool IsSumOfFinite(double sumOfSquares) => sumOfSquares <= double.MaxValue;

    /// <summary>target = source * multiplier, each product rounded once: what brings a vector to length 1.</summary>
    /// <param name="source">The vector.</param>
    /// <param name="multiplier">One over its norm.</param>
    /// <param name="target">Receives as many elements.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Scale(ReadOnlySpan<float> source, double multiplier, Span<float> target)
    {
        if (target.Length < source.Length)
        {
            Throw.LengthsDiffer(source.Length, target.Length);
        }

        int done = 0;
#if NET
        if (Vector256.IsHardwareAccelerated)
        {
            done = source.Length & -Vector256<float>.Count;
            ScaleVector256(ref MemoryMarshal.GetReference(source), multiplier, ref MemoryMarshal.GetReference(target), done);
        }
#endif
        ScaleScalar(source.Slice(done), multiplier, target.Slice(done));
    }

    /// <summary>The reference.</summary>
    public static void ScaleScalar(ReadOnlySpan<float> source, double multiplier, Span<float> target)
    {
        for (int i = 0; i < source.Length; i++)
        {
            target[i] = (float)(source[i] * multiplier);
        }
    }

    /// <summary>The square of the norm before its root is taken.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static double SumOfSquares(ReadOnlySpan<float> vector)
    {
#if NET
        ref float source = ref MemoryMarshal.GetReference(vector);
        if (Vector512.IsHardwareAccelerated)
        {
            return SumOfSquaresVector512(ref source, vector.Length);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            return SumOfSquaresVector256(ref source, vector.Length);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            return SumOfSquaresVector128(ref source, vector.Length);
        }
#endif
        return SumOfSquaresScalar(vector);
    }

    /// <summary>The reference.</summary>
    internal static double SumOfSquaresScalar(ReadOnlySpan<float> vector)
    {
        Span<double> lanes = stackalloc double[NumLanes];
        lanes.Clear();
        while (vector.Length >= NumLanes)
        {
            for (int lane = 0; lane < NumLanes; lane++)
            {
                lanes[lane] += Square(vector[lane]);
            }

            vector = vector.Slice(NumLanes);
        }

        for (int lane = 0; lane < vector.Length; lane++)
        {
            lanes[lane] += Square(vector[lane]);
        }

        return Combine(ref MemoryMarshal.GetReference(lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Square(double element) => element * element;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Combine(ref double lanes)
    {
        for (int half = NumLanes / 2; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++)
            {
                Unsafe.Add(ref lanes, lane) += Unsafe.Add(ref lanes, lane + half);
            }
        }

        return lanes;
    }
}
