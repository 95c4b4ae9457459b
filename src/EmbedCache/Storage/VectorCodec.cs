using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>What encoding a vector cost: the norm of what is decoded, and how that differs from what was given.</summary>
/// <param name="Norm">L2 norm of the decoded vector, as a record keeps it.</param>
/// <param name="Residual">L2 norm of the difference over that of the vector given; 0 for a zero vector.</param>
/// <param name="Cosine">Cosine between the two; 1 for a zero vector.</param>
internal readonly record struct EncodedVector(float Norm, double Residual, double Cosine);

/// <summary>
/// Encodes and decodes vectors as one of the encodings of a Record. What is decoded is the same on every machine, bit for bit. A code is that of the vector's direction; its
/// scale brings the decoded vector to the length of the one given.
/// </summary>
/// <param name="encoding">Float16, Int8 or Code.</param>
/// <param name="header">The file's.</param>
/// <param name="codebook">With Code, what codes are relative to.</param>
internal sealed class VectorCodec(RecordEncoding encoding, FileHeader header, Codebook? codebook)
{
    private const int HalfBias = 14; // the largest element becomes a half of 2^14 to 2^15
    private const float SmallestNormal = 1.17549435e-38f;

    private readonly float[] _decoded = new float[header.Dimension];
    private readonly float[] _direction = new float[header.Dimension];

    public RecordEncoding Encoding => encoding;

    public Codebook? Codebook => codebook;

    /// <summary>Bytes of an encoded vector.</summary>
    public int ByteLength => ByteLengthOf(encoding, header.Dimension, codebook);

    /// <summary>Number that a record's header names.</summary>
    public ushort CodebookNumber => encoding == RecordEncoding.Code ? FormatConstants.RecordCodebook : (ushort)0;

    public static int ByteLengthOf(RecordEncoding encoding, int dimension, Codebook? codebook) => EncodedFields.ByteLength + encoding switch
    {
        RecordEncoding.Float16 => dimension * sizeof(ushort),
        RecordEncoding.Int8 => dimension,
        _ => codebook!.CodeByteLength,
    };

    /// <summary>Encodes a vector. False where the encoding cannot keep it (its length would overflow or vanish): it is then to be kept as it is. Not thread-safe.</summary>
    /// <param name="vector">The vector, validated.</param>
    /// <param name="bytes">Receives <see cref="ByteLength"/> bytes.</param>
    /// <param name="encoded">What it cost.</param>
    public bool TryEncode(ReadOnlySpan<float> vector, Span<byte> bytes, out EncodedVector encoded)
    {
        encoded = default;
        bytes = bytes.Slice(0, ByteLength);
        double norm = VectorNorm.Norm(vector);
        Span<byte> codes = bytes.Slice(0, bytes.Length - EncodedFields.ByteLength);
        float scale = encoding switch
        {
            RecordEncoding.Float16 => EncodeHalves(vector, codes),
            RecordEncoding.Int8 => ScaledBytes.Encode(vector, codes),
            _ => EncodeDirection(vector, norm, codes),
        };
        if (!float.IsFinite(scale))
        {
            return false;
        }

        Decode(encoding, codebook, bytes, scale, _decoded);
        if (!VectorNorm.TryMeasure(_decoded, out double decodedNorm)
            || !(decodedNorm <= float.MaxValue)
            || (header.Metric == Metric.Cosine && (float)decodedNorm < SmallestNormal))
        {
            return false;
        }

        double residual = Math.Sqrt(WideKernels.SquaredL2(vector, _decoded));
        float stored = RoundUp(residual);
        if (!float.IsFinite(stored))
        {
            return false;
        }

        new EncodedFields(scale, stored).Write(bytes);
        bool isZero = norm == 0 || decodedNorm == 0;
        encoded = new EncodedVector(
            (float)decodedNorm,
            norm == 0 ? 0 : residual / norm,
            isZero ? (norm == decodedNorm ? 1 : 0) : Math.Min(1, WideKernels.Dot(vector, _decoded) / norm / decodedNorm));
        return true;
    }

    /// <summary>Decodes the vector of a record.</summary>
    /// <param name="log">Where it is.</param>
    /// <param name="offset">Offset of the record, for the error.</param>
    /// <param name="frame">The record, of another encoding than Float32.</param>
    /// <param name="bytes">Its vector's bytes.</param>
    /// <param name="destination">Receives Dimension elements.</param>
    /// <exception cref="CorruptFileException">The codebook is damaged, or the code is not one of it.</exception>
    public static void Decode(LogFile log, long offset, scoped in RecordFrame frame, ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        if (frame.Encoding is not (RecordEncoding.Float16 or RecordEncoding.Int8 or RecordEncoding.Code))
        {
            throw new CorruptFileException("A frame that has no vector is named as a record", log.Path, offset);
        }

        Codebook? codebook = frame.Encoding == RecordEncoding.Code ? log.Codebook : null;
        if (bytes.Length != ByteLengthOf(frame.Encoding, log.Header.Dimension, codebook))
        {
            throw new CorruptFileException("A record's code has not the length that the codebook says", log.Path, offset);
        }

        Decode(frame.Encoding, codebook, bytes, EncodedFields.Read(bytes).Scale, destination);
    }

    /// <summary>Decodes a vector whose length was held against its encoding and codebook.</summary>
    public static void Decode(RecordEncoding encoding, Codebook? codebook, ReadOnlySpan<byte> bytes, float scale, Span<float> destination)
    {
        switch (encoding)
        {
            case RecordEncoding.Float16:
                Float16.Decode(bytes, scale, destination);
                break;
            case RecordEncoding.Int8:
                ScaledBytes.Decode(bytes, scale, destination);
                break;
            default:
                codebook!.Decode(bytes.Slice(0, codebook.CodeByteLength), destination);
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] *= scale;
                }

                break;
        }
    }

    private static float EncodeHalves(ReadOnlySpan<float> vector, Span<byte> halves)
    {
        float largest = 0;
        foreach (float element in vector)
        {
            largest = Math.Max(largest, Math.Abs(element));
        }

        double scale = 1;
        for (; largest >= scale * 2; scale *= 2)
        {
        }

        for (; largest < scale && scale > float.Epsilon; scale /= 2)
        {
        }

        scale = Math.Max(scale / (1 << HalfBias), float.Epsilon);
        float written = (float)scale;
        for (int i = 0; i < vector.Length; i++)
        {
            ushort half = Float16.FromSingle((float)(vector[i] / scale));
            if (!float.IsFinite(Float16.ToSingle(half) * written))
            {
                // Rounded up past the largest float.
                half--;
            }

            halves[2 * i] = (byte)half;
            halves[(2 * i) + 1] = (byte)(half >> 8);
        }

        return written;
    }

    private float EncodeDirection(ReadOnlySpan<float> vector, double norm, Span<byte> code)
    {
        double inverse = norm == 0 ? 0 : 1 / norm;
        for (int i = 0; i < vector.Length; i++)
        {
            _direction[i] = (float)(vector[i] * inverse);
        }

        codebook!.Encode(_direction, code);
        codebook.Decode(code, _decoded);
        double length = VectorNorm.Norm(_decoded);
        return length == 0 ? 0 : (float)(norm / length);
    }

    /// <summary>The nearest float that is not below.</summary>
    private static float RoundUp(double value)
    {
        float nearest = (float)value;
        return nearest >= value || !float.IsFinite(nearest) ? nearest : BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(nearest) + 1);
    }
}
