using System.Buffers.Binary;
using EmbedCache.Primitives;

namespace EmbedCache.Format;

/// <summary>
/// The first 256 bytes of a file, written once: only what can never change.
/// <code>
///    0 ┬───────────────────────────────────┐
///      │ magic                          8  │  89 'EDB' 0D 0A 1A 0A
///    8 │ version_major                  u2 │  1
///   10 │ version_minor                  u2 │  0
///   12 │ len_header                     u4 │  256
///   16 │ dimension                      u4 │  1..65536
///   20 │ element_type                   u1 │  ElementType
///   21 │ metric                         u1 │  Metric
///   22 │ key_storage                    u1 │  KeyStorage
///   23 │ key_hash                       u1 │  KeyHash
///   24 │ store uuid                     16 │  RFC 4122 byte order; stays through compaction
///   40 │ generation                     u4 │  1, +1 per compaction
///   44 │ reserved                       u4 │
///   48 │ salt                           16 │
///   64 │ ofs_slot_a                     u8 │  4096
///   72 │ ofs_slot_b                     u8 │  8192
///   80 │ ofs_log                        u8 │  12288
///   88 │ created                        u8 │  Unix ms
///   96 │ reserved                      156 │
///  252 │ crc                            u4 │  over bytes 0..251
///  256 └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct FileHeader
{
    public const int ByteLength = FormatConstants.HeaderByteLength;

    public const int MagicOffset = 0;
    public const int MagicByteLength = 8;
    public const int VersionMajorOffset = MagicOffset + MagicByteLength;
    public const int VersionMinorOffset = VersionMajorOffset + sizeof(ushort);
    public const int HeaderLengthOffset = VersionMinorOffset + sizeof(ushort);
    public const int DimensionOffset = HeaderLengthOffset + sizeof(uint);
    public const int ElementTypeOffset = DimensionOffset + sizeof(uint);
    public const int MetricOffset = ElementTypeOffset + sizeof(byte);
    public const int KeyStorageOffset = MetricOffset + sizeof(byte);
    public const int KeyHashOffset = KeyStorageOffset + sizeof(byte);
    public const int StoreIdOffset = KeyHashOffset + sizeof(byte);
    public const int StoreIdByteLength = 16;
    public const int GenerationOffset = StoreIdOffset + StoreIdByteLength;
    public const int Reserved1Offset = GenerationOffset + sizeof(uint);
    public const int SaltOffset = Reserved1Offset + sizeof(uint);
    public const int SlotAOffsetOffset = SaltOffset + FileSalt.ByteLength;
    public const int SlotBOffsetOffset = SlotAOffsetOffset + sizeof(ulong);
    public const int LogOffsetOffset = SlotBOffsetOffset + sizeof(ulong);
    public const int CreatedOffset = LogOffsetOffset + sizeof(ulong);
    public const int Reserved2Offset = CreatedOffset + sizeof(ulong);
    public const int CrcOffset = ByteLength - FormatConstants.CrcByteLength;

    /// <summary>Minor version of the writer that created the file.</summary>
    public ushort VersionMinor { get; init; }

    /// <summary>Elements per vector.</summary>
    public int Dimension { get; init; }

    /// <summary>Type of a vector's elements.</summary>
    public ElementType ElementType { get; init; }

    /// <summary>How vectors are compared.</summary>
    public Metric Metric { get; init; }

    /// <summary>Whether keys are text or digests.</summary>
    public KeyStorage KeyStorage { get; init; }

    /// <summary>Identity of the store.</summary>
    public Guid StoreId { get; init; }

    /// <summary>1 at creation, +1 per compaction.</summary>
    public uint Generation { get; init; }

    /// <summary>Keys hashes, digests and self CRCs.</summary>
    public FileSalt Salt { get; init; }

    /// <summary>When the store was created, Unix ms.</summary>
    public long Created { get; init; }

    /// <summary>The header's CRC: what the first frame's chain CRC continues. Set by <see cref="Read"/> and returned by <see cref="Write"/>.</summary>
    public uint Crc { get; init; }

    /// <summary>Length of a vector of this file in bytes.</summary>
    public int VectorByteLength => Dimension * sizeof(float);

    /// <summary>Reads and checks a header.</summary>
    /// <param name="bytes">The first bytes of the file: 256, or fewer when the file is shorter.</param>
    /// <param name="path">For messages.</param>
    /// <param name="fileLength">Length of the file in bytes.</param>
    /// <exception cref="NotAnEdbFileException">The magic is not there.</exception>
    /// <exception cref="UnsupportedVersionException">A newer major version, or a reserved type.</exception>
    /// <exception cref="CorruptFileException">The CRC is wrong, or the file ends before its log begins.</exception>
    public static FileHeader Read(ReadOnlySpan<byte> bytes, string path, long fileLength)
    {
        CheckMagic(bytes, path);
        if (bytes.Length < ByteLength)
        {
            throw new CorruptFileException($"The file ends within its header, after {bytes.Length} bytes; restore it from a backup, or delete it and create it again", path, bytes.Length);
        }

        // The major version is read before the CRC: a newer one may have put the CRC elsewhere.
        ushort major = BinaryPrimitives.ReadUInt16LittleEndian(bytes[VersionMajorOffset..]);
        ushort minor = BinaryPrimitives.ReadUInt16LittleEndian(bytes[VersionMinorOffset..]);
        if (major > FormatConstants.VersionMajor)
        {
            throw new UnsupportedVersionException($"The file has format version {major}.{minor}; this build reads versions up to {FormatConstants.VersionMajor}.x. Update EmbedCache to open it", path, VersionMajorOffset);
        }

        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcOffset..]);
        if (crc != Crc32.Compute(bytes[..CrcOffset]) || major == 0)
        {
            throw new CorruptFileException("The file's header is damaged (its CRC does not match); restore the file from a backup", path, 0);
        }

        FileHeader header = new()
        {
            VersionMinor = minor,
            Dimension = ReadDimension(bytes, path),
            ElementType = (ElementType)bytes[ElementTypeOffset],
            Metric = (Metric)bytes[MetricOffset],
            KeyStorage = (KeyStorage)bytes[KeyStorageOffset],
            StoreId = ReadStoreId(bytes),
            Generation = BinaryPrimitives.ReadUInt32LittleEndian(bytes[GenerationOffset..]),
            Salt = FileSalt.Read(bytes[SaltOffset..]),
            Created = BinaryPrimitives.ReadInt64LittleEndian(bytes[CreatedOffset..]),
            Crc = crc,
        };
        header.CheckTypes((KeyHash)bytes[KeyHashOffset], path);
        CheckLayout(bytes, path);
        header.CheckRest(path, fileLength);
        return header;
    }

    /// <summary>Writes the header, CRC included, into the first 256 bytes of <paramref name="destination"/>, and returns the CRC.</summary>
    public uint Write(Span<byte> destination)
    {
        Span<byte> bytes = destination[..ByteLength];
        bytes.Clear();
        FormatConstants.Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[VersionMajorOffset..], FormatConstants.VersionMajor);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[VersionMinorOffset..], VersionMinor);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[HeaderLengthOffset..], ByteLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[DimensionOffset..], (uint)Dimension);
        bytes[ElementTypeOffset] = (byte)ElementType;
        bytes[MetricOffset] = (byte)Metric;
        bytes[KeyStorageOffset] = (byte)KeyStorage;
        bytes[KeyHashOffset] = (byte)KeyHash.SipHash24;
        SwapGuid(StoreId.ToByteArray()).CopyTo(bytes[StoreIdOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[GenerationOffset..], Generation);
        Salt.Write(bytes[SaltOffset..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[SlotAOffsetOffset..], FormatConstants.SlotAOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[SlotBOffsetOffset..], FormatConstants.SlotBOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[LogOffsetOffset..], FormatConstants.LogOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[CreatedOffset..], Created);
        uint crc = Crc32.Compute(bytes[..CrcOffset]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CrcOffset..], crc);
        return crc;
    }

    private static void CheckMagic(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.IsEmpty)
        {
            throw new NotAnEdbFileException("The file is empty, so it is not an .edb file; delete it and create it again", path, 0);
        }

        ReadOnlySpan<byte> magic = FormatConstants.Magic;
        if (bytes.Length >= MagicByteLength && bytes[..MagicByteLength].SequenceEqual(magic))
        {
            return;
        }

        // "EDB" where it belongs, the rest not: what text-mode transfers do to line ends and high bits.
        bool mangled = bytes.Length >= MagicByteLength && bytes[1..4].SequenceEqual(magic[1..4]);
        throw new NotAnEdbFileException(
            mangled
                ? "The file's signature is damaged the way a text-mode transfer damages it; copy the original again in binary mode"
                : "The file is not an .edb file; check the path",
            path,
            0);
    }

    private static int ReadDimension(ReadOnlySpan<byte> bytes, string path)
    {
        uint dimension = BinaryPrimitives.ReadUInt32LittleEndian(bytes[DimensionOffset..]);
        return dimension is >= 1 and <= FormatConstants.MaxDimension
            ? (int)dimension
            : throw new CorruptFileException($"The header says {dimension} dimensions; 1 to {FormatConstants.MaxDimension} are possible. Restore the file from a backup", path, DimensionOffset);
    }

    private static void CheckLayout(ReadOnlySpan<byte> bytes, string path)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[HeaderLengthOffset..]) != ByteLength
            || BinaryPrimitives.ReadInt64LittleEndian(bytes[SlotAOffsetOffset..]) != FormatConstants.SlotAOffset
            || BinaryPrimitives.ReadInt64LittleEndian(bytes[SlotBOffsetOffset..]) != FormatConstants.SlotBOffset
            || BinaryPrimitives.ReadInt64LittleEndian(bytes[LogOffsetOffset..]) != FormatConstants.LogOffset)
        {
            throw new CorruptFileException("The header places the slots or the log where format 1 does not; restore the file from a backup", path, SlotAOffsetOffset);
        }
    }

    private void CheckTypes(KeyHash keyHash, string path)
    {
        if (ElementType != ElementType.Float32)
        {
            throw new UnsupportedVersionException($"The file holds vectors of element type {(byte)ElementType}; this build reads float32 only. Update EmbedCache to open it", path, ElementTypeOffset);
        }

        if (Metric is not (Metric.Cosine or Metric.Dot or Metric.L2))
        {
            throw new UnsupportedVersionException($"The file uses metric {(byte)Metric}, which this build does not know. Update EmbedCache to open it", path, MetricOffset);
        }

        if (KeyStorage is not (KeyStorage.Text or KeyStorage.Digest))
        {
            throw new UnsupportedVersionException($"The file uses key storage {(byte)KeyStorage}, which this build does not know. Update EmbedCache to open it", path, KeyStorageOffset);
        }

        if (keyHash != KeyHash.SipHash24)
        {
            throw new UnsupportedVersionException($"The file uses key hash {(byte)keyHash}, which this build does not know. Update EmbedCache to open it", path, KeyHashOffset);
        }
    }

    private void CheckRest(string path, long fileLength)
    {
        if (Generation == 0)
        {
            throw new CorruptFileException("The header's generation is 0; restore the file from a backup", path, GenerationOffset);
        }

        if (!UnixTime.IsValid(Created))
        {
            throw new CorruptFileException("The header's creation time is out of range; restore the file from a backup", path, CreatedOffset);
        }

        if (fileLength < FormatConstants.LogOffset)
        {
            throw new CorruptFileException($"The file has {fileLength} bytes and ends before its log begins, at {FormatConstants.LogOffset}; restore it from a backup, or delete it and create it again", path, fileLength);
        }
    }

    private static Guid ReadStoreId(ReadOnlySpan<byte> bytes)
        => new(SwapGuid(bytes.Slice(StoreIdOffset, StoreIdByteLength).ToArray()));

    /// <summary>RFC 4122 order to the order of <see cref="Guid.ToByteArray()"/> and back: the first three fields are reversed.</summary>
    private static byte[] SwapGuid(byte[] guid)
    {
        Array.Reverse(guid, 0, 4);
        Array.Reverse(guid, 4, 2);
        Array.Reverse(guid, 6, 2);
        return guid;
    }
}
