using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>What a file's scalar codes are relative to: the mean of a sample, or nothing under dot. One for each generation; it never changes.</summary>
internal sealed class ScalarCodebook
{
    private ScalarCodebook(Section section, float[] mean)
    {
        Section = section;
        Mean = mean;
    }

    public Section Section { get; }

    /// <summary>One element for each dimension, or empty for zero.</summary>
    public float[] Mean { get; }

    /// <summary>Reads a codebook; null where the section holds none that this version can use.</summary>
    /// <exception cref="CorruptFileException">A block of it is damaged.</exception>
    public static ScalarCodebook? TryRead(Section section, int dimension, Metric metric)
    {
        long byteLength = section.Count * FormatConstants.LineByteLength;
        if (byteLength < FormatConstants.LineByteLength || byteLength > CodebookHeader.MeanOffset + (((long)dimension + 16) * sizeof(float)))
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = section.Range(0, (int)byteLength);
        if (!CodebookHeader.TryRead(bytes, dimension, section.Count, out CodebookHeader header)
            || header.Kind != CodebookKind.Scalar
            || header.Number != section.Frame.Codebook
            || (header.MeanCount != 0) != (metric != Metric.Dot))
        {
            return null;
        }

        var mean = new float[header.MeanCount];
        for (int i = 0; i < mean.Length; i++)
        {
            mean[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.Slice(CodebookHeader.MeanOffset + (i * sizeof(float))));
            if (!float.IsFinite(mean[i]))
            {
                return null;
            }
        }

        return new ScalarCodebook(section, mean);
    }

    /// <summary>The entries of a Codebook section.</summary>
    public static byte[] ToBytes(float[] mean, int dimension)
    {
        var header = new CodebookHeader(CodebookKind.Scalar, FormatConstants.ScalarCodebook, dimension, mean.Length);
        byte[] bytes = new byte[header.LineCount * FormatConstants.LineByteLength];
        header.Write(bytes);
        for (int i = 0; i < mean.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(CodebookHeader.MeanOffset + (i * sizeof(float))), mean[i]);
        }

        return bytes;
    }
}
