#if NET
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbedCache.Numerics;

/// <remarks>For processors with AVX-VNNI: 32 products in one instruction.</remarks>
[SuppressMessage("Usage", "CA2252", Justification = "AvxVnni is marked as a preview in net8.0 and left that state unchanged in net9.0; where a runtime says that it is supported, it is.")]
internal static partial class Int8Kernels
{
    internal static bool IsVnniSupported
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AvxVnni.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotVnni(ref byte query, ref byte row, nint stride)
    {
        Vector256<int> sum0 = Vector256<int>.Zero;
        Vector256<int> sum1 = Vector256<int>.Zero;
        Vector256<int> sum2 = Vector256<int>.Zero;
        Vector256<int> sum3 = Vector256<int>.Zero;
        nint index = 0;
        for (; index <= stride - 128; index += 128)
        {
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, Load256(ref query, index), Load256(ref row, index).AsSByte());
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, Load256(ref query, index + 32), Load256(ref row, index + 32).AsSByte());
            sum2 = AvxVnni.MultiplyWideningAndAdd(sum2, Load256(ref query, index + 64), Load256(ref row, index + 64).AsSByte());
            sum3 = AvxVnni.MultiplyWideningAndAdd(sum3, Load256(ref query, index + 96), Load256(ref row, index + 96).AsSByte());
        }

        if (index < stride)
        {
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, Load256(ref query, index), Load256(ref row, index).AsSByte());
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, Load256(ref query, index + 32), Load256(ref row, index + 32).AsSByte());
        }

        return Vector256.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Dot4Vnni(ref byte query0, ref byte query1, ref byte query2, ref byte query3, ref byte row, nint stride, ref int results, nint resultStride)
    {
        // Two sums for each query: an addition takes four cycles or five, and two can begin in each.
        Vector256<int> sum0 = Vector256<int>.Zero;
        Vector256<int> sum1 = Vector256<int>.Zero;
        Vector256<int> sum2 = Vector256<int>.Zero;
        Vector256<int> sum3 = Vector256<int>.Zero;
        Vector256<int> sum4 = Vector256<int>.Zero;
        Vector256<int> sum5 = Vector256<int>.Zero;
        Vector256<int> sum6 = Vector256<int>.Zero;
        Vector256<int> sum7 = Vector256<int>.Zero;
        for (nint index = 0; index < stride; index += StrideUnit)
        {
            Vector256<sbyte> low = Load256(ref row, index).AsSByte();
            Vector256<sbyte> high = Load256(ref row, index + 32).AsSByte();
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, Load256(ref query0, index), low);
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, Load256(ref query1, index), low);
            sum2 = AvxVnni.MultiplyWideningAndAdd(sum2, Load256(ref query2, index), low);
            sum3 = AvxVnni.MultiplyWideningAndAdd(sum3, Load256(ref query3, index), low);
            sum4 = AvxVnni.MultiplyWideningAndAdd(sum4, Load256(ref query0, index + 32), high);
            sum5 = AvxVnni.MultiplyWideningAndAdd(sum5, Load256(ref query1, index + 32), high);
            sum6 = AvxVnni.MultiplyWideningAndAdd(sum6, Load256(ref query2, index + 32), high);
            sum7 = AvxVnni.MultiplyWideningAndAdd(sum7, Load256(ref query3, index + 32), high);
        }

        results = Vector256.Sum(sum0 + sum4);
        Unsafe.Add(ref results, resultStride) = Vector256.Sum(sum1 + sum5);
        Unsafe.Add(ref results, 2 * resultStride) = Vector256.Sum(sum2 + sum6);
        Unsafe.Add(ref results, 3 * resultStride) = Vector256.Sum(sum3 + sum7);
    }

    /// <summary>Too much by 128 times the sum of b's codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotRowsVnni(ref byte a, ref byte b, nint stride)
    {
        Vector256<byte> sign = Vector256.Create(SignBit);
        Vector256<int> sum0 = Vector256<int>.Zero;
        Vector256<int> sum1 = Vector256<int>.Zero;
        nint index = 0;
        for (; index < stride - StrideUnit; index += StrideUnit)
        {
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, Load256(ref a, index) ^ sign, Load256(ref b, index).AsSByte());
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, Load256(ref a, index + 32) ^ sign, Load256(ref b, index + 32).AsSByte());
        }

        sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, Load256(ref a, index) ^ sign, Load256(ref b, index).AsSByte());
        Vector128<int> rest = AvxVnni.MultiplyWideningAndAdd(Vector128<int>.Zero, Load128(ref a, index + 32) ^ sign.GetLower(), Load128(ref b, index + 32).AsSByte());
        sum0 += sum1;
        return Vector128.Sum(sum0.GetLower() + sum0.GetUpper() + rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Load256(ref byte source, nint index) => Vector256.LoadUnsafe(ref source, (nuint)index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load128(ref byte source, nint index) => Vector128.LoadUnsafe(ref source, (nuint)index);
}
#endif
