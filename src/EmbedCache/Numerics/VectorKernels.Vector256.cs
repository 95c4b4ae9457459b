#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbedCache.Numerics;

/// <remarks>For processors with AVX2: 32 floats at a time.</remarks>
internal static partial class VectorKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float DotVector256(ref float a, ref float b, nint length)
    {
        if (length < Vector256<float>.Count)
        {
            return DotShort(ref a, ref b, length);
        }

        Vector256<float> sum0 = Vector256<float>.Zero;
        Vector256<float> sum1 = Vector256<float>.Zero;
        Vector256<float> sum2 = Vector256<float>.Zero;
        Vector256<float> sum3 = Vector256<float>.Zero;
        nint index = 0;
        for (; index <= length - (4 * Vector256<float>.Count); index += 4 * Vector256<float>.Count)
        {
            sum0 = MultiplyAdd(Load256(ref a, index), Load256(ref b, index), sum0);
            sum1 = MultiplyAdd(Load256(ref a, index + Vector256<float>.Count), Load256(ref b, index + Vector256<float>.Count), sum1);
            sum2 = MultiplyAdd(Load256(ref a, index + (2 * Vector256<float>.Count)), Load256(ref b, index + (2 * Vector256<float>.Count)), sum2);
            sum3 = MultiplyAdd(Load256(ref a, index + (3 * Vector256<float>.Count)), Load256(ref b, index + (3 * Vector256<float>.Count)), sum3);
        }

        for (; index <= length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            sum0 = MultiplyAdd(Load256(ref a, index), Load256(ref b, index), sum0);
        }

        if (index < length)
        {
            nint start = length - Vector256<float>.Count;
            Vector256<float> isNew = NewLanes256(index - start);
            sum1 = MultiplyAdd(Load256(ref a, start) & isNew, Load256(ref b, start) & isNew, sum1);
        }

        return Vector256.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SquaredL2Vector256(ref float a, ref float b, nint length)
    {
        if (length < Vector256<float>.Count)
        {
            return SquaredL2Short(ref a, ref b, length);
        }

        Vector256<float> sum0 = Vector256<float>.Zero;
        Vector256<float> sum1 = Vector256<float>.Zero;
        Vector256<float> sum2 = Vector256<float>.Zero;
        Vector256<float> sum3 = Vector256<float>.Zero;
        nint index = 0;
        for (; index <= length - (4 * Vector256<float>.Count); index += 4 * Vector256<float>.Count)
        {
            Vector256<float> difference0 = Load256(ref a, index) - Load256(ref b, index);
            Vector256<float> difference1 = Load256(ref a, index + Vector256<float>.Count) - Load256(ref b, index + Vector256<float>.Count);
            Vector256<float> difference2 = Load256(ref a, index + (2 * Vector256<float>.Count)) - Load256(ref b, index + (2 * Vector256<float>.Count));
            Vector256<float> difference3 = Load256(ref a, index + (3 * Vector256<float>.Count)) - Load256(ref b, index + (3 * Vector256<float>.Count));
            sum0 = MultiplyAdd(difference0, difference0, sum0);
            sum1 = MultiplyAdd(difference1, difference1, sum1);
            sum2 = MultiplyAdd(difference2, difference2, sum2);
            sum3 = MultiplyAdd(difference3, difference3, sum3);
        }

        for (; index <= length - Vector256<float>.Count; index += Vector256<float>.Count)
        {
            Vector256<float> difference = Load256(ref a, index) - Load256(ref b, index);
            sum0 = MultiplyAdd(difference, difference, sum0);
        }

        if (index < length)
        {
            nint start = length - Vector256<float>.Count;
            Vector256<float> difference = (Load256(ref a, start) - Load256(ref b, start)) & NewLanes256(index - start);
            sum1 = MultiplyAdd(difference, difference, sum1);
        }

        return Vector256.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load256(ref float source, nint index) => Vector256.LoadUnsafe(ref source, (nuint)index);

    /// <summary>The last vector of a row may overlap the one before it: all bits in the lanes that were not counted yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> NewLanes256(nint numCounted) =>
        Vector256.GreaterThanOrEqual(Vector256.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f), Vector256.Create((float)numCounted));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend)
    {
        return Fma.IsSupported ? Fma.MultiplyAdd(left, right, addend) : (left * right) + addend;
    }
}
#endif
