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
/// Inner products of a query's 8-bit codes and one row of half-bytes, coarse or fine, as <see cref="CodeLayout"/> lays them out. Integers: every implementation
/// gives the same result.
/// </summary>
/// <remarks>
/// A row is <c>length</c> bytes, a multiple of 32. A query is two runs of signed codes, <c>half</c> bytes apart: the codes that meet the lower half of each
/// byte, and those that meet the upper. Behind its codes each run is zero, so that a kernel runs over whole rows without a remainder, and what stands
/// behind a row's half-bytes counts nothing. Half-bytes being at most 15, no sum of two products leaves 16 bits and none of 65,536 leaves 32.
/// </remarks>
internal static partial class CodeKernels
{
    private const byte LowHalf = 0x0F;
    private const int HalfBits = 4;

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

    /// <summary>Inner product of a query and a row.</summary>
    /// <param name="query">Signed codes, <see cref="CodeLayout.QueryByteLength"/> bytes.</param>
    /// <param name="row">A coarse or a fine row.</param>
    /// <exception cref="ArgumentException">The row is no multiple of 32 bytes, or longer than the query's runs.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int Dot(ReadOnlySpan<byte> query, ReadOnlySpan<byte> row)
    {
        if (row.Length > query.Length / 2)
        {
            Throw.LengthsDiffer(query.Length, row.Length);
        }

        if (row.Length == 0 || row.Length % CodeLayout.Unit != 0)
        {
            throw new ArgumentException($"A row of {row.Length} bytes is no multiple of {CodeLayout.Unit}");
        }

        return DotBody(ref MemoryMarshal.GetReference(query), query.Length / 2, ref MemoryMarshal.GetReference(row), row.Length);
    }

    /// <summary>
    /// Where in a buffer a cache line begins. A query that is read for every row is best put there: across lines, scans took an eighth longer. A collection may move the buffer, which
    /// costs no more than that.
    /// </summary>
    public static unsafe int LineStart(Span<byte> buffer) => (int)(-(nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer)) & (Prefetch.LineByteLength - 1));

    /// <summary>Asks for the cache lines of a row that is wanted soon. It may lie anywhere: asking for what is not there does nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void PrefetchBody(ref byte row, nint length) => Prefetch.Near((nint)Unsafe.AsPointer(ref row), (int)length);

    /// <summary><see cref="Dot"/>, to be inlined into a loop; the caller has checked the lengths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotBody(ref byte query, nint half, ref byte row, nint length)
    {
#if NET
        if (IsVnniSupported)
        {
            return DotVnni(ref query, half, ref row, length);
        }

        if (Avx2.IsSupported)
        {
            return DotAvx2(ref query, half, ref row, length);
        }

        if (Dp.IsSupported)
        {
            return DotArm(ref query, half, ref row, length);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            return DotVector128(ref query, half, ref row, length);
        }
#endif
        return DotScalar(ref query, half, ref row, length);
    }

    /// <summary>Four queries against one row, which is read once: result i goes to <paramref name="results"/> at i times <paramref name="resultStride"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot4Body(ref byte query0, ref byte query1, ref byte query2, ref byte query3, nint half, ref byte row, nint length, ref int results, nint resultStride)
    {
#if NET
        if (IsVnniSupported)
        {
            Dot4Vnni(ref query0, ref query1, ref query2, ref query3, half, ref row, length, ref results, resultStride);
            return;
        }
#endif
        results = DotBody(ref query0, half, ref row, length);
        Unsafe.Add(ref results, resultStride) = DotBody(ref query1, half, ref row, length);
        Unsafe.Add(ref results, 2 * resultStride) = DotBody(ref query2, half, ref row, length);
        Unsafe.Add(ref results, 3 * resultStride) = DotBody(ref query3, half, ref row, length);
    }
}
