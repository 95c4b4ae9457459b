using System.Runtime.CompilerServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
#else
using System.Numerics.Tensors;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// Inner product and squared Euclidean distance of float vectors of equal length, of any length, aligned or not.
/// </summary>
/// <remarks>
/// Results are scores and never persisted: the order of summation and the use of fused multiply-add are those of the processor, and two machines may differ in the
/// last bits. What is persisted is computed by <see cref="VectorNorm"/>.
/// <para>
/// Tiered compilation would run these at a fraction of their speed for the whole life of a short process, so that <see cref="Dot"/> and
/// <see cref="SquaredL2"/> are compiled optimised at once. A loop over many vectors does better still by inlining the Body form; its own method
/// must then be marked <see cref="JitOptions.AggressiveOptimization"/>. Which instruction set runs is decided by constants of the just-in-time compiler, not at run time.
/// </para>
/// </remarks>
internal static partial class VectorKernels
{
    /// <summary>The inner product; 0 for empty vectors.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => DotBody(a, b);

    /// <summary>The square of the Euclidean distance; 0 for empty vectors.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => SquaredL2Body(a, b);

    /// <summary><see cref="Dot"/>, to be inlined into a loop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float DotBody(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
        {
            Throw.LengthsDiffer(a.Length, b.Length);
        }

#if NET
        return DotBody(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);
#else
        return TensorPrimitives.Dot(a, b);
#endif
    }

    /// <summary><see cref="SquaredL2"/>, to be inlined into a loop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SquaredL2Body(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
        {
            Throw.LengthsDiffer(a.Length, b.Length);
        }

#if NET
        return SquaredL2Body(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), a.Length);
#else
        return SumOfSquaredDifferences(a, b);
#endif
    }

#if NET
    /// <summary><see cref="Dot"/> of the <paramref name="length"/> floats at two places, which the caller has checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float DotBody(ref float a, ref float b, nint length)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return DotVector512(ref a, ref b, length);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            return DotVector256(ref a, ref b, length);
        }

        return Vector128.IsHardwareAccelerated ? DotVector128(ref a, ref b, length) : DotScalar(ref a, ref b, length);
    }

    /// <summary><see cref="SquaredL2"/> of the <paramref name="length"/> floats at two places, which the caller has checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SquaredL2Body(ref float a, ref float b, nint length)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return SquaredL2Vector512(ref a, ref b, length);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            return SquaredL2Vector256(ref a, ref b, length);
        }

        return Vector128.IsHardwareAccelerated ? SquaredL2Vector128(ref a, ref b, length) : SquaredL2Scalar(ref a, ref b, length);
    }
#else
    /// <summary>Piece by piece, since TensorPrimitives has the distance only, and a root taken and squared again has lost its last bits.</summary>
    private static float SumOfSquaredDifferences(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        const int PieceLength = 512;
        Span<float> differences = stackalloc float[PieceLength];
        float sum = 0;
        for (int start = 0; start < a.Length; start += PieceLength)
        {
            int length = Math.Min(PieceLength, a.Length - start);
            Span<float> piece = differences.Slice(0, length);
            TensorPrimitives.Subtract(a.Slice(start, length), b.Slice(start, length), piece);
            sum += TensorPrimitives.SumOfSquares(piece);
        }

        return sum;
    }
#endif
}
