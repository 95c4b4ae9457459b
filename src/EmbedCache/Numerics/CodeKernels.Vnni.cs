#if NET
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbedCache.Numerics;

/// <remarks>For processors with AVX-VNNI: 32 products of unsigned and signed bytes in one instruction.</remarks>
[SuppressMessage("Usage", "CA2252", Justification = "AvxVnni is marked as a preview in net8.0 and left that state unchanged in net9.0; where a runtime says that it is supported, it is.")]
internal static partial class CodeKernels
{
    internal static bool IsVnniSupported
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AvxVnni.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotVnni(ref byte query, nint half, ref byte row, nint length)
    {
        Vector256<byte> mask = Vector256.Create(LowHalf);
        Vector256<int> sum0 = Vector256<int>.Zero;
        Vector256<int> sum1 = Vector256<int>.Zero;
        Vector256<int> sum2 = Vector256<int>.Zero;
        Vector256<int> sum3 = Vector256<int>.Zero;
        nint index = 0;
        for (; index <= length - 64; index += 64)
        {
            Vector256<byte> first = Load256(ref row, index);
            Vector256<byte> second = Load256(ref row, index + 32);
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, first & mask, Load256(ref query, index).AsSByte());
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, UpperHalves(first, mask), Load256(ref query, half + index).AsSByte());
            sum2 = AvxVnni.MultiplyWideningAndAdd(sum2, second & mask, Load256(ref query, index + 32).AsSByte());
            sum3 = AvxVnni.MultiplyWideningAndAdd(sum3, UpperHalves(second, mask), Load256(ref query, half + index + 32).AsSByte());
        }

        if (index < length)
        {
            Vector256<byte> last = Load256(ref row, index);
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, last & mask, Load256(ref query, index).AsSByte());
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, UpperHalves(last, mask), Load256(ref query, half + index).AsSByte());
        }

        return Vector256.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Dot4Vnni(ref byte query0, ref byte query1, ref byte query2, ref byte query3, nint half, ref byte row, nint length, ref int results, nint resultStride)
    {
        // Two sums for each query: an addition takes four cycles or five, and two can begin in each.
        Vector256<byte> mask = Vector256.Create(LowHalf);
        Vector256<int> sum0 = Vector256<int>.Zero;
        Vector256<int> sum1 = Vector256<int>.Zero;
        Vector256<int> sum2 = Vector256<int>.Zero;
        Vector256<int> sum3 = Vector256<int>.Zero;
        Vector256<int> sum4 = Vector256<int>.Zero;
        Vector256<int> sum5 = Vector256<int>.Zero;
        Vector256<int> sum6 = Vector256<int>.Zero;
        Vector256<int> sum7 = Vector256<int>.Zero;
        for (nint index = 0; index < length; index += CodeLayout.Unit)
        {
            Vector256<byte> two = Load256(ref row, index);
            Vector256<byte> low = two & mask;
            Vector256<byte> high = UpperHalves(two, mask);
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, low, Load256(ref query0, index).AsSByte());
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, low, Load256(ref query1, index).AsSByte());
            sum2 = AvxVnni.MultiplyWideningAndAdd(sum2, low, Load256(ref query2, index).AsSByte());
            sum3 = AvxVnni.MultiplyWideningAndAdd(sum3, low, Load256(ref query3, index).AsSByte());
            sum4 = AvxVnni.MultiplyWideningAndAdd(sum4, high, Load256(ref query0, half + index).AsSByte());
            sum5 = AvxVnni.MultiplyWideningAndAdd(sum5, high, Load256(ref query1, half + index).AsSByte());
            sum6 = AvxVnni.MultiplyWideningAndAdd(sum6, high, Load256(ref query2, half + index).AsSByte());
            sum7 = AvxVnni.MultiplyWideningAndAdd(sum7, high, Load256(ref query3, half + index).AsSByte());
        }

        results = Vector256.Sum(sum0 + sum4);
        Unsafe.Add(ref results, resultStride) = Vector256.Sum(sum1 + sum5);
        Unsafe.Add(ref results, 2 * resultStride) = Vector256.Sum(sum2 + sum6);
        Unsafe.Add(ref results, 3 * resultStride) = Vector256.Sum(sum3 + sum7);
    }

    /// <summary>There is no shift of bytes: two at once, and what came from the other one off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> UpperHalves(Vector256<byte> two, Vector256<byte> mask) => (two.AsUInt16() >>> HalfBits).AsByte() & mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Load256(ref byte source, nint index) => Vector256.LoadUnsafe(ref source, (nuint)index);
}
#endif
