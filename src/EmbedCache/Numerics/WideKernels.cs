using System.Runtime.CompilerServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// Inner product and squared Euclidean distance in binary64: for the few candidates that are scored again, and for vectors whose products leave the range of a float
/// (elements of 1e20 or 1e-24 are legal). Accepts every finite float up to 65,536 elements without overflow, and gives the same bits on every machine.
/// </summary>
/// <remarks>
/// The order: element i goes to sum i mod 4, in ascending i; then (0 + 1) + (2 + 3). No fused multiply-add. Portable code on purpose: it runs on few vectors.
/// </remarks>
internal static class WideKernels
{
    /// <summary>The inner product; 0 for empty vectors.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
        {
            Throw.LengthsDiffer(a.Length, b.Length);
        }

        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int index = 0;
        for (; index <= a.Length - 4; index += 4)
        {
            sum0 += (double)a[index] * b[index];
            sum1 += (double)a[index + 1] * b[index + 1];
            sum2 += (double)a[index + 2] * b[index + 2];
            sum3 += (double)a[index + 3] * b[index + 3];
        }

        if (index < a.Length)
        {
            sum0 += (double)a[index] * b[index];
        }

        if (index + 1 < a.Length)
        {
            sum1 += (double)a[index + 1] * b[index + 1];
        }

        if (index + 2 < a.Length)
        {
            sum2 += (double)a[index + 2] * b[index + 2];
        }

        return (sum0 + sum1) + (sum2 + sum3);
    }

    /// <summary>The square of the Euclidean distance; 0 for empty vectors.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static double SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
        {
            Throw.LengthsDiffer(a.Length, b.Length);
        }

        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int index = 0;
        for (; index <= a.Length - 4; index += 4)
        {
            sum0 += SquaredDifference(a[index], b[index]);
            sum1 += SquaredDifference(a[index + 1], b[index + 1]);
            sum2 += SquaredDifference(a[index + 2], b[index + 2]);
            sum3 += SquaredDifference(a[index + 3], b[index + 3]);
        }

        if (index < a.Length)
        {
            sum0 += SquaredDifference(a[index], b[index]);
        }

        if (index + 1 < a.Length)
        {
            sum1 += SquaredDifference(a[index + 1], b[index + 1]);
        }

        if (index + 2 < a.Length)
        {
            sum2 += SquaredDifference(a[index + 2], b[index + 2]);
        }

        return (sum0 + sum1) + (sum2 + sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double SquaredDifference(double left, double right)
    {
        double difference = left - right;
        return difference * difference;
    }
}
