using System.Runtime.CompilerServices;

namespace EmbedCache.Numerics;

/// <remarks>The reference.</remarks>
internal static partial class CodeKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int DotScalar(ref byte query, nint half, ref byte row, nint length)
    {
        int low = 0;
        int high = 0;
        for (nint index = 0; index < length; index++)
        {
            byte two = Unsafe.Add(ref row, index);
            low += (sbyte)Unsafe.Add(ref query, index) * (two & LowHalf);
            high += (sbyte)Unsafe.Add(ref query, half + index) * (two >> HalfBits);
        }

        return low + high;
    }
}
