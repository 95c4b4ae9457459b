using System.Buffers.Binary;
using System.Text;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;

namespace EmbedCache.Spec.Tests.Support;

/// <summary>
/// Writes a file frame by frame with the format room alone: no engine. What the engine writes is held against the same readers elsewhere; this
/// also makes what the engine never writes (reserved kinds, colliding hashes, both slots gone).
/// </summary>
internal sealed class FileBuilder
{
    private readonly MemoryStream _log = new();
    private readonly List<(long Offset, ulong Hash, FrameKind Kind)> _keyed = [];
    private readonly uint _headerCrc;
    private uint _chain;
    private long _transaction = 1;
    private long _catalog;
    private long _liveIndexed;

    public FileBuilder(FileHeader? header = null)
    {
        Header = header ?? new FileHeader
        {
            Dimension = 2,
            ElementType = ElementType.Float32,
            Metric = Metric.Dot,
            KeyStorage = KeyStorage.Text,
            StoreId = new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
            Generation = 1,
            Salt = new FileSalt(0x0706050403020100, 0x0F0E0D0C0B0A0908),
            Created = 1_700_000_000_000,
        };
        byte[] bytes = new byte[FileHeader.ByteLength];
        _chain = _headerCrc = Header.Write(bytes);
    }

    public FileHeader Header { get; }

    public uint Epoch { get; set; } = 1;

    public long Sequence { get; set; } = 2;

    /// <summary>When frames are written, Unix ms.</summary>
    public long Clock { get; set; } = 1_700_000_001_000;

    /// <summary>Where the next frame begins.</summary>
    public long Tail => FormatConstants.LogOffset + _log.Length;

    public long Record(string key, float[] vector, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None, long expires = 0, bool commit = true)
    {
        byte[] vectorBytes = new byte[vector.Length * sizeof(float)];
        for (int i = 0; i < vector.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(vectorBytes.AsSpan(i * sizeof(float)), vector[i]);
        }

        return Keyed(FrameKind.Record, key, role, metadata, expires, commit, vectorBytes, norm: (float)Math.Sqrt(vector.Sum(x => (double)x * x)));
    }

    public long Touch(string key, long record, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None, long expires = 0)
        => Keyed(FrameKind.Touch, key, role, metadata, expires, commit: true, touchedRecord: record);

    public long Tombstone(string key, EmbeddingRole role = EmbeddingRole.None)
        => Keyed(FrameKind.Tombstone, key, role, null, 0, commit: true);

    public long Commit()
    {
        byte[] header = new byte[FormatConstants.Unit];
        FrameHeader.CreateCommit(Epoch, _transaction++).Write(header);
        return Append(header, []);
    }

    public long Properties(EmbeddingMetadata properties) => Payload(FrameKind.Properties, MetadataCodec.Encode(properties));

    /// <summary>A section of any entries; levels, ranges and ordinals are the caller's.</summary>
    public CatalogEntry Section(FrameKind kind, int entryByteLength, byte[] entries, long coversFrom, long coversTo, long firstOrdinal = 0, int level = 0)
    {
        SectionFrame frame = new()
        {
            Header = Common(kind, commit: false),
            EntryByteLength = entryByteLength,
            EntryCount = entries.Length / entryByteLength,
            CoversFrom = coversFrom,
            CoversTo = coversTo,
            Level = (uint)level,
            FirstOrdinal = firstOrdinal,
        };
        byte[] table = new byte[frame.CrcTableByteLength];
        for (int i = 0; i < frame.BlockCount; i++)
        {
            ReadOnlySpan<byte> block = entries.AsSpan(i * FormatConstants.SectionBlockByteLength, frame.BlockByteLength(i));
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(i * sizeof(uint)), Crc32.Compute(block));
        }

        byte[] header = new byte[FormatConstants.Unit];
        (frame with { Header = frame.Header with { PayloadCrc = Crc32.Compute(table) } }).Write(header);
        long offset = Append(header, [.. entries, .. table]);
        return new CatalogEntry
        {
            Kind = kind,
            Level = level,
            FrameOffset = offset,
            FrameByteLength = Tail - offset,
            CoversFrom = coversFrom,
            CoversTo = coversTo,
            EntryCount = frame.EntryCount,
        };
    }

    /// <summary>Keys, Ordinals and Live of everything so far, and the catalog that names them. <paramref name="isLive"/> takes an ordinal.</summary>
    public void Checkpoint(Func<long, bool> isLive)
    {
        long coversTo = Tail;
        byte[] keys = [.. _keyed.OrderBy(k => k.Hash).ThenBy(k => k.Offset).SelectMany(k => (byte[])[.. Word(k.Hash), .. Word((ulong)new KeyEntry(k.Hash, k.Offset, k.Kind == FrameKind.Tombstone).StoredOffset)])];
        long[] ordinals = [.. _keyed.Where(k => k.Kind.TakesOrdinal()).Select(k => k.Offset)];
        ulong[] bits = new ulong[(ordinals.Length + 63) / 64];
        for (int i = 0; i < ordinals.Length; i++)
        {
            bits[i / 64] |= isLive(i) ? 1UL << (i % 64) : 0;
            _liveIndexed += isLive(i) ? 1 : 0;
        }

        Catalog(
            coversTo,
            Section(FrameKind.Keys, 16, keys, FormatConstants.LogOffset, coversTo),
            Section(FrameKind.Ordinals, 8, [.. ordinals.SelectMany(o => Word((ulong)o))], FormatConstants.LogOffset, coversTo),
            Section(FrameKind.Live, 8, [.. bits.SelectMany(Word)], FormatConstants.LogOffset, coversTo));
    }

    public void Catalog(long coversTo, params CatalogEntry[] sections)
    {
        CatalogPayload catalog = new(coversTo, sections);
        byte[] payload = new byte[catalog.ByteLength];
        catalog.Write(payload);
        _catalog = Payload(FrameKind.Catalog, payload);
    }

    /// <summary>A frame of a kind of whose specific bytes nothing is known.</summary>
    public long Unknown(FrameKind kind)
    {
        byte[] header = new byte[FormatConstants.Unit];
        (Common(kind, commit: true) with { UnitCount = 1 }).Write(header);
        return Append(header, []);
    }

    /// <summary>The whole file: header, the current slot, the one before it when there is one, the log.</summary>
    public byte[] ToArray()
    {
        byte[] file = new byte[Tail];
        Header.Write(file);
        Slot().Write(file.AsSpan((int)FormatConstants.SlotOffset(Sequence)));
        if (Sequence > 1)
        {
            CommitSlot before = Slot() with { Sequence = Sequence - 1, PublishedTail = FormatConstants.LogOffset, DurableTail = FormatConstants.LogOffset, CatalogOffset = 0, PublishedChain = _headerCrc, DurableChain = _headerCrc, RecordCount = 0, TombstoneCount = 0, LiveIndexedCount = 0 };
            before.Write(file.AsSpan((int)FormatConstants.SlotOffset(before.Sequence)));
        }

        _log.ToArray().CopyTo(file, (int)FormatConstants.LogOffset);
        return file;
    }

    private CommitSlot Slot() => new()
    {
        Sequence = Sequence,
        Epoch = Epoch,
        PublishedTail = Tail,
        DurableTail = Tail,
        CatalogOffset = _catalog,
        PublishedChain = _chain,
        DurableChain = _chain,
        RecordCount = _keyed.Count(k => k.Kind.TakesOrdinal()),
        TombstoneCount = _keyed.Count(k => k.Kind == FrameKind.Tombstone),
        LiveIndexedCount = _liveIndexed,
        Transaction = _transaction - 1,
        Committed = Clock,
    };

    private long Keyed(FrameKind kind, string key, EmbeddingRole role, EmbeddingMetadata? metadata, long expires, bool commit, byte[]? vector = null, float norm = 0, long touchedRecord = 0)
    {
        bool isDigest = Header.KeyStorage == KeyStorage.Digest;
        byte[] keyBytes = isDigest ? Digest(key) : Encoding.UTF8.GetBytes(key);
        byte[] payload = [.. vector ?? [], .. keyBytes, .. MetadataCodec.Encode(metadata)];
        RecordFrame frame = new()
        {
            Header = Common(kind, commit) with { PayloadCrc = Crc32.Compute(payload) },
            KeyHash = SipHash24.Compute(Header.Salt.K0, Header.Salt.K1, (byte)role, keyBytes),
            KeyKind = isDigest ? KeyKind.Digest : KeyKind.Text,
            Role = role,
            KeyByteLength = keyBytes.Length,
            MetadataByteLength = MetadataCodec.GetByteLength(metadata),
            Created = Clock,
            Expires = expires,
            VectorByteLength = vector?.Length ?? 0,
            Norm = norm,
            Encoding = kind == FrameKind.Record ? RecordEncoding.Float32 : RecordEncoding.None,
            TouchedRecord = touchedRecord,
        };
        byte[] header = new byte[FormatConstants.Unit];
        frame.Write(header);
        long offset = Append(header, payload);
        _keyed.Add((offset, frame.KeyHash, kind));
        return offset;
    }

    private byte[] Digest(string key)
    {
        byte[] salt = new byte[FileSalt.ByteLength];
        Header.Salt.Write(salt);
        return System.Security.Cryptography.SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(key)]);
    }

    private long Payload(FrameKind kind, byte[] payload)
    {
        byte[] header = new byte[FormatConstants.Unit];
        new PayloadFrame { Header = Common(kind, commit: true) with { PayloadCrc = Crc32.Compute(payload) }, PayloadByteLength = (uint)payload.Length }.Write(header);
        return Append(header, payload);
    }

    private FrameHeader Common(FrameKind kind, bool commit)
    {
        FrameHeader header = new() { Kind = kind, Flags = commit ? FrameFlags.Commit : FrameFlags.None, Epoch = Epoch, Transaction = _transaction };
        _transaction += commit ? 1 : 0;
        return header;
    }

    private long Append(byte[] header, byte[] payload)
    {
        long offset = Tail;
        _chain = FrameSeal.Seal(header, offset, Header.Salt, _chain);
        _log.Write(header);
        _log.Write(payload);
        _log.SetLength((_log.Length + FormatConstants.Unit - 1) / FormatConstants.Unit * FormatConstants.Unit);
        _log.Position = _log.Length;
        return offset;
    }

    private static byte[] Word(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
