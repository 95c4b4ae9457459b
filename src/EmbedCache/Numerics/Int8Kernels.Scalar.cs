using System.Runtime.CompilerServices;

namespace EmbedCache.Numerics;

/// <remarks>The reference.</remarks>
internal static partial class Int8Kernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotScalar(ref byte query, ref byte row, nint stride)
    {
        int sum0 = 0;
        int sum1 = 0;
        for (nint index = 0; index < stride; index += 2)
        {
            sum0 += Unsafe.Add(ref query, index) * (sbyte)Unsafe.Add(ref row, index);
            sum1 += Unsafe.Add(ref query, index + 1) * (sbyte)Unsafe.Add(ref row, index + 1);
        }

        return sum0 + sum1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotRowsScalar(ref byte a, ref byte b, nint stride)
    {
        int sum0 = 0;
        int sum1 = 0;
        for (nint index = 0; index < stride - TailByteLength; index += 2)
        {
            sum0 += (sbyte)Unsafe.Add(ref a, index) * (sbyte)Unsafe.Add(ref b, index);
            sum1 += (sbyte)Unsafe.Add(ref a, index + 1) * (sbyte)Unsafe.Add(ref b, index + 1);
        }

        return sum0 + sum1;
    }
}
