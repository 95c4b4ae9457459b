using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// Inner products of the 8-bit codes that <see cref="ScalarQuantizer"/> makes. Integers: every implementation gives the same result.
/// </summary>
/// <remarks>
/// A row is <c>stride</c> bytes, a multiple of 64: signed codes, zeros, and in its last 16 bytes what <see cref="CodeRow"/> reads. A query is as long, its codes
/// unsigned (signed code + 128) and everything behind them zero, so that a kernel runs over whole rows without a remainder and what stands behind a row's codes
/// counts nothing. No sum of 65,536 products of 255 and 127 overflows 32 bits.
/// <para>
/// The two forms differ because the instruction does: AVX-VNNI multiplies unsigned by signed bytes. Its predecessor (maddubs) adds pairs in 16 bits and
/// saturates, which no offset repairs; processors without VNNI therefore widen to 16 bits first.
/// </para>
/// </remarks>
internal static partial class Int8Kernels
{
    /// <summary>Bytes at the end of a row that are not codes.</summary>
    public const int TailByteLength = 16;

    /// <summary>Strides are multiples of this.</summary>
    public const int StrideUnit = 64;

    /// <summary>Whether this processor and runtime have instructions for it. Without them, floats are faster.</summary>
    public static bool IsAccelerated
    {
        get
        {
#if NET
            return Vector128.IsHardwareAccelerated;
#else
            return false;
#endif
        }
    }

    /// <summary>The offset that makes a signed code unsigned, as an exclusive or.</summary>
    internal const byte SignBit = 0x80;

    /// <summary>Inner product of an unsigned query and a row, over the whole stride.</summary>
    /// <exception cref="ArgumentException">The lengths differ or are no multiple of 64.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int Dot(ReadOnlySpan<byte> query, ReadOnlySpan<byte> row)
    {
        CheckLengths(query, row);
        return DotBody(ref MemoryMarshal.GetReference(query), ref MemoryMarshal.GetReference(row), row.Length);
    }

    /// <summary>Inner product of the signed codes of two rows; their tails count nothing.</summary>
    /// <param name="a">A row.</param>
    /// <param name="b">Another.</param>
    /// <param name="sumOfB">Sum of the codes of <paramref name="b"/>, as its tail says.</param>
    /// <exception cref="ArgumentException">The lengths differ or are no multiple of 64.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int DotRows(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, int sumOfB)
    {
        CheckLengths(a, b);
        return DotRowsBody(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), b.Length, sumOfB);
    }

    /// <summary>Asks for the cache lines of a row that is wanted soon. It may lie anywhere: asking for what is not there does nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void PrefetchBody(ref byte row, nint stride)
    {
#if NET
        if (Sse.IsSupported)
        {
            byte* line = (byte*)Unsafe.AsPointer(ref row);
            for (byte* end = line + stride; line < end; line += StrideUnit)
            {
                Sse.Prefetch0(line);
            }
        }
#endif
    }

    /// <summary><see cref="Dot"/>, to be inlined into a loop; the caller has checked the lengths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotBody(ref byte query, ref byte row, nint stride)
    {
#if NET
        if (IsVnniSupported)
        {
            return DotVnni(ref query, ref row, stride);
        }

        if (Avx2.IsSupported)
        {
            return DotAvx2(ref query, ref row, stride);
        }

        if (Dp.IsSupported)
        {
            return DotArm(ref query, ref row, stride);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            return DotVector128(ref query, ref row, stride);
        }
#endif
        return DotScalar(ref query, ref row, stride);
    }

    /// <summary>Four queries against one row, which is read once: result i goes to <paramref name="results"/> at i times <paramref name="resultStride"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot4Body(ref byte query0, ref byte query1, ref byte query2, ref byte query3, ref byte row, nint stride, ref int results, nint resultStride)
    {
#if NET
        if (IsVnniSupported)
        {
            Dot4Vnni(ref query0, ref query1, ref query2, ref query3, ref row, stride, ref results, resultStride);
            return;
        }
#endif
        results = DotBody(ref query0, ref row, stride);
        Unsafe.Add(ref results, resultStride) = DotBody(ref query1, ref row, stride);
        Unsafe.Add(ref results, 2 * resultStride) = DotBody(ref query2, ref row, stride);
        Unsafe.Add(ref results, 3 * resultStride) = DotBody(ref query3, ref row, stride);
    }

    /// <summary><see cref="DotRows"/>, to be inlined into a loop; the caller has checked the lengths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotRowsBody(ref byte a, ref byte b, nint stride, int sumOfB)
    {
#if NET
        if (IsVnniSupported)
        {
            return DotRowsVnni(ref a, ref b, stride) - (128 * sumOfB);
        }

        if (Avx2.IsSupported)
        {
            return DotRowsAvx2(ref a, ref b, stride);
        }

        if (Dp.IsSupported)
        {
            return DotRowsArm(ref a, ref b, stride);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            return DotRowsVector128(ref a, ref b, stride);
        }
#endif
        return DotRowsScalar(ref a, ref b, stride);
    }

    private static void CheckLengths(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
        {
            Throw.LengthsDiffer(a.Length, b.Length);
        }

        if (a.Length == 0 || a.Length % StrideUnit != 0)
        {
            throw new ArgumentException($"A stride of {a.Length} is no multiple of {StrideUnit}");
        }
    }
}
