using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>One Record, Touch or Tombstone copied out of a damaged file, to be looked at from all sides.</summary>
internal sealed class RecordBytes
{
    /// <summary>The longest payload: a vector, a key and metadata of the most bytes each.</summary>
    public const int MaxPayloadByteLength = (FormatConstants.MaxDimension * sizeof(float)) + FormatConstants.MaxKeyByteLength + ushort.MaxValue;

    private readonly byte[] _payload = new byte[MaxPayloadByteLength];
    private float[]? _decoded;

    public RecordFrame Frame { get; private set; }

    /// <summary>A Record's vector as bytes.</summary>
    public ReadOnlySpan<byte> Vector => _payload.AsSpan(0, Frame.VectorByteLength);

    public ReadOnlySpan<byte> Key => _payload.AsSpan(Frame.VectorByteLength, Frame.KeyByteLength);

    public ReadOnlySpan<byte> Metadata => _payload.AsSpan(Frame.VectorByteLength + Frame.KeyByteLength, Frame.MetadataByteLength);

    /// <summary>True when the payload's CRC holds.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Reads the frame whose header is given; false when that contradicts the file's header, or the file ends inside the frame.</summary>
    public bool TryRead(IStoreFile file, long offset, ReadOnlySpan<byte> header, in FileHeader fileHeader)
    {
        IsWhole = false;
        if (!RecordFrame.TryRead(header, fileHeader.Dimension, fileHeader.KeyStorage, out RecordFrame frame))
        {
            return false;
        }

        Frame = frame;
        Span<byte> payload = _payload.AsSpan(0, frame.PayloadByteLength);
        payload.Clear();
        bool isThere = file.ReadAt(offset + FormatConstants.FrameHeaderByteLength, payload) == payload.Length;
        IsWhole = isThere && Crc32.Compute(payload) == frame.Header.PayloadCrc;
        return isThere;
    }

    /// <summary>Reads and checks the whole frame at an offset, its header included.</summary>
    public bool TryReadWhole(IStoreFile file, long offset, SalvagedHeader salvaged)
    {
        Span<byte> header = stackalloc byte[FormatConstants.FrameHeaderByteLength];
        header.Clear();
        return file.ReadAt(offset, header) == header.Length
            && FrameHeader.TryRead(header, out _)
            && FrameSeal.SaltShareOf(header, offset) == salvaged.SaltShare
            && TryRead(file, offset, header, salvaged.Header)
            && IsWhole;
    }

    /// <summary>What a hostile file could have given right CRCs to, and no writer writes, and codes without a codebook; null for a sound frame.</summary>
    public string? Contradiction(SalvagedHeader salvaged, Codebook? codebook)
    {
        FileHeader header = salvaged.Header;
        if (header.KeyStorage == KeyStorage.Text && !IsText(Key))
        {
            return "The key is not well-formed UTF-8";
        }

        if (salvaged.IsSaltKnown && KeyHashing.Compute(header.Salt, Frame.Role, Key) != Frame.KeyHash)
        {
            return "The key's hash is not that of the key";
        }

        if (!MetadataCodec.TryDecode(Metadata, out _))
        {
            return "The metadata cannot be decoded";
        }

        return Frame.Header.Kind == FrameKind.Record ? VectorContradiction(header.Dimension, codebook) : null;
    }

    private string? VectorContradiction(int dimension, Codebook? codebook)
    {
        if (Frame.Encoding == RecordEncoding.Code && codebook is null)
        {
            return "The record is a code, and the codebook that it is one of is damaged";
        }

        if (Frame.Encoding != RecordEncoding.Float32 && Vector.Length != VectorCodec.ByteLengthOf(Frame.Encoding, dimension, codebook))
        {
            return "The record's code has not the length that the codebook says";
        }

        ReadOnlySpan<float> vector = MemoryMarshal.Cast<byte, float>(Vector);
        if (Frame.Encoding != RecordEncoding.Float32)
        {
            _decoded ??= new float[dimension];
            VectorCodec.Decode(Frame.Encoding, codebook, Vector, EncodedFields.Read(Vector).Scale, _decoded);
            vector = _decoded;
        }

        return VectorNorm.TryMeasure(vector, out double norm) && (float)norm == Frame.Norm ? null : "The stored norm is not that of the vector";
    }

    /// <summary>The key for display, where its hash says that it is as it was; else null.</summary>
    public string? ProvenKey(SalvagedHeader salvaged)
    {
        if (!IsWhole && !(salvaged.IsSaltKnown && KeyHashing.Compute(salvaged.Header.Salt, Frame.Role, Key) == Frame.KeyHash))
        {
            return null;
        }

        return salvaged.Header.KeyStorage == KeyStorage.Digest
            ? string.Concat(Key.ToArray().Select(static b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)))
            : IsText(Key) ? StoredKey.ToText(Key) : null;
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _ = StrictUtf8.Encoding.GetCharCount(bytes);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
