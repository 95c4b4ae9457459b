#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EmbedCache.Numerics;

/// <remarks>For Arm processors with the dot product instructions, which multiply signed by signed bytes: a half-byte is one.</remarks>
internal static partial class CodeKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotArm(ref byte query, nint half, ref byte row, nint length)
    {
        Vector128<byte> mask = Vector128.Create(LowHalf);
        Vector128<int> sum0 = Vector128<int>.Zero;
        Vector128<int> sum1 = Vector128<int>.Zero;
        for (nint index = 0; index < length; index += Vector128<byte>.Count)
        {
            Vector128<byte> two = Load128(ref row, index);
            sum0 = Dp.DotProduct(sum0, (two & mask).AsSByte(), Load128(ref query, index).AsSByte());
            sum1 = Dp.DotProduct(sum1, (two >>> HalfBits).AsSByte(), Load128(ref query, half + index).AsSByte());
        }

        return Vector128.Sum(sum0 + sum1);
    }
}
#endif
