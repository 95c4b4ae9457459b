using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>A Codes section: the rows of a run of ordinals, used in place. They are laid out as <see cref="CodeLayout"/> says.</summary>
internal sealed class CodeRun
{
    /// <param name="section">The section. From here on its blocks are held against what fields of rows may be.</param>
    /// <param name="layout">How rows stand in it.</param>
    public CodeRun(Section section, CodeLayout layout)
    {
        Section = section;
        Layout = layout;
        long count = layout.CountOf(section.Count * FormatConstants.LineByteLength);
        Count = count;
        section.Rule = (position, block) => AreRowsSound(position, block, layout, count);
    }

    public Section Section { get; }

    /// <summary>How rows stand in the section.</summary>
    public CodeLayout Layout { get; }

    /// <summary>The ordinal of the first row.</summary>
    public long FirstOrdinal => Section.Frame.FirstOrdinal;

    /// <summary>How many ordinals.</summary>
    public long Count { get; }

    /// <summary>The ordinal behind the last row's.</summary>
    public long EndOrdinal => FirstOrdinal + Count;

    /// <summary>Whether the section's length is that of whole rows and less than a line of padding.</summary>
    public bool IsWellFormed => Count > 0 && (Section.Count * FormatConstants.LineByteLength) - (Count * Layout.RowByteLength) < FormatConstants.LineByteLength;

    /// <summary>An ordinal's coarse row, its blocks checked.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or there is no such row.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Coarse(long ordinal) => Section.Range(Layout.CoarsePosition(Checked(ordinal)), Layout.CoarseByteLength);

    /// <summary>An ordinal's fine row, its blocks checked.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or there is no such row.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Fine(long ordinal) => Section.Range(Layout.FinePosition(Checked(ordinal), Count), Layout.FineByteLength);

    /// <summary>The ordinal behind the last of the group that an ordinal is in: as far as coarse rows stand one behind another.</summary>
    public long GroupEnd(long ordinal) => Math.Min(EndOrdinal, GroupStart(ordinal) + CodeLayout.GroupRowCount);

    /// <summary>The first ordinal of that group.</summary>
    public long GroupStart(long ordinal) => FirstOrdinal + ((ordinal - FirstOrdinal) / CodeLayout.GroupRowCount * CodeLayout.GroupRowCount);

    /// <summary>Several coarse rows of one group, their blocks checked.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or there are no such rows.</exception>
    public ReadOnlySpan<byte> CoarseRows(long ordinal, int count) => Section.Range(Layout.CoarsePosition(Checked(ordinal)), checked(count * Layout.CoarseByteLength));

    /// <summary>The fine rows of the same ordinals.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or there are no such rows.</exception>
    public ReadOnlySpan<byte> FineRows(long ordinal, int count) => Section.Range(Layout.FinePosition(Checked(ordinal), Count), checked(count * Layout.FineByteLength));

    /// <summary>Asks for an ordinal's coarse row ahead of its use.</summary>
    public void PrefetchCoarse(long ordinal) => Section.Prefetch(Layout.CoarsePosition(ordinal - FirstOrdinal), Layout.CoarseByteLength);

    /// <summary>Asks for an ordinal's fine row ahead of its use.</summary>
    public void PrefetchFine(long ordinal) => Section.Prefetch(Layout.FinePosition(ordinal - FirstOrdinal, Count), Layout.FineByteLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Checked(long ordinal)
    {
        long index = ordinal - FirstOrdinal;
        if ((ulong)index >= (ulong)Count)
        {
            throw new CorruptFileException($"A search asks for the code of ordinal {ordinal}, which the section has not; compact the file, which rebuilds its indexes", Section.Path, Section.Offset);
        }

        return index;
    }

    /// <summary>Whether the fields of the rows that end in a block can be those of any vector. They never stand in two blocks.</summary>
    private static bool AreRowsSound(long position, ReadOnlySpan<byte> block, CodeLayout layout, long count)
    {
        long groupByteLength = (long)CodeLayout.GroupRowCount * layout.RowByteLength;
        long end = position + block.Length;
        for (long at = position; at < end;)
        {
            long first = at / groupByteLength * CodeLayout.GroupRowCount;
            long rows = Math.Min(count - first, CodeLayout.GroupRowCount);
            long fineFrom = (first * layout.RowByteLength) + (rows * layout.CoarseByteLength);
            if (rows <= 0 || at >= fineFrom + (rows * layout.FineByteLength))
            {
                // Zeros up to the line.
                return true;
            }

            bool isCoarse = at < fineFrom;
            int length = isCoarse ? layout.CoarseByteLength : layout.FineByteLength;
            long from = isCoarse ? first * layout.RowByteLength : fineFrom;
            long until = Math.Min(end, from + (rows * length));
            for (long rowEnd = from + ((((at - from) / length) + 1) * length); rowEnd <= until; rowEnd += length)
            {
                ReadOnlySpan<byte> row = block.Slice(0, (int)(rowEnd - position));
                if (isCoarse ? !CodeRow.IsCoarseSound(row) : !CodeRow.IsFineSound(row))
                {
                    return false;
                }
            }

            at = until;
        }

        return true;
    }
}
