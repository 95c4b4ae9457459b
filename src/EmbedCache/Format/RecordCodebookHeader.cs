using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>
/// The first line of a codebook of codes of directions: that of encoded records, which is the first frame of the log, or that of the short codes.
/// <code>
///    0 ┬ kind                           u1 │  2 product, 3 binary, 5 rotated product
///    1 │ num_bits                       u1 │  product: of a code, 8 or 4; binary: of an element, 1, 2 or 4
///    2 │ number                         u2 │  2 records, 3 short codes
///    4 │ dimension                      u4 │  the file's
///    8 │ num_subspaces                  u4 │  product: 1..dimension; binary: 0
///   12 │ len_code                       u4 │  bytes of a code
///   16 │ seed                       u4, u4 │  low, high: of the rotation or of the training
///   24 │ num_trained                    u8 │  vectors that it was learned from
///   32 │ reserved                       32 │
///   64 ┼───────────────────────────────────┤
///      │ centroids or centre            f4 │  product: by subspace, centroid, element; binary: dimension
///      │ zeros up to a line                │
///      └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct RecordCodebookHeader
{
    public const int KindOffset = 0;
    public const int BitsOffset = KindOffset + sizeof(byte);
    public const int NumberOffset = BitsOffset + sizeof(byte);
    public const int DimensionOffset = NumberOffset + sizeof(ushort);
    public const int SubspaceCountOffset = DimensionOffset + sizeof(uint);
    public const int CodeLengthOffset = SubspaceCountOffset + sizeof(uint);
    public const int SeedOffset = CodeLengthOffset + sizeof(uint);
    public const int TrainedCountOffset = SeedOffset + sizeof(ulong);
    public const int ReservedOffset = TrainedCountOffset + sizeof(ulong);
    public const int ByteLength = FormatConstants.LineByteLength;

    public CodebookKind Kind { get; init; }

    public byte Bits { get; init; }

    public ushort Number { get; init; }

    public int Dimension { get; init; }

    public int SubspaceCount { get; init; }

    public int CodeByteLength { get; init; }

    public ulong Seed { get; init; }

    public long TrainedCount { get; init; }

    /// <summary>How many floats follow.</summary>
    public long FloatCount => Kind == CodebookKind.Binary ? Dimension : (1L << Bits) * Dimension;

    /// <summary>Lines of 64 bytes that all of it takes.</summary>
    public long LineCount => (ByteLength + (FloatCount * sizeof(float)) + ByteLength - 1) / ByteLength;

    /// <summary>Reads a header. False when it is not one of a codebook for this dimension, of as many lines as the section has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, ushort number, int dimension, long lineCount, out RecordCodebookHeader header)
    {
        header = default;
        if (line.Length < ByteLength)
        {
            return false;
        }

        RecordCodebookHeader read = new()
        {
            Kind = (CodebookKind)line[KindOffset],
            Bits = line[BitsOffset],
            Number = number,
            Dimension = dimension,
            SubspaceCount = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(line[SubspaceCountOffset..]), int.MaxValue),
            CodeByteLength = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(line[CodeLengthOffset..]), int.MaxValue),
            Seed = BinaryPrimitives.ReadUInt64LittleEndian(line[SeedOffset..]),
            TrainedCount = BinaryPrimitives.ReadInt64LittleEndian(line[TrainedCountOffset..]),
        };
        bool isConsistent = read.Kind switch
        {
            CodebookKind.Product or CodebookKind.RotatedProduct => read.Bits is 4 or 8 && read.SubspaceCount >= 1 && read.SubspaceCount <= dimension && read.CodeByteLength == ((read.SubspaceCount * read.Bits) + 7) / 8,
            CodebookKind.Binary => read.Bits is 1 or 2 or 4 && read.SubspaceCount == 0 && read.CodeByteLength == sizeof(float) + (((dimension * read.Bits) + 7) / 8),
            _ => false,
        };
        if (!isConsistent
            || BinaryPrimitives.ReadUInt16LittleEndian(line[NumberOffset..]) != number
            || BinaryPrimitives.ReadUInt32LittleEndian(line[DimensionOffset..]) != (uint)dimension
            || read.LineCount != lineCount)
        {
            return false;
        }

        header = read;
        return true;
    }

    /// <summary>Writes the first line.</summary>
    public void Write(Span<byte> destination)
    {
        Span<byte> line = destination[..ByteLength];
        line.Clear();
        line[KindOffset] = (byte)Kind;
        line[BitsOffset] = Bits;
        BinaryPrimitives.WriteUInt16LittleEndian(line[NumberOffset..], Number);
        BinaryPrimitives.WriteUInt32LittleEndian(line[DimensionOffset..], (uint)Dimension);
        BinaryPrimitives.WriteUInt32LittleEndian(line[SubspaceCountOffset..], (uint)SubspaceCount);
        BinaryPrimitives.WriteUInt32LittleEndian(line[CodeLengthOffset..], (uint)CodeByteLength);
        BinaryPrimitives.WriteUInt64LittleEndian(line[SeedOffset..], Seed);
        BinaryPrimitives.WriteInt64LittleEndian(line[TrainedCountOffset..], TrainedCount);
    }
}
