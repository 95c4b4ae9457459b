using System.Runtime.CompilerServices;

namespace EmbedCache.Numerics;

/// <summary>
/// How the 8-bit codes of a run of records stand: each code in two halves, the upper half-bytes of many records behind one another, so that a search which those
/// already tell enough of most records reads half of the bytes.
/// <code>
///   group:  coarse rows of up to 256 records │ their fine rows
///   row:    half-bytes of elements i and i + Half in byte i │ zeros │ fields, at the row's end
/// </code>
/// All groups but the last hold 256 records. Rows are multiples of 32 bytes, and groups begin where the section's entries do.
/// </summary>
/// <param name="Dimension">Elements of a vector.</param>
internal readonly record struct CodeLayout(int Dimension)
{
    /// <summary>Records of a whole group.</summary>
    public const int GroupRowCount = 256;

    /// <summary>Rows are multiples of this.</summary>
    public const int Unit = 32;

    /// <summary>Elements that share bytes with as many others, or one fewer.</summary>
    public int Half => (Dimension + 1) / 2;

    /// <summary>Bytes of a coarse row.</summary>
    public int CoarseByteLength { get; } = ToUnit(((Dimension + 1) / 2) + CodeRow.CoarseFieldsByteLength);

    /// <summary>Bytes of a fine row; never more than of a coarse one.</summary>
    public int FineByteLength { get; } = ToUnit(((Dimension + 1) / 2) + CodeRow.FineFieldsByteLength);

    /// <summary>Bytes of both, at least 64.</summary>
    public int RowByteLength => CoarseByteLength + FineByteLength;

    /// <summary>Bytes of a query: its codes in the order of the half-bytes, the first of each byte and then the second, each a coarse row long.</summary>
    public int QueryByteLength => 2 * CoarseByteLength;

    /// <summary>Records whose rows fill so many bytes, but for less than a row.</summary>
    public long CountOf(long byteLength) => byteLength / RowByteLength;

    /// <summary>Where a record's coarse row stands, in bytes from the first group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long CoarsePosition(long index) => (index / GroupRowCount * GroupRowCount * RowByteLength) + (index % GroupRowCount * CoarseByteLength);

    /// <summary>Where its fine row stands.</summary>
    /// <param name="index">The record.</param>
    /// <param name="count">Records in all groups.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long FinePosition(long index, long count)
    {
        long first = index / GroupRowCount * GroupRowCount;
        return (first * RowByteLength) + (Math.Min(count - first, GroupRowCount) * CoarseByteLength) + ((index - first) * FineByteLength);
    }

    private static int ToUnit(int byteLength) => (byteLength + Unit - 1) & -Unit;
}
