#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EmbedCache.Numerics;

/// <remarks>For every processor with vectors of 128 bits: a product of a byte and a signed byte fits 16 bits, a sum of two does not.</remarks>
internal static partial class Int8Kernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotVector128(ref byte query, ref byte row, nint stride)
    {
        Vector128<int> sum = Vector128<int>.Zero;
        for (nint index = 0; index < stride; index += 16)
        {
            (Vector128<ushort> q0, Vector128<ushort> q1) = Vector128.Widen(Load128(ref query, index));
            (Vector128<short> r0, Vector128<short> r1) = Vector128.Widen(Load128(ref row, index).AsSByte());
            sum += SumOfPairs(q0.AsInt16() * r0) + SumOfPairs(q1.AsInt16() * r1);
        }

        return Vector128.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotRowsVector128(ref byte a, ref byte b, nint stride)
    {
        Vector128<int> sum = Vector128<int>.Zero;
        for (nint index = 0; index < stride - TailByteLength; index += 16)
        {
            (Vector128<short> a0, Vector128<short> a1) = Vector128.Widen(Load128(ref a, index).AsSByte());
            (Vector128<short> b0, Vector128<short> b1) = Vector128.Widen(Load128(ref b, index).AsSByte());
            sum += SumOfPairs(a0 * b0) + SumOfPairs(a1 * b1);
        }

        return Vector128.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> SumOfPairs(Vector128<short> products) => Vector128.WidenLower(products) + Vector128.WidenUpper(products);
}
#endif
