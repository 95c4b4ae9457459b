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
internal readonly record struct BoundTerms(bool IsL2, double Scale, double Residual, double Norm, double NormSquared);

/// <summary>Rows of codes that a query's best may be among. Never leaves out one that could be; NaN in a row leaves it in.</summary>
internal static class BoundKernels
{
    /// <summary>Rows that one call may be given.</summary>
    public const int MaxRowCount = 256;

    /// <summary>
    /// How far ahead rows are asked for, in bytes. The processor's own read-ahead ends at each page of 4 KiB, of which mapped files are made: 50 MB of codes took 1.36 ms
    /// without, 1.05 ms with this distance.
    /// </summary>
    private const int PrefetchDistance = 8192;

    /// <summary>Writes the indexes of rows whose bound reaches the cut.</summary>
    /// <param name="query">The query's unsigned codes, a stride long.</param>
    /// <param name="rows">Rows, one behind another.</param>
    /// <param name="stride">Bytes of a row.</param>
    /// <param name="terms">The query's terms.</param>
    /// <param name="cut">Inner product: rows with a greatest possible value below it are left out. L2: those with a least possible distance above it.</param>
    /// <param name="products">Receives every row's inner product of codes.</param>
    /// <param name="survivors">Receives the indexes, ascending.</param>
    /// <returns>How many.</returns>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int Select(ReadOnlySpan<byte> query, ReadOnlySpan<byte> rows, int stride, in BoundTerms terms, double cut, Span<int> products, Span<byte> survivors)
    {
        int count = CheckLengths(query, rows, stride, products, survivors);
        ref byte q = ref MemoryMarshal.GetReference(query);
        ref byte row = ref MemoryMarshal.GetReference(rows);
        ref int product = ref MemoryMarshal.GetReference(products);
        for (int i = 0; i < count; i++)
        {
            Int8Kernels.PrefetchBody(ref Unsafe.Add(ref row, (nint)PrefetchDistance), stride);
            Unsafe.Add(ref product, i) = Int8Kernels.DotBody(ref q, ref row, stride);
            row = ref Unsafe.Add(ref row, stride);
        }

        return Compare(rows, count, stride, terms, cut, products, survivors);
    }

    /// <summary>Inner products of four queries with every row: a row is read once for all of them.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void Multiply4(ReadOnlySpan<byte> query0, ReadOnlySpan<byte> query1, ReadOnlySpan<byte> query2, ReadOnlySpan<byte> query3, ReadOnlySpan<byte> rows, int stride, Span<int> products)
    {
        int count = rows.Length / stride;
        CheckLengths(query0, rows, stride, products, default);
        CheckLengths(query1, rows, stride, products, default);
        CheckLengths(query2, rows, stride, products, default);
        CheckLengths(query3, rows, stride, products.Slice(0, 4 * count), default);
        ref byte q0 = ref MemoryMarshal.GetReference(query0);
        ref byte q1 = ref MemoryMarshal.GetReference(query1);
        ref byte q2 = ref MemoryMarshal.GetReference(query2);
        ref byte q3 = ref MemoryMarshal.GetReference(query3);
        ref byte row = ref MemoryMarshal.GetReference(rows);
        ref int product = ref MemoryMarshal.GetReference(products);
        for (int i = 0; i < count; i++)
        {
            Int8Kernels.Dot4Body(ref q0, ref q1, ref q2, ref q3, ref row, stride, ref Unsafe.Add(ref product, i), count);
            row = ref Unsafe.Add(ref row, stride);
        }
    }

    /// <summary>As <see cref="Select"/>, from inner products that are there already.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static int Compare(ReadOnlySpan<byte> rows, int count, int stride, in BoundTerms terms, double cut, ReadOnlySpan<int> products, Span<byte> survivors)
    {
        if (rows.Length < count * stride || products.Length < count || survivors.Length < count)
        {
            Throw.LengthsDiffer(rows.Length, products.Length);
        }

        ref byte tail = ref Unsafe.Add(ref MemoryMarshal.GetReference(rows), stride - CodeRow.ByteLength);
        ref int product = ref MemoryMarshal.GetReference(products);
        ref byte survivor = ref MemoryMarshal.GetReference(survivors);
        int found = 0;
        if (terms.IsL2)
        {
            double twice = 2 * terms.Scale;
            for (int i = 0; i < count; i++)
            {
                double norm = Field(ref tail, CodeRow.NormOffset);
                double inner = twice * Field(ref tail, CodeRow.ScaleOffset) * (Unsafe.Add(ref product, i) - (128 * Sum(ref tail)));
                double reach = cut + Field(ref tail, CodeRow.ResidualOffset);
                double squared = terms.NormSquared + (norm * norm * terms.Norm) - inner;
                Unsafe.Add(ref survivor, found) = (byte)i;
                found += squared > reach * reach ? 0 : 1;
                tail = ref Unsafe.Add(ref tail, stride);
            }

            return found;
        }

        double scale = terms.Scale;
        double byResidual = terms.Residual;
        double byNorm = terms.Norm;
        for (int i = 0; i < count; i++)
        {
            double inner = scale * Field(ref tail, CodeRow.ScaleOffset) * (Unsafe.Add(ref product, i) - (128 * Sum(ref tail)));
            double bound = inner + (byResidual * Field(ref tail, CodeRow.ResidualOffset)) + (byNorm * Field(ref tail, CodeRow.NormOffset));
            Unsafe.Add(ref survivor, found) = (byte)i;
            found += bound < cut ? 0 : 1;
            tail = ref Unsafe.Add(ref tail, stride);
        }

        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Field(ref byte tail, int offset) => Unsafe.ReadUnaligned<float>(ref Unsafe.Add(ref tail, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum(ref byte tail) => Unsafe.ReadUnaligned<int>(ref Unsafe.Add(ref tail, CodeRow.SumOffset));

    private static int CheckLengths(ReadOnlySpan<byte> query, ReadOnlySpan<byte> rows, int stride, Span<int> products, Span<byte> survivors)
    {
        int count = rows.Length / stride;
        if (query.Length != stride || stride % Int8Kernels.StrideUnit != 0 || stride == 0)
        {
            Throw.LengthsDiffer(query.Length, stride);
        }

        if (count > MaxRowCount || products.Length < count || (!survivors.IsEmpty && survivors.Length < count))
        {
            Throw.LengthsDiffer(count, products.Length);
        }

        return count;
    }
}
