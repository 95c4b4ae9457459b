using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>
/// A codebook as a file keeps it. The one that records are codes of is not derived from them, so that no catalog needs to name it: it is the first frame of the log, where a compaction
/// put it, and is read and checked whole when the first code is decoded. That of the short codes has the same layout, and is derived.
/// </summary>
internal sealed class RecordCodebook
{
    private RecordCodebook(Codebook codebook, ulong seed, long trainedCount)
    {
        Codebook = codebook;
        Seed = seed;
        TrainedCount = trainedCount;
    }

    public Codebook Codebook { get; }

    public ulong Seed { get; }

    /// <summary>Vectors that it was learned from.</summary>
    public long TrainedCount { get; }

    public static RecordCodebook Create(Codebook codebook, ulong seed, long trainedCount) => new(codebook, seed, trainedCount);

    /// <summary>True when the log begins with a codebook, whole or not.</summary>
    public static bool IsPresent(LogFile log)
        => log.Source.Limit >= FormatConstants.LogOffset + FormatConstants.FrameHeaderByteLength
        && log.Source.Slice(FormatConstants.LogOffset, 1)[0] == (byte)FrameKind.Codebook;

    /// <summary>Reads the codebook.</summary>
    /// <exception cref="CorruptFileException">There is none, or it is damaged.</exception>
    public static RecordCodebook Read(LogFile log)
    {
        Section section = Section.Open(log, FormatConstants.LogOffset, FrameKind.Codebook, log.Source.Limit);
        return TryRead(section, log.Header.Dimension, FormatConstants.RecordCodebook) ?? throw Damaged(log);
    }

    /// <summary>Reads a codebook from its section; null where that holds none of this number and dimension.</summary>
    /// <exception cref="CorruptFileException">A block is damaged.</exception>
    public static RecordCodebook? TryRead(Section section, int dimension, ushort number)
    {
        if (section.Frame.EntriesByteLength > int.MaxValue)
        {
            return null;
        }

        byte[] entries = new byte[section.Frame.EntriesByteLength];
        for (long block = 0; block < section.BlockCount; block++)
        {
            section.Block(block).CopyTo(entries.AsSpan((int)(block * FormatConstants.SectionBlockByteLength)));
        }

        return TryParse(entries, dimension, number);
    }

    /// <summary>A codebook from the entries of its section, checked. Null when they are not one for this dimension.</summary>
    public static RecordCodebook? TryParse(ReadOnlySpan<byte> entries, int dimension, ushort number = FormatConstants.RecordCodebook)
    {
        if (entries.Length % RecordCodebookHeader.ByteLength != 0
            || !RecordCodebookHeader.TryRead(entries, number, dimension, entries.Length / RecordCodebookHeader.ByteLength, out RecordCodebookHeader header))
        {
            return null;
        }

        var values = new float[header.FloatCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(entries.Slice(RecordCodebookHeader.ByteLength + (i * sizeof(float))));
            if (!float.IsFinite(values[i]))
            {
                return null;
            }
        }

        ProductQuantizer Product() => new(dimension, header.SubspaceCount, header.Bits, Transpose(values, dimension, header.SubspaceCount, 1 << header.Bits));
        Codebook codebook = header.Kind switch
        {
            CodebookKind.Product => Product(),
            CodebookKind.RotatedProduct => new RotatedQuantizer(Product(), header.Seed),
            _ => new BinaryQuantizer(values, header.Bits, header.Seed),
        };
        return new RecordCodebook(codebook, header.Seed, header.TrainedCount);
    }

    /// <summary>Appends the codebook.</summary>
    public SectionExtent Write(LogAppender appender, ushort number = FormatConstants.RecordCodebook)
    {
        var rotated = Codebook as RotatedQuantizer;
        ProductQuantizer? product = rotated?.Product ?? Codebook as ProductQuantizer;
        var binary = Codebook as BinaryQuantizer;
        var header = new RecordCodebookHeader
        {
            Kind = product is null ? CodebookKind.Binary : rotated is null ? CodebookKind.Product : CodebookKind.RotatedProduct,
            Bits = (byte)(product?.BitsPerCode ?? binary!.BitsPerElement),
            Number = number,
            Dimension = Codebook.Dimension,
            SubspaceCount = product?.SubspaceCount ?? 0,
            CodeByteLength = Codebook.CodeByteLength,
            Seed = Seed,
            TrainedCount = TrainedCount,
        };
        SectionFrame frame = new()
        {
            Header = new FrameHeader { Kind = FrameKind.Codebook },
            EntryByteLength = RecordCodebookHeader.ByteLength,
            CoversFrom = FormatConstants.LogOffset,
            CoversTo = FormatConstants.LogOffset,
            Codebook = number,
        };
        byte[] bytes = new byte[header.LineCount * RecordCodebookHeader.ByteLength];
        header.Write(bytes);
        Span<byte> floats = bytes.AsSpan(RecordCodebookHeader.ByteLength);
        int at = 0;
        if (product is not null)
        {
            for (int m = 0; m < product.SubspaceCount; m++)
            {
                for (int c = 0; c < product.CentroidCount; c++)
                {
                    for (int j = 0; j < product.Width(m); j++, at += sizeof(float))
                    {
                        BinaryPrimitives.WriteSingleLittleEndian(floats.Slice(at), product.Element(m, c, j));
                    }
                }
            }
        }
        else
        {
            foreach (float element in binary!.Centre)
            {
                BinaryPrimitives.WriteSingleLittleEndian(floats.Slice(at), element);
                at += sizeof(float);
            }
        }

        return appender.AppendSection(frame, writer => writer.Write(bytes));
    }

    /// <summary>From the file's order (subspace, centroid, element) to that of the kernels (subspace, element, centroid).</summary>
    private static float[] Transpose(float[] values, int dimension, int subspaceCount, int centroidCount)
    {
        var transposed = new float[values.Length];
        int at = 0;
        for (int m = 0; m < subspaceCount; m++)
        {
            int start = ProductQuantizer.StartOf(dimension, subspaceCount, m);
            int end = ProductQuantizer.StartOf(dimension, subspaceCount, m + 1);
            for (int c = 0; c < centroidCount; c++)
            {
                for (int i = start; i < end; i++)
                {
                    transposed[(centroidCount * i) + c] = values[at++];
                }
            }
        }

        return transposed;
    }

    private static CorruptFileException Damaged(LogFile log)
        => new("The codebook that the records are codes of is damaged; restore the file from a backup", log.Path, FormatConstants.LogOffset);
}
