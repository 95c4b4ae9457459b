using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>A Codes section: one row for each of a run of ordinals, used in place. Rows are laid out as <see cref="CodeRow"/> says.</summary>
internal sealed class CodeRun
{
    /// <param name="section">The section. From here on its blocks are held against what fields of rows may be.</param>
    /// <param name="stride">Bytes of a row.</param>
    public CodeRun(Section section, int stride)
    {
        Section = section;
        Stride = stride;
        Count = section.Count / (stride / FormatConstants.LineByteLength);
        section.Rule = (position, block) => AreRowsSound(position, block, stride);
    }

    public Section Section { get; }

    /// <summary>Bytes of a row, a multiple of 64.</summary>
    public int Stride { get; }

    /// <summary>The ordinal of the first row.</summary>
    public long FirstOrdinal => Section.Frame.FirstOrdinal;

    /// <summary>How many rows.</summary>
    public long Count { get; }

    /// <summary>The ordinal behind the last row's.</summary>
    public long EndOrdinal => FirstOrdinal + Count;

    /// <summary>A row, its blocks checked.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or there is no such row.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Row(long ordinal) => Section.Range((ordinal - FirstOrdinal) * Stride, Stride);

    /// <summary>Several rows one behind another, their blocks checked.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or there are no such rows.</exception>
    public ReadOnlySpan<byte> Rows(long ordinal, int count) => Section.Range((ordinal - FirstOrdinal) * Stride, checked(count * Stride));

    /// <summary>Asks for a row's cache lines ahead of its use.</summary>
    public void Prefetch(long ordinal, int byteLength) => Section.Prefetch((ordinal - FirstOrdinal) * Stride, byteLength);

    /// <summary>Whether the fields of the rows that end in a block can be those of any vector. They never stand in two blocks.</summary>
    private static bool AreRowsSound(long position, ReadOnlySpan<byte> block, int stride)
    {
        int end = stride - (int)(position % stride);
        for (; end <= block.Length; end += stride)
        {
            if (!CodeRow.Read(block.Slice(0, end)).IsSound)
            {
                return false;
            }
        }

        return true;
    }
}
