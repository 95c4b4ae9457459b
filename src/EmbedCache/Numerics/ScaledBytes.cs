using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>A vector as signed bytes times one scale: element = scale * code, code = element / scale rounded to nearest, ties to even. Bit for bit the same on every machine.</summary>
internal static class ScaledBytes
{
    /// <summary>Greatest magnitude of a code; -128 does not occur.</summary>
    public const int MaxCode = 127;

    /// <summary>Encodes finite elements; returns the scale, 0 for a zero vector (or one too small for a scale).</summary>
    public static float Encode(ReadOnlySpan<float> vector, Span<byte> codes)
    {
        float largest = 0;
        foreach (float element in vector)
        {
            largest = Math.Max(largest, Math.Abs(element));
        }

        float scale = largest / MaxCode;
        for (int i = 0; i < vector.Length; i++)
        {
            // In binary64, so that no quotient overflows.
            double code = scale == 0 ? 0 : Math.Round((double)vector[i] / scale, MidpointRounding.ToEven);
            codes[i] = (byte)(sbyte)Math.Min(Math.Max(code, -MaxCode), MaxCode);
        }

        return scale;
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Decode(ReadOnlySpan<byte> codes, float scale, Span<float> destination)
    {
        codes = codes.Slice(0, destination.Length);
        int done = 0;
#if NET
        if (Vector256.IsHardwareAccelerated)
        {
            done = DecodeVector256(ref MemoryMarshal.GetReference(codes), scale, destination);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            done = DecodeVector128(ref MemoryMarshal.GetReference(codes), scale, destination);
        }
#endif
        DecodeScalar(codes.Slice(done), scale, destination.Slice(done));
    }

    /// <summary>The reference.</summary>
    internal static void DecodeScalar(ReadOnlySpan<byte> codes, float scale, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (sbyte)codes[i] * scale;
        }
    }

#if NET
    internal static int DecodeVector256(ref byte codes, float scale, Span<float> destination)
    {
        ref sbyte source = ref Unsafe.As<byte, sbyte>(ref codes);
        Vector256<float> factor = Vector256.Create(scale);
        int i = 0;
        for (; i <= destination.Length - Vector128<sbyte>.Count; i += Vector128<sbyte>.Count)
        {
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)i));
            (Vector256<int> first, Vector256<int> second) = Vector256.Widen(Vector256.Create(low, high));
            (Vector256.ConvertToSingle(first) * factor).StoreUnsafe(ref destination[i]);
            (Vector256.ConvertToSingle(second) * factor).StoreUnsafe(ref destination[i + Vector256<int>.Count]);
        }

        return i;
    }

    internal static int DecodeVector128(ref byte codes, float scale, Span<float> destination)
    {
        ref sbyte source = ref Unsafe.As<byte, sbyte>(ref codes);
        Vector128<float> factor = Vector128.Create(scale);
        int i = 0;
        for (; i <= destination.Length - Vector128<sbyte>.Count; i += Vector128<sbyte>.Count)
        {
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)i));
            (Vector128<int> v0, Vector128<int> v1) = Vector128.Widen(low);
            (Vector128<int> v2, Vector128<int> v3) = Vector128.Widen(high);
            (Vector128.ConvertToSingle(v0) * factor).StoreUnsafe(ref destination[i]);
            (Vector128.ConvertToSingle(v1) * factor).StoreUnsafe(ref destination[i + 4]);
            (Vector128.ConvertToSingle(v2) * factor).StoreUnsafe(ref destination[i + 8]);
            (Vector128.ConvertToSingle(v3) * factor).StoreUnsafe(ref destination[i + 12]);
        }

        return i;
    }
#endif
}
