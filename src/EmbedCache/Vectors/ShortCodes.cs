using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>
/// Codes of half a byte for two elements, beside the vectors: a sixteenth of their length, laid out so that one instruction scores 32 of them in a subspace. They cover the ordinals
/// that were there when they were made, as far as those fill blocks of 32.
/// <code>
///    0 ┬ codes             32 * num_pairs  │  byte v of pair p: subspace 2p of vector v in the low half, 2p + 1 in the high half
///      │ zeros up to a line                │
///      │ scales               f4, 32 times │  brings the decoded direction to the vector's length (to 1 under cosine)
///      │ norms                f4, 32 times │  of the vectors
///      └───────────────────────────────────┘
/// </code>
/// </summary>
internal sealed class ShortCodes
{
    /// <summary>Vectors of a block.</summary>
    public const int BlockCount = NibbleScan.BlockCount;

    private const int NumbersByteLength = BlockCount * sizeof(float);

    private ShortCodes(Section codebook, Section section, ProductQuantizer quantizer)
    {
        CodebookSection = codebook;
        Section = section;
        Quantizer = quantizer;
        CodesByteLength = CodesByteLengthOf(quantizer.SubspaceCount);
        BlockByteLength = BlockByteLengthOf(quantizer.SubspaceCount);
        Count = section.Count * FormatConstants.LineByteLength / BlockByteLength * BlockCount;
    }

    public Section CodebookSection { get; }

    public Section Section { get; }

    public ProductQuantizer Quantizer { get; }

    /// <summary>Bytes of the codes of a block, without padding.</summary>
    public int CodesByteLength { get; }

    /// <summary>Bytes of a block.</summary>
    public int BlockByteLength { get; }

    /// <summary>Ordinals that have a short code: those below this.</summary>
    public long Count { get; }

    public static int CodesByteLengthOf(int subspaceCount) => (subspaceCount + 1) / 2 * BlockCount;

    /// <summary>A whole number of lines.</summary>
    public static int BlockByteLengthOf(int subspaceCount) => NumbersOffset(subspaceCount) + (2 * NumbersByteLength);

    /// <summary>Opens the codes of a codebook; null where they do not belong together.</summary>
    /// <param name="codebook">The codebook's section.</param>
    /// <param name="section">The codes'.</param>
    /// <param name="dimension">The file's.</param>
    /// <param name="ordinalCount">Ordinals in the index.</param>
    /// <exception cref="CorruptFileException">The codebook is damaged.</exception>
    public static ShortCodes? TryOpen(Section codebook, Section section, int dimension, long ordinalCount)
    {
        if (RecordCodebook.TryRead(codebook, dimension, FormatConstants.ShortCodebook)?.Codebook is not ProductQuantizer { BitsPerCode: 4 } quantizer
            || section.Frame.FirstOrdinal != 0
            || section.Count * FormatConstants.LineByteLength % BlockByteLengthOf(quantizer.SubspaceCount) != 0)
        {
            return null;
        }

        var codes = new ShortCodes(codebook, section, quantizer);
        return codes.Count > 0 && codes.Count <= ordinalCount ? codes : null;
    }

    /// <summary>A block of 32 ordinals, checked.</summary>
    /// <exception cref="CorruptFileException">It is damaged.</exception>
    public ReadOnlySpan<byte> Block(long index) => Section.Range(index * BlockByteLength, BlockByteLength);

    /// <summary>Writes one vector's part of a block.</summary>
    /// <param name="quantizer">What makes the code.</param>
    /// <param name="metric">The file's.</param>
    /// <param name="vector">The vector.</param>
    /// <param name="place">Its place in the block, 0 to 31.</param>
    /// <param name="scratch">Dimension elements for two directions each.</param>
    /// <param name="block">The block.</param>
    public static void Encode(ProductQuantizer quantizer, Metric metric, ReadOnlySpan<float> vector, int place, float[] scratch, Span<byte> block)
    {
        Span<float> direction = scratch.AsSpan(0, vector.Length);
        Span<float> decoded = scratch.AsSpan(vector.Length, vector.Length);
        Span<byte> code = stackalloc byte[StackByteLength];
        code = quantizer.CodeByteLength <= code.Length ? code.Slice(0, quantizer.CodeByteLength) : new byte[quantizer.CodeByteLength];
        double norm = VectorNorm.Norm(vector);
        double inverse = norm == 0 ? 0 : 1 / norm;
        for (int i = 0; i < vector.Length; i++)
        {
            direction[i] = (float)(vector[i] * inverse);
        }

        quantizer.Encode(direction, code);
        quantizer.Decode(code, decoded);
        for (int pair = 0; pair < code.Length; pair++)
        {
            block[(pair * BlockCount) + place] = code[pair];
        }

        double length = VectorNorm.Norm(decoded);
        double scale = length == 0 ? 0 : (metric == Metric.Cosine ? 1 : norm) / length;
        int numbers = NumbersOffset(quantizer.SubspaceCount) + (place * sizeof(float));
        BinaryPrimitives.WriteSingleLittleEndian(block.Slice(numbers), (float)Math.Min(scale, float.MaxValue));
        BinaryPrimitives.WriteSingleLittleEndian(block.Slice(numbers + NumbersByteLength), (float)Math.Min(norm, float.MaxValue));
    }

    /// <summary>What stands beside a code.</summary>
    public (float Scale, float Norm) Numbers(ReadOnlySpan<byte> block, int place)
    {
        ReadOnlySpan<byte> numbers = block.Slice(BlockByteLength - (2 * NumbersByteLength) + (place * sizeof(float)));
        return (BinaryPrimitives.ReadSingleLittleEndian(numbers), BinaryPrimitives.ReadSingleLittleEndian(numbers.Slice(NumbersByteLength)));
    }

    private const int StackByteLength = 1024;

    private static int NumbersOffset(int subspaceCount)
        => (CodesByteLengthOf(subspaceCount) + FormatConstants.LineByteLength - 1) / FormatConstants.LineByteLength * FormatConstants.LineByteLength;
}
