#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EmbedCache.Numerics;

/// <remarks>For every processor with vectors of 128 bits: a product of a half-byte and a signed byte fits 16 bits, and so does the sum of two.</remarks>
internal static partial class CodeKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotVector128(ref byte query, nint half, ref byte row, nint length)
    {
        Vector128<byte> mask = Vector128.Create(LowHalf);
        Vector128<int> sum = Vector128<int>.Zero;
        for (nint index = 0; index < length; index += Vector128<byte>.Count)
        {
            Vector128<byte> two = Load128(ref row, index);
            sum += SumOfProducts(two & mask, Load128(ref query, index));
            sum += SumOfProducts(two >>> HalfBits, Load128(ref query, half + index));
        }

        return Vector128.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> SumOfProducts(Vector128<byte> halves, Vector128<byte> codes)
    {
        (Vector128<short> h0, Vector128<short> h1) = Vector128.Widen(halves.AsSByte());
        (Vector128<short> c0, Vector128<short> c1) = Vector128.Widen(codes.AsSByte());
        Vector128<short> products = (h0 * c0) + (h1 * c1);
        return Vector128.WidenLower(products) + Vector128.WidenUpper(products);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load128(ref byte source, nint index) => Vector128.LoadUnsafe(ref source, (nuint)index);
}
#endif
