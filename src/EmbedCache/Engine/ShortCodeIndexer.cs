using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>Writes short codes for all ordinals of a file that a compaction has just filled, with a codebook that is learned from them.</summary>
internal sealed class ShortCodeIndexer(LogFile log, LogAppender appender, Action makeReadable, CancellationToken cancellationToken)
{
    private const ulong Seed = 0x9D2C5680B7E15163;
    private const int BitsPerCode = 4;
    private const int ElementsPerCode = 2;
    private const int SampleCount = 4096;
    private const int MaxThreads = 8;

    private readonly float[] _scratch = new float[2 * log.Header.Dimension];
    private readonly float[] _vector = new float[log.Header.Dimension];

    /// <summary>Fewest ordinals that short codes are made for.</summary>
    public static int FewestOrdinals => ProductTrainer.MinimumSample(BitsPerCode);

    /// <summary>The index with short codes; the same where there are too few ordinals.</summary>
    /// <param name="index">The index, its segments written and readable; it covers all records.</param>
    /// <param name="progress">Told how far it is, 0 to 1.</param>
    public IndexState Extend(IndexState index, Action<double> progress)
    {
        long blocks = index.OrdinalCount / ShortCodes.BlockCount;
        if (index.OrdinalCount < FewestOrdinals)
        {
            return index;
        }

        int dimension = log.Header.Dimension;
        int subspaces = (dimension + ElementsPerCode - 1) / ElementsPerCode;
        var offsets = new OrdinalOffsets(index.Segments);
        float[] sample = Sample(index, offsets);
        ProductQuantizer quantizer = new ProductTrainer(dimension, subspaces, BitsPerCode, Seed)
            .Train(sample, Math.Min(Environment.ProcessorCount, MaxThreads), cancellationToken: cancellationToken);
        SectionExtent codebook = RecordCodebook.Create(quantizer, Seed, sample.Length / dimension).Write(appender, FormatConstants.ShortCodebook);
        SectionFrame frame = new()
        {
            Header = new FrameHeader { Kind = FrameKind.Codes },
            EntryByteLength = FormatConstants.LineByteLength,
            CoversFrom = FormatConstants.LogOffset,
            CoversTo = index.CoversTo,
            Codebook = FormatConstants.ShortCodebook,
        };
        SectionExtent codes = appender.AppendSection(frame, writer =>
        {
            byte[] block = new byte[ShortCodes.BlockByteLengthOf(subspaces)];
            for (long b = 0; b < blocks; b++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress((double)b / blocks);
                Array.Clear(block, 0, block.Length);
                for (int place = 0; place < ShortCodes.BlockCount; place++)
                {
                    ShortCodes.Encode(quantizer, log.Header.Metric, Vector(offsets.At((b * ShortCodes.BlockCount) + place)), place, _scratch, block);
                }

                writer.Write(block);
            }
        });
        makeReadable();
        return index.WithDerived([], [IndexState.Describe(codebook), IndexState.Describe(codes)]);
    }

    private ReadOnlySpan<float> Vector(long offset)
    {
        RecordFrame frame = RecordReader.Read(log, offset, appender.NextOffset);
        RecordFrame record = RecordReader.ReadVectorFrame(log, frame, ref offset);
        return RecordReader.Vector(log, offset, record, _vector);
    }

    private float[] Sample(IndexState index, OrdinalOffsets offsets)
    {
        int count = (int)Math.Min(index.OrdinalCount, SampleCount);
        float[] rows = new float[(long)count * _vector.Length];
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<float> vector = Vector(offsets.At(row * index.OrdinalCount / count));
            double norm = VectorNorm.Norm(vector);
            double inverse = norm == 0 ? 0 : 1 / norm;
            for (int i = 0; i < vector.Length; i++)
            {
                rows[(row * vector.Length) + i] = (float)(vector[i] * inverse);
            }
        }

        return rows;
    }
}
