#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbedCache.Numerics;

/// <remarks>For processors with AVX-512: 64 floats at a time.</remarks>
internal static partial class VectorKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float DotVector512(ref float a, ref float b, nint length)
    {
        if (length < Vector512<float>.Count)
        {
            return DotShort(ref a, ref b, length);
        }

        Vector512<float> sum0 = Vector512<float>.Zero;
        Vector512<float> sum1 = Vector512<float>.Zero;
        Vector512<float> sum2 = Vector512<float>.Zero;
        Vector512<float> sum3 = Vector512<float>.Zero;
        nint index = 0;
        for (; index <= length - (4 * Vector512<float>.Count); index += 4 * Vector512<float>.Count)
        {
            sum0 = MultiplyAdd(Load512(ref a, index), Load512(ref b, index), sum0);
            sum1 = MultiplyAdd(Load512(ref a, index + Vector512<float>.Count), Load512(ref b, index + Vector512<float>.Count), sum1);
            sum2 = MultiplyAdd(Load512(ref a, index + (2 * Vector512<float>.Count)), Load512(ref b, index + (2 * Vector512<float>.Count)), sum2);
            sum3 = MultiplyAdd(Load512(ref a, index + (3 * Vector512<float>.Count)), Load512(ref b, index + (3 * Vector512<float>.Count)), sum3);
        }

        for (; index <= length - Vector512<float>.Count; index += Vector512<float>.Count)
        {
            sum0 = MultiplyAdd(Load512(ref a, index), Load512(ref b, index), sum0);
        }

        if (index < length)
        {
            nint start = length - Vector512<float>.Count;
            Vector512<float> isNew = NewLanes512(index - start);
            sum1 = MultiplyAdd(Load512(ref a, start) & isNew, Load512(ref b, start) & isNew, sum1);
        }

        return Vector512.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SquaredL2Vector512(ref float a, ref float b, nint length)
    {
        if (length < Vector512<float>.Count)
        {
            return SquaredL2Short(ref a, ref b, length);
        }

        Vector512<float> sum0 = Vector512<float>.Zero;
        Vector512<float> sum1 = Vector512<float>.Zero;
        Vector512<float> sum2 = Vector512<float>.Zero;
        Vector512<float> sum3 = Vector512<float>.Zero;
        nint index = 0;
        for (; index <= length - (4 * Vector512<float>.Count); index += 4 * Vector512<float>.Count)
        {
            Vector512<float> difference0 = Load512(ref a, index) - Load512(ref b, index);
            Vector512<float> difference1 = Load512(ref a, index + Vector512<float>.Count) - Load512(ref b, index + Vector512<float>.Count);
            Vector512<float> difference2 = Load512(ref a, index + (2 * Vector512<float>.Count)) - Load512(ref b, index + (2 * Vector512<float>.Count));
            Vector512<float> difference3 = Load512(ref a, index + (3 * Vector512<float>.Count)) - Load512(ref b, index + (3 * Vector512<float>.Count));
            sum0 = MultiplyAdd(difference0, difference0, sum0);
            sum1 = MultiplyAdd(difference1, difference1, sum1);
            sum2 = MultiplyAdd(difference2, difference2, sum2);
            sum3 = MultiplyAdd(difference3, difference3, sum3);
        }

        for (; index <= length - Vector512<float>.Count; index += Vector512<float>.Count)
        {
            Vector512<float> difference = Load512(ref a, index) - Load512(ref b, index);
            sum0 = MultiplyAdd(difference, difference, sum0);
        }

        if (index < length)
        {
            nint start = length - Vector512<float>.Count;
            Vector512<float> difference = (Load512(ref a, start) - Load512(ref b, start)) & NewLanes512(index - start);
            sum1 = MultiplyAdd(difference, difference, sum1);
        }

        return Vector512.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load512(ref float source, nint index) => Vector512.LoadUnsafe(ref source, (nuint)index);

    /// <summary>The last vector of a row may overlap the one before it: all bits in the lanes that were not counted yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> NewLanes512(nint numCounted) =>
        Vector512.GreaterThanOrEqual(Vector512.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f, 10f, 11f, 12f, 13f, 14f, 15f), Vector512.Create((float)numCounted));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend)
    {
        return Avx512F.IsSupported ? Avx512F.FusedMultiplyAdd(left, right, addend) : (left * right) + addend;
    }
}
#endif
