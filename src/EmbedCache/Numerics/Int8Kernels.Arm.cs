#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EmbedCache.Numerics;

/// <remarks>For Arm processors with the dot product instructions, which multiply signed by signed bytes.</remarks>
internal static partial class Int8Kernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotArm(ref byte query, ref byte row, nint stride)
    {
        // The query less 128 everywhere, and 128 times the row added again: what stands behind the row's codes cancels out.
        Vector128<byte> sign = Vector128.Create(SignBit);
        Vector128<sbyte> ones = Vector128.Create((sbyte)1);
        Vector128<int> sum = Vector128<int>.Zero;
        Vector128<int> rowSum = Vector128<int>.Zero;
        for (nint index = 0; index < stride; index += 16)
        {
            Vector128<sbyte> codes = Load128(ref row, index).AsSByte();
            sum = Dp.DotProduct(sum, (Load128(ref query, index) ^ sign).AsSByte(), codes);
            rowSum = Dp.DotProduct(rowSum, ones, codes);
        }

        return Vector128.Sum(sum) + (128 * Vector128.Sum(rowSum));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotRowsArm(ref byte a, ref byte b, nint stride)
    {
        Vector128<int> sum = Vector128<int>.Zero;
        for (nint index = 0; index < stride - TailByteLength; index += 16)
        {
            sum = Dp.DotProduct(sum, Load128(ref a, index).AsSByte(), Load128(ref b, index).AsSByte());
        }

        return Vector128.Sum(sum);
    }
}
#endif
