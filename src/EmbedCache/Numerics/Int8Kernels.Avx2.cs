#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbedCache.Numerics;

/// <remarks>For processors with AVX2: bytes widened to 16 bits, whose products are added in pairs without saturation.</remarks>
internal static partial class Int8Kernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotAvx2(ref byte query, ref byte row, nint stride)
    {
        Vector256<int> sum0 = Vector256<int>.Zero;
        Vector256<int> sum1 = Vector256<int>.Zero;
        for (nint index = 0; index < stride; index += 32)
        {
            sum0 += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Load128(ref query, index)), Avx2.ConvertToVector256Int16(Load128(ref row, index).AsSByte()));
            sum1 += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Load128(ref query, index + 16)), Avx2.ConvertToVector256Int16(Load128(ref row, index + 16).AsSByte()));
        }

        return Vector256.Sum(sum0 + sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotRowsAvx2(ref byte a, ref byte b, nint stride)
    {
        Vector256<int> sum = Vector256<int>.Zero;
        for (nint index = 0; index < stride - TailByteLength; index += 16)
        {
            sum += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Load128(ref a, index).AsSByte()), Avx2.ConvertToVector256Int16(Load128(ref b, index).AsSByte()));
        }

        return Vector256.Sum(sum);
    }
}
#endif
