#if NET
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbedCache.Numerics;

/// <remarks>For processors with AVX2: unsigned times signed bytes, added in pairs, which half-bytes are too small to saturate.</remarks>
internal static partial class CodeKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotAvx2(ref byte query, nint half, ref byte row, nint length)
    {
        Vector256<byte> mask = Vector256.Create(LowHalf);
        Vector256<short> ones = Vector256.Create((short)1);
        Vector256<int> sum0 = Vector256<int>.Zero;
        Vector256<int> sum1 = Vector256<int>.Zero;
        for (nint index = 0; index < length; index += Vector256<byte>.Count)
        {
            Vector256<byte> two = Load256(ref row, index);
            sum0 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(two & mask, Load256(ref query, index).AsSByte()), ones);
            sum1 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(UpperHalves(two, mask), Load256(ref query, half + index).AsSByte()), ones);
        }

        return Vector256.Sum(sum0 + sum1);
    }
}
#endif
