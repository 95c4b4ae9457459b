using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// What a query's bounds are made of, in the units of a score's kernel; see FORMAT.md, "Search by bounds". All in binary64, whose own rounding, a few 2^-53 of
/// numbers that are not near each other, is within the slack that whoever fills this in leaves.
/// </summary>
/// <param name="IsL2">Squared distances instead of inner products.</param>
/// <param name="Scale">Scale of the query's code.</param>
/// <param name="Residual">Inner product: what a row's residual counts. L2: not used, it counts whole.</param>
/// <param name="Norm">Inner product: what a row's norm counts. L2: what the square of a row's norm counts, a little below 1, since it was rounded up.</param>
/// <param name="NormSquared">L2: at most the square of the decoded query's norm.</param>
/// <param name="Sum">Sum of the query's codes.</param>
internal readonly record struct BoundTerms(bool IsL2, double Scale, double Residual, double Norm, double NormSquared, int Sum);

/// <summary>Coarse rows of codes that a query's best may be among. Never leaves out one that could be; NaN in a row leaves it in.</summary>
internal static class BoundKernels
{
    /// <summary>Rows that one call may be given.</summary>
    public const int MaxRowCount = 256;

    /// <summary>
    /// How many rows ahead rows are asked for. The processor's own read-ahead ends at each page of 4 KiB, of which mapped files are made: 25 MB of coarse rows of 416
    /// bytes took 0.63 ms with 2 KiB, 0.45 ms with 8, 0.43 ms with 16; rows of 96 bytes want no more than 4.
    /// </summary>
    private const int RowsAhead = 40;

    /// <summary>Writes the indexes of coarse rows whose bound reaches the cut.</summary>
    /// <param name="query">The query's codes.</param>
    /// <param name="rows">Coarse rows, one behind another.</param>
    /// <param name="length">Bytes of a row.</param>
    /// <param name="following">How many bytes behind the rows' end the next ones begin that will be read.</param>
    /// <param name="terms">The query's terms.</param>
    /// <param name="cut">Inner product: rows with a greatest possible value below it are left out. L2: those with a least possible distance above it.</param>
    /// <param name="products">Receives every row's inner product of codes and half-bytes.</param>
    /// <param name="survivors">Receives the indexes, ascending.</param>
    /// <returns>How many.</returns>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int Select(ReadOnlySpan<byte> query, ReadOnlySpan<byte> rows, int length, nint following, in BoundTerms terms, double cut, Span<int> products, Span<byte> survivors)
    {
        int count = CheckLengths(query, rows, length, products, survivors);
        nint half = query.Length / 2;
        ref byte q = ref MemoryMarshal.GetReference(query);
        ref byte row = ref MemoryMarshal.GetReference(rows);
        ref int product = ref MemoryMarshal.GetReference(products);
        int near = count - RowsAhead;
        nint ahead = (nint)RowsAhead * length;
        for (int i = 0; i < count; i++)
        {
            CodeKernels.PrefetchBody(ref Unsafe.Add(ref row, ahead + (i < near ? 0 : following)), length);
            Unsafe.Add(ref product, i) = CodeKernels.DotBody(ref q, half, ref row, length);
            row = ref Unsafe.Add(ref row, length);
        }

        // Apart from the products, which measured a fifth faster than in one loop.
        return Compare(rows, count, length, terms, cut, products, survivors);
    }

    /// <summary>Inner products of four queries with every row: a row is read once for all of them.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Multiply4(ReadOnlySpan<byte> query0, ReadOnlySpan<byte> query1, ReadOnlySpan<byte> query2, ReadOnlySpan<byte> query3, ReadOnlySpan<byte> rows, int length, Span<int> products)
    {
        int count = rows.Length / length;
        CheckLengths(query0, rows, length, products, default);
        CheckLengths(query1, rows, length, products, default);
        CheckLengths(query2, rows, length, products, default);
        CheckLengths(query3, rows, length, products.Slice(0, 4 * count), default);
        nint half = query0.Length / 2;
        if (query1.Length != query0.Length || query2.Length != query0.Length || query3.Length != query0.Length)
        {
            Throw.LengthsDiffer(query0.Length, query1.Length);
        }

        ref byte q0 = ref MemoryMarshal.GetReference(query0);
        ref byte q1 = ref MemoryMarshal.GetReference(query1);
        ref byte q2 = ref MemoryMarshal.GetReference(query2);
        ref byte q3 = ref MemoryMarshal.GetReference(query3);
        ref byte row = ref MemoryMarshal.GetReference(rows);
        ref int product = ref MemoryMarshal.GetReference(products);
        for (int i = 0; i < count; i++)
        {
            CodeKernels.Dot4Body(ref q0, ref q1, ref q2, ref q3, half, ref row, length, ref Unsafe.Add(ref product, i), count);
            row = ref Unsafe.Add(ref row, length);
        }
    }

    /// <summary>As <see cref="Select"/>, from inner products that are there already.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int Compare(ReadOnlySpan<byte> rows, int count, int length, in BoundTerms terms, double cut, ReadOnlySpan<int> products, Span<byte> survivors)
    {
        if (rows.Length < count * length || products.Length < count || survivors.Length < count)
        {
            Throw.LengthsDiffer(rows.Length, products.Length);
        }

        ref byte fields = ref Unsafe.Add(ref MemoryMarshal.GetReference(rows), length - CodeRow.CoarseFieldsByteLength);
        ref int product = ref MemoryMarshal.GetReference(products);
        ref byte survivor = ref MemoryMarshal.GetReference(survivors);
        double middle = CodeRow.CoarseMiddle * terms.Sum;
        int found = 0;
        if (terms.IsL2)
        {
            double twice = 2 * terms.Scale;
            for (int i = 0; i < count; i++)
            {
                double norm = Field(ref fields, CodeRow.CoarseNormOffset);
                double inner = twice * Field(ref fields, CodeRow.ScaleOffset) * ((CodeRow.CoarseStep * (double)Unsafe.Add(ref product, i)) - middle);
                double reach = cut + Field(ref fields, CodeRow.CoarseResidualOffset);
                double squared = terms.NormSquared + (norm * norm * terms.Norm) - inner;
                Unsafe.Add(ref survivor, found) = (byte)i;
                found += squared > reach * reach ? 0 : 1;
                fields = ref Unsafe.Add(ref fields, length);
            }

            return found;
        }

        double scale = terms.Scale;
        double byResidual = terms.Residual;
        double byNorm = terms.Norm;
        for (int i = 0; i < count; i++)
        {
            double inner = scale * Field(ref fields, CodeRow.ScaleOffset) * ((CodeRow.CoarseStep * (double)Unsafe.Add(ref product, i)) - middle);
            double bound = inner + (byResidual * Field(ref fields, CodeRow.CoarseResidualOffset)) + (byNorm * Field(ref fields, CodeRow.CoarseNormOffset));
            Unsafe.Add(ref survivor, found) = (byte)i;
            found += bound < cut ? 0 : 1;
            fields = ref Unsafe.Add(ref fields, length);
        }

        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Field(ref byte fields, int offset) => Unsafe.ReadUnaligned<float>(ref Unsafe.Add(ref fields, offset));

    private static int CheckLengths(ReadOnlySpan<byte> query, ReadOnlySpan<byte> rows, int length, Span<int> products, Span<byte> survivors)
    {
        if (length <= 0 || length % CodeLayout.Unit != 0 || query.Length != 2 * length)
        {
            Throw.LengthsDiffer(query.Length, length);
        }

        int count = rows.Length / length;
        if (count > MaxRowCount || products.Length < count || (!survivors.IsEmpty && survivors.Length < count))
        {
            Throw.LengthsDiffer(count, products.Length);
        }

        return count;
    }
}
