using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// Conversion of finite numbers between binary32 and binary16 (IEEE 754), bit for bit the same on every machine: rounding to nearest, ties to even, subnormals
/// kept. There are no infinities and no NaN here: exponent 31 is read as one more power of two, and what is too large becomes the largest finite number.
/// </summary>
internal static class Float16
{
    /// <summary>The largest finite number, 65,504.</summary>
    public const ushort MaxValueBits = 0x7BFF;

    private const int SignMask = 0x8000;
    private const int FractionShift = 23 - 10;
    private const float TwoTo112 = 5.192296858534828e33f; // moves the exponent's bias from 15 to 127

    /// <summary>The nearest binary16 of a finite number.</summary>
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint sign = (bits >> 16) & SignMask;
        uint magnitude = bits & 0x7FFFFFFF;
        int exponent = (int)(magnitude >> 23) - 127;
        if (exponent < -25)
        {
            // Below half of the least subnormal.
            return (ushort)sign;
        }

        uint rounded;
        if (exponent < -14)
        {
            // Subnormal: the significand, its hidden bit written out, in units of 2^-24.
            rounded = RoundShift((magnitude & 0x7FFFFF) | 0x800000, -exponent - 1);
        }
        else
        {
            // A carry out of the fraction raises the exponent, as it should.
            rounded = RoundShift(magnitude - ((127 - 15) << 23), FractionShift);
        }

        return (ushort)(sign | Math.Min(rounded, MaxValueBits));
    }

    /// <summary>A binary16 as a binary32, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort value)
    {
        // The bits as those of a tiny float, whose multiplication by a power of two is exact, subnormals included.
        float magnitude = BitConverter.UInt32BitsToSingle((uint)(value & 0x7FFF) << FractionShift) * TwoTo112;
        return (value & SignMask) != 0 ? -magnitude : magnitude;
    }

    /// <summary>Decodes little-endian halves, each times a scale.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Decode(ReadOnlySpan<byte> halves, float scale, Span<float> destination)
    {
        halves = halves.Slice(0, destination.Length * sizeof(ushort));
        int done = 0;
#if NET
        if (Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            done = DecodeVector256(ref MemoryMarshal.GetReference(halves), scale, destination);
        }
        else if (Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            done = DecodeVector128(ref MemoryMarshal.GetReference(halves), scale, destination);
        }
#endif
        DecodeScalar(halves.Slice(done * sizeof(ushort)), scale, destination.Slice(done));
    }

    /// <summary>The reference.</summary>
    internal static void DecodeScalar(ReadOnlySpan<byte> halves, float scale, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = ToSingle((ushort)(halves[2 * i] | (halves[(2 * i) + 1] << 8))) * scale;
        }
    }

    /// <summary>Shifts right, to nearest, ties to even.</summary>
    private static uint RoundShift(uint value, int shift)
    {
        uint half = 1u << (shift - 1);
        uint kept = value >> shift;
        uint rest = value & ((1u << shift) - 1);
        return rest > half || (rest == half && (kept & 1) != 0) ? kept + 1 : kept;
    }

#if NET
    internal static int DecodeVector256(ref byte halves, float scale, Span<float> destination)
    {
        ref ushort source = ref Unsafe.As<byte, ushort>(ref halves);
        int i = 0;
        for (; i <= destination.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)i));
            Scaled(low, scale).StoreUnsafe(ref destination[i]);
            Scaled(high, scale).StoreUnsafe(ref destination[i + Vector256<uint>.Count]);
        }

        return i;

        static Vector256<float> Scaled(Vector256<uint> bits, float scale)
        {
            Vector256<float> magnitude = Vector256.ShiftLeft(bits & Vector256.Create(0x7FFFu), FractionShift).AsSingle() * Vector256.Create(TwoTo112);
            return (magnitude.AsUInt32() | Vector256.ShiftLeft(bits & Vector256.Create((uint)SignMask), 16)).AsSingle() * Vector256.Create(scale);
        }
    }

    internal static int DecodeVector128(ref byte halves, float scale, Span<float> destination)
    {
        ref ushort source = ref Unsafe.As<byte, ushort>(ref halves);
        int i = 0;
        for (; i <= destination.Length - Vector128<ushort>.Count; i += Vector128<ushort>.Count)
        {
            (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)i));
            Scaled(low, scale).StoreUnsafe(ref destination[i]);
            Scaled(high, scale).StoreUnsafe(ref destination[i + Vector128<uint>.Count]);
        }

        return i;

        static Vector128<float> Scaled(Vector128<uint> bits, float scale)
        {
            Vector128<float> magnitude = Vector128.ShiftLeft(bits & Vector128.Create(0x7FFFu), FractionShift).AsSingle() * Vector128.Create(TwoTo112);
            return (magnitude.AsUInt32() | Vector128.ShiftLeft(bits & Vector128.Create((uint)SignMask), 16)).AsSingle() * Vector128.Create(scale);
        }
    }
#endif
}
