using System.Runtime.CompilerServices;

namespace EmbedCache.Numerics;

/// <remarks>The reference, in four independent sums, since one would wait for each addition to end.</remarks>
internal static partial class VectorKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float DotScalar(ref float a, ref float b, nint length)
    {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        nint index = 0;
        for (; index <= length - 4; index += 4)
        {
            sum0 += Unsafe.Add(ref a, index) * Unsafe.Add(ref b, index);
            sum1 += Unsafe.Add(ref a, index + 1) * Unsafe.Add(ref b, index + 1);
            sum2 += Unsafe.Add(ref a, index + 2) * Unsafe.Add(ref b, index + 2);
            sum3 += Unsafe.Add(ref a, index + 3) * Unsafe.Add(ref b, index + 3);
        }

        for (; index < length; index++)
        {
            sum0 += Unsafe.Add(ref a, index) * Unsafe.Add(ref b, index);
        }

        return (sum0 + sum1) + (sum2 + sum3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SquaredL2Scalar(ref float a, ref float b, nint length)
    {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        nint index = 0;
        for (; index <= length - 4; index += 4)
        {
            float difference0 = Unsafe.Add(ref a, index) - Unsafe.Add(ref b, index);
            float difference1 = Unsafe.Add(ref a, index + 1) - Unsafe.Add(ref b, index + 1);
            float difference2 = Unsafe.Add(ref a, index + 2) - Unsafe.Add(ref b, index + 2);
            float difference3 = Unsafe.Add(ref a, index + 3) - Unsafe.Add(ref b, index + 3);
            sum0 += difference0 * difference0;
            sum1 += difference1 * difference1;
            sum2 += difference2 * difference2;
            sum3 += difference3 * difference3;
        }

        for (; index < length; index++)
        {
            float difference = Unsafe.Add(ref a, index) - Unsafe.Add(ref b, index);
            sum0 += difference * difference;
        }

        return (sum0 + sum1) + (sum2 + sum3);
    }
}
