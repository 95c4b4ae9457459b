using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>What a codebook is of.</summary>
internal enum CodebookKind : byte
{
    /// <summary>Centroids of each subspace; a code names one in each.</summary>
    Product = 2,

    /// <summary>A centre and the seed of a rotation; few bits for each element.</summary>
    Binary = 3,

    /// <summary>
    /// Signed bytes with a scale for each vector, relative to a mean, in coarse and fine rows. In files from before the first release 1 stood for such codes in rows of their
    /// own: they are done without, and made anew by the next writer.
    /// </summary>
    Scalar = 4,

    /// <summary>Centroids of each subspace of rotated directions, and the seed of the rotation.</summary>
    RotatedProduct = 5,
}

/// <summary>
/// The first line of a Codebook section.
/// <code>
///    0 ┬ kind                           u1 │  CodebookKind
///    1 │ reserved                       u1 │
///    2 │ number                         u2 │  the frame's codebook
///    4 │ dimension                      u4 │  the file's
///    8 │ num_mean                       u4 │  0 (the mean is zero) or the dimension
///   12 │ reserved                       52 │
///   64 ┼───────────────────────────────────┤
///      │ mean              num_mean * f4   │
///      │ zeros up to a line                │
///      └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct CodebookHeader(CodebookKind Kind, ushort Number, int Dimension, int MeanCount)
{
    public const int KindOffset = 0;
    public const int Reserved1Offset = KindOffset + sizeof(byte);
    public const int NumberOffset = Reserved1Offset + sizeof(byte);
    public const int DimensionOffset = NumberOffset + sizeof(ushort);
    public const int MeanCountOffset = DimensionOffset + sizeof(uint);
    public const int Reserved2Offset = MeanCountOffset + sizeof(uint);
    public const int MeanOffset = FormatConstants.LineByteLength;

    /// <summary>Lines that the codebook takes.</summary>
    public int LineCount => (MeanOffset + (MeanCount * sizeof(float)) + FormatConstants.LineByteLength - 1) / FormatConstants.LineByteLength;

    /// <summary>Reads a header. False when it is not one of a codebook for this dimension, of as many lines as the section has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, int dimension, long lineCount, out CodebookHeader header)
    {
        header = default;
        if (line.Length < FormatConstants.LineByteLength)
        {
            return false;
        }

        uint meanCount = BinaryPrimitives.ReadUInt32LittleEndian(line[MeanCountOffset..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(line[DimensionOffset..]) != (uint)dimension || (meanCount != 0 && meanCount != (uint)dimension))
        {
            return false;
        }

        header = new CodebookHeader((CodebookKind)line[KindOffset], BinaryPrimitives.ReadUInt16LittleEndian(line[NumberOffset..]), dimension, (int)meanCount);
        return header.LineCount == lineCount;
    }

    /// <summary>Writes the first line.</summary>
    public void Write(Span<byte> line)
    {
        line[..FormatConstants.LineByteLength].Clear();
        line[KindOffset] = (byte)Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(line[NumberOffset..], Number);
        BinaryPrimitives.WriteUInt32LittleEndian(line[DimensionOffset..], (uint)Dimension);
        BinaryPrimitives.WriteUInt32LittleEndian(line[MeanCountOffset..], (uint)MeanCount);
    }
}
