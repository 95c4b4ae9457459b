using System.Buffers.Binary;
using EmbedCache.Primitives;

namespace EmbedCache.Format;

/// <summary>
/// A frame with a key: Record, Touch or Tombstone. The specific fields of its header, and where its payload lies.
/// <code>
///    2 ┬ len_key                        u2 │  1..65535; 32 in digest files
///   22 │ len_metadata                   u2 │  Record, Touch
///   24 │ key_hash                  u4, u4  │  low, high
///   32 │ created                  u4 + u2  │  Unix ms: when this frame was written
///   38 │ expires                  u4 + u2  │  Unix ms; 0 never
///   44 │ len_vector                     u4 │  Record: bytes            ┐ Touch: ofs_record u8, the Record
///   48 │ norm                           f4 │  Record: L2 norm          ┘ whose vector it keeps
///   52 │ encoding                       u1 │  Record: RecordEncoding; else 0
///   53 │ key_kind | role ≪ 4            u1 │
///   54 │ codebook                       u2 │  0: none; 2 with a code
///   64 ┼───────────────────────────────────┤
///      │ vector                            │  Record: at the frame + 64, always
///      │ key                               │
///      │ metadata                          │  Record, Touch
///      │ zeros up to a unit                │  not covered by crc_payload
///      └───────────────────────────────────┘
/// </code>
/// len_frame is exactly what the three lengths need.
/// </summary>
internal readonly record struct RecordFrame
{
    public const int KeyLengthOffset = FrameHeader.KeyLengthOffset;
    public const int MetadataLengthOffset = FrameHeader.SpecificOffset;
    public const int KeyHashOffset = MetadataLengthOffset + sizeof(ushort);
    public const int CreatedOffset = KeyHashOffset + sizeof(ulong);
    public const int ExpiresOffset = CreatedOffset + UInt48.ByteLength;
    public const int VectorLengthOffset = ExpiresOffset + UInt48.ByteLength;
    public const int NormOffset = VectorLengthOffset + sizeof(uint);
    public const int EncodingOffset = NormOffset + sizeof(float);
    public const int KeyKindAndRoleOffset = EncodingOffset + sizeof(byte);
    public const int CodebookOffset = KeyKindAndRoleOffset + sizeof(byte);
    public const int TouchedRecordOffset = VectorLengthOffset;

    /// <summary>Where a Record's vector begins, from the frame.</summary>
    public const int VectorOffset = FrameHeader.ByteLength;

    private const int KeyKindMask = 0x0F;
    private const int RoleShift = 4;

    public FrameHeader Header { get; init; }
    public ulong KeyHash { get; init; }
    public KeyKind KeyKind { get; init; }
    public EmbeddingRole Role { get; init; }
    public int KeyByteLength { get; init; }
    public int MetadataByteLength { get; init; }

    /// <summary>Unix ms.</summary>
    public long Created { get; init; }

    /// <summary>Unix ms; 0 for never.</summary>
    public long Expires { get; init; }

    /// <summary>Record: length of the vector in bytes; else 0.</summary>
    public int VectorByteLength { get; init; }

    /// <summary>Record: L2 norm; else 0.</summary>
    public float Norm { get; init; }

    public RecordEncoding Encoding { get; init; }
    public ushort Codebook { get; init; }

    /// <summary>Touch: offset of the Record frame whose vector it keeps; else 0.</summary>
    public long TouchedRecord { get; init; }

    /// <summary>Where the key begins, from the frame.</summary>
    public int KeyOffset => VectorOffset + VectorByteLength;

    /// <summary>Where the metadata begins, from the frame.</summary>
    public int MetadataOffset => KeyOffset + KeyByteLength;

    /// <summary>Bytes that crc_payload covers, from the header's end.</summary>
    public int PayloadByteLength => VectorByteLength + KeyByteLength + MetadataByteLength;

    /// <summary>Units that the frame takes.</summary>
    public uint UnitCount => (uint)FrameHeader.UnitsFor(PayloadByteLength);

    /// <summary>True when the record has an expiry and it is reached at <paramref name="now"/> (Unix ms).</summary>
    public bool IsExpired(long now) => Expires != 0 && Expires <= now;

    /// <summary>Reads and checks the header of a Record, Touch or Tombstone of a file of the given kind. False for anything that a writer of format 1.0 cannot have written.</summary>
    /// <param name="bytes">At least the frame's 64-byte header.</param>
    /// <param name="dimension">The file's dimension.</param>
    /// <param name="keyStorage">The file's key storage.</param>
    /// <param name="frame">The fields.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int dimension, KeyStorage keyStorage, out RecordFrame frame)
    {
        frame = default;
        if (!FrameHeader.TryRead(bytes, out FrameHeader header) || !header.Kind.HasKey())
        {
            return false;
        }

        bool isRecord = header.Kind == FrameKind.Record;
        uint vectorByteLength = isRecord ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[VectorLengthOffset..]) : 0;
        if (vectorByteLength > FormatConstants.MaxDimension * sizeof(float))
        {
            return false;
        }

        RecordFrame read = new()
        {
            Header = header,
            KeyHash = BinaryPrimitives.ReadUInt64LittleEndian(bytes[KeyHashOffset..]),
            KeyKind = (KeyKind)(bytes[KeyKindAndRoleOffset] & KeyKindMask),
            Role = (EmbeddingRole)(bytes[KeyKindAndRoleOffset] >> RoleShift),
            KeyByteLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[KeyLengthOffset..]),
            MetadataByteLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[MetadataLengthOffset..]),
            Created = UInt48.Read(bytes[CreatedOffset..]),
            Expires = UInt48.Read(bytes[ExpiresOffset..]),
            VectorByteLength = (int)vectorByteLength,
            Norm = isRecord ? BinaryPrimitives.ReadSingleLittleEndian(bytes[NormOffset..]) : 0,
            Encoding = (RecordEncoding)bytes[EncodingOffset],
            Codebook = BinaryPrimitives.ReadUInt16LittleEndian(bytes[CodebookOffset..]),
            TouchedRecord = header.Kind == FrameKind.Touch ? BinaryPrimitives.ReadInt64LittleEndian(bytes[TouchedRecordOffset..]) : 0,
        };
        if (!read.IsKeyConsistent(keyStorage) || !read.IsKindConsistent(dimension) || !UnixTime.IsValid(read.Created) || !UnixTime.IsValid(read.Expires)
            || read.UnitCount != header.UnitCount)
        {
            return false;
        }

        frame = read;
        return true;
    }

    /// <summary>Writes the frame's header into the first 64 bytes of <paramref name="destination"/>; <see cref="Header"/> gives kind, flags, epoch, transaction and payload CRC, the length is computed. To be sealed.</summary>
    public void Write(Span<byte> destination)
    {
        Span<byte> bytes = destination[..FrameHeader.ByteLength];
        bytes.Clear();
        (Header with { UnitCount = UnitCount }).Write(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[KeyLengthOffset..], checked((ushort)KeyByteLength));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[MetadataLengthOffset..], checked((ushort)MetadataByteLength));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[KeyHashOffset..], KeyHash);
        UInt48.Write(bytes[CreatedOffset..], Created);
        UInt48.Write(bytes[ExpiresOffset..], Expires);
        if (Header.Kind == FrameKind.Touch)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes[TouchedRecordOffset..], TouchedRecord);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[VectorLengthOffset..], (uint)VectorByteLength);
            BinaryPrimitives.WriteSingleLittleEndian(bytes[NormOffset..], Norm);
        }

        bytes[EncodingOffset] = (byte)Encoding;
        bytes[KeyKindAndRoleOffset] = (byte)((byte)KeyKind | ((byte)Role << RoleShift));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[CodebookOffset..], Codebook);
    }

    private bool IsKeyConsistent(KeyStorage keyStorage)
        => (byte)KeyKind == (byte)keyStorage
        && Role <= EmbeddingRole.Document
        && (KeyKind == KeyKind.Digest ? KeyByteLength == FormatConstants.DigestByteLength : KeyByteLength >= 1);

    private bool IsKindConsistent(int dimension) => Header.Kind switch
    {
        // A norm is that of a finite vector, so neither negative nor infinite nor NaN.
        FrameKind.Record => IsVectorConsistent(dimension) && Norm >= 0 && !float.IsInfinity(Norm),
        FrameKind.Touch => Encoding == RecordEncoding.None && Codebook == 0 && IsFrameOffset(TouchedRecord),
        _ => Encoding == RecordEncoding.None && Codebook == 0 && MetadataByteLength == 0 && Expires == 0,
    };

    /// <summary>A code has the length that its codebook says, which is held against it when it is decoded.</summary>
    private bool IsVectorConsistent(int dimension) => Encoding switch
    {
        RecordEncoding.Float32 => VectorByteLength == dimension * sizeof(float) && Codebook == 0,
        RecordEncoding.Float16 => VectorByteLength == (dimension * sizeof(ushort)) + EncodedFields.ByteLength && Codebook == 0,
        RecordEncoding.Int8 => VectorByteLength == dimension + EncodedFields.ByteLength && Codebook == 0,
        RecordEncoding.Code => VectorByteLength > EncodedFields.ByteLength && Codebook == FormatConstants.RecordCodebook,
        _ => false,
    };

    private static bool IsFrameOffset(long offset)
        => offset is >= FormatConstants.LogOffset and < FormatConstants.OffsetLimit && offset % FormatConstants.Unit == 0;
}
