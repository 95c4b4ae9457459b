using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <remarks>
/// What a Record takes from a vector, in one pass: its bytes, their CRC and the norm. The CRC is bound by the multiplier, the copy by memory and the norm by its chain of
/// additions, so that together they take little longer than the CRC alone.
/// </remarks>
internal static partial class VectorNorm
{
    /// <summary>Copies a vector; gives the sum of its squares, as <see cref="SumOfSquares"/> does, and the CRC of its bytes.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="destination">Takes its bytes: at least four for each element.</param>
    /// <param name="crc">CRC-32 of what was written.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static double CopyAndSumSquares(ReadOnlySpan<float> vector, Span<byte> destination, out uint crc)
    {
#if NET
        if (IsOnePassSupported && vector.Length >= NumLanes)
        {
            return CopyInOnePass(vector, destination, out crc);
        }
#endif
        return CopyInSteps(vector, destination, out crc);
    }

    /// <summary>The reference.</summary>
    internal static double CopyInSteps(ReadOnlySpan<float> vector, Span<byte> destination, out uint crc)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(vector);
        bytes.CopyTo(destination);
        crc = Crc32.Compute(destination.Slice(0, bytes.Length));
        return SumOfSquares(vector);
    }

#if NET
    internal static bool IsOnePassSupported => Vector256.IsHardwareAccelerated && Crc32.IsClmulSupported;

    /// <summary>At least 16 elements: a step of the CRC is 64 bytes, one element for each lane of the sum.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    internal static double CopyInOnePass(ReadOnlySpan<float> vector, Span<byte> destination, out uint crc)
    {
        ref float source = ref MemoryMarshal.GetReference(vector);
        ref byte target = ref MemoryMarshal.GetReference(destination.Slice(0, vector.Length * sizeof(float)));
        nint length = vector.Length;

        Vector256<double> lanes0 = Vector256<double>.Zero;
        Vector256<double> lanes1 = Vector256<double>.Zero;
        Vector256<double> lanes2 = Vector256<double>.Zero;
        Vector256<double> lanes3 = Vector256<double>.Zero;

        // A fold of zeros is zero, so that the first step needs no loop of its own; the initial value is added to its first block.
        Vector128<ulong> folded0 = Vector128<ulong>.Zero;
        Vector128<ulong> folded1 = Vector128<ulong>.Zero;
        Vector128<ulong> folded2 = Vector128<ulong>.Zero;
        Vector128<ulong> folded3 = Vector128<ulong>.Zero;
        Vector128<ulong> initial = Vector128.CreateScalar((ulong)uint.MaxValue);
        Vector128<ulong> by512 = Vector128.Create(Crc32.Fold512Low, Crc32.Fold512High);
        nint index = 0;
        for (; index <= length - NumLanes; index += NumLanes)
        {
            Vector256<float> low = Vector256.LoadUnsafe(ref source, (nuint)index);
            Vector256<float> high = Vector256.LoadUnsafe(ref source, (nuint)index + 8);
            low.AsByte().StoreUnsafe(ref target, (nuint)index * sizeof(float));
            high.AsByte().StoreUnsafe(ref target, ((nuint)index * sizeof(float)) + 32);

            // From the registers: what is checked is what was stored, also when somebody writes to the vector meanwhile.
            folded0 = Crc32.Fold(folded0, by512) ^ low.GetLower().AsUInt64() ^ initial;
            folded1 = Crc32.Fold(folded1, by512) ^ low.GetUpper().AsUInt64();
            folded2 = Crc32.Fold(folded2, by512) ^ high.GetLower().AsUInt64();
            folded3 = Crc32.Fold(folded3, by512) ^ high.GetUpper().AsUInt64();
            initial = Vector128<ulong>.Zero;

            (Vector256<double> wide0, Vector256<double> wide1) = Vector256.Widen(low);
            (Vector256<double> wide2, Vector256<double> wide3) = Vector256.Widen(high);
            lanes0 += wide0 * wide0;
            lanes1 += wide1 * wide1;
            lanes2 += wide2 * wide2;
            lanes3 += wide3 * wide3;
        }

        crc = ~Crc32.Reduce512(folded0, folded1, folded2, folded3);
        Lanes lanes = default;
        lanes0.StoreUnsafe(ref lanes[0]);
        lanes1.StoreUnsafe(ref lanes[0], 4);
        lanes2.StoreUnsafe(ref lanes[0], 8);
        lanes3.StoreUnsafe(ref lanes[0], 12);
        for (nint lane = 0; index < length; lane++, index++)
        {
            float element = Unsafe.Add(ref source, index);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, index * sizeof(float)), element);
            lanes[(int)lane] += Square(element);
        }

        int rest = (vector.Length % NumLanes) * sizeof(float);
        if (rest > 0)
        {
            crc = Crc32.Append(crc, destination.Slice((vector.Length * sizeof(float)) - rest, rest));
        }

        return Combine(ref lanes[0]);
    }
#endif
}
