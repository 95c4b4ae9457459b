using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>A Codes section: one row for each of a run of ordinals, used in place. Rows are laid out as <see cref="CodeRow"/> says.</summary>
internal sealed class CodeRun(Section section, int stride)
{
    public Section Section { get; } = section;

    /// <summary>Bytes of a row, a multiple of 64.</summary>
    public int Stride { get; } = stride;

    /// <summary>The ordinal of the first row.</summary>
    public long FirstOrdinal => Section.Frame.FirstOrdinal;

    /// <summary>How many rows.</summary>
    public long Count { get; } = section.Count / (stride / FormatConstants.LineByteLength);

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
}
