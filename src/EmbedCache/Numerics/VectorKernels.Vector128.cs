#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <remarks>For Arm64 (AdvSimd) and for x64 without AVX: 16 floats at a time.</remarks>
internal static partial class VectorKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float DotVector128(ref float a, ref float b, nint length)
    {
        if (length < Vector128<float>.Count)
        {
            return DotScalar(ref a, ref b, length);
        }

        Vector128<float> sum0 = Vector128<float>.Zero;
        Vector128<float> sum1 = Vector128<float>.Zero;
        Vector128<float> sum2 = Vector128<float>.Zero;
        Vector128<float> sum3 = Vector128<float>.Zero;
        nint index = 0;
        for (; index <= length - (4 * Vector128<float>.Count); index += 4 * Vector128<float>.Count)
        {
            sum0 = MultiplyAdd(Load128(ref a, index), Load128(ref b, index), sum0);
            sum1 = MultiplyAdd(Load128(ref a, index + Vector128<float>.Count), Load128(ref b, index + Vector128<float>.Count), sum1);
            sum2 = MultiplyAdd(Load128(ref a, index + (2 * Vector128<float>.Count)), Load128(ref b, index + (2 * Vector128<float>.Count)), sum2);
            sum3 = MultiplyAdd(Load128(ref a, index + (3 * Vector128<float>.Count)), Load128(ref b, index + (3 * Vector128<float>.Count)), sum3);
        }

        for (; index <= length - Vector128<float>.Count; index += Vector128<float>.Count)
        {
            sum0 = MultiplyAdd(Load128(ref a, index), Load128(ref b, index), sum0);
        }

        if (index < length)
        {
            nint start = length - Vector128<float>.Count;
            Vector128<float> isNew = NewLanes128(index - start);
            sum1 = MultiplyAdd(Load128(ref a, start) & isNew, Load128(ref b, start) & isNew, sum1);
        }

        return Vector128.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SquaredL2Vector128(ref float a, ref float b, nint length)
    {
        if (length < Vector128<float>.Count)
        {
            return SquaredL2Scalar(ref a, ref b, length);
        }

        Vector128<float> sum0 = Vector128<float>.Zero;
        Vector128<float> sum1 = Vector128<float>.Zero;
        Vector128<float> sum2 = Vector128<float>.Zero;
        Vector128<float> sum3 = Vector128<float>.Zero;
        nint index = 0;
        for (; index <= length - (4 * Vector128<float>.Count); index += 4 * Vector128<float>.Count)
        {
            Vector128<float> difference0 = Load128(ref a, index) - Load128(ref b, index);
            Vector128<float> difference1 = Load128(ref a, index + Vector128<float>.Count) - Load128(ref b, index + Vector128<float>.Count);
            Vector128<float> difference2 = Load128(ref a, index + (2 * Vector128<float>.Count)) - Load128(ref b, index + (2 * Vector128<float>.Count));
            Vector128<float> difference3 = Load128(ref a, index + (3 * Vector128<float>.Count)) - Load128(ref b, index + (3 * Vector128<float>.Count));
            sum0 = MultiplyAdd(difference0, difference0, sum0);
            sum1 = MultiplyAdd(difference1, difference1, sum1);
            sum2 = MultiplyAdd(difference2, difference2, sum2);
            sum3 = MultiplyAdd(difference3, difference3, sum3);
        }

        for (; index <= length - Vector128<float>.Count; index += Vector128<float>.Count)
        {
            Vector128<float> difference = Load128(ref a, index) - Load128(ref b, index);
            sum0 = MultiplyAdd(difference, difference, sum0);
        }

        if (index < length)
        {
            nint start = length - Vector128<float>.Count;
            Vector128<float> difference = (Load128(ref a, start) - Load128(ref b, start)) & NewLanes128(index - start);
            sum1 = MultiplyAdd(difference, difference, sum1);
        }

        return Vector128.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Load128(ref float source, nint index) => Vector128.LoadUnsafe(ref source, (nuint)index);

    /// <summary>The last vector of a row may overlap the one before it: all bits in the lanes that were not counted yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> NewLanes128(nint numCounted) =>
        Vector128.GreaterThanOrEqual(Vector128.Create(0f, 1f, 2f, 3f), Vector128.Create((float)numCounted));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend)
    {
        if (AdvSimd.IsSupported)
        {
            return AdvSimd.FusedMultiplyAdd(addend, left, right);
        }

        return Fma.IsSupported ? Fma.MultiplyAdd(left, right, addend) : (left * right) + addend;
    }

    // Rows shorter than one wide vector. Rare, so these are calls: inlined, they would double the code of every loop that takes a Body.
    [MethodImpl(JitOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float DotShort(ref float a, ref float b, nint length) => DotVector128(ref a, ref b, length);

    [MethodImpl(JitOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float SquaredL2Short(ref float a, ref float b, nint length) => SquaredL2Vector128(ref a, ref b, length);
}
#endif
