using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>
/// A section in use, one that was replaced and whose space is still to be given back (retired), or the Properties frame.
/// <code>
///    0 ┬ kind                           u1 │
///    1 │ flags                          u1 │  bit 0: retired
///    2 │ level                          u2 │
///    4 │ reserved                       u4 │
///    8 │ ofs_frame                      u8 │
///   16 │ len_frame                      u8 │  bytes
///   24 │ covers_from                    u8 │  log offset, bytes
///   32 │ covers_to                      u8 │  log offset, bytes, exclusive
///   40 │ num_entries                    u8 │
///   48 └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct CatalogEntry
{
    public const int KindOffset = 0;
    public const int CatalogFlagsOffset = KindOffset + sizeof(byte);
    public const int LevelOffset = CatalogFlagsOffset + sizeof(byte);
    public const int Reserved2Offset = LevelOffset + sizeof(ushort);
    public const int FrameOffsetOffset = Reserved2Offset + sizeof(uint);
    public const int FrameLengthOffset = FrameOffsetOffset + sizeof(ulong);
    public const int CoversFromOffset = FrameLengthOffset + sizeof(ulong);
    public const int CoversToOffset = CoversFromOffset + sizeof(ulong);
    public const int EntryCountOffset = CoversToOffset + sizeof(ulong);
    public const int ByteLength = EntryCountOffset + sizeof(ulong);

    private const byte RetiredFlag = 1;

    public FrameKind Kind { get; init; }

    /// <summary>True for a section that newer ones replaced: readers pass it over, and a writer gives its space back once nobody can need it.</summary>
    public bool IsRetired { get; init; }

    public int Level { get; init; }

    /// <summary>Offset of the section's frame in the file.</summary>
    public long FrameOffset { get; init; }

    /// <summary>Length of the section's frame in bytes.</summary>
    public long FrameByteLength { get; init; }

    public long CoversFrom { get; init; }
    public long CoversTo { get; init; }
    public long EntryCount { get; init; }

    /// <summary>True when a section's own header says the same as its entry here.</summary>
    public bool Describes(in SectionFrame frame)
        => frame.Header.Kind == Kind
        && frame.Header.FrameByteLength == FrameByteLength
        && frame.CoversFrom == CoversFrom
        && frame.CoversTo == CoversTo
        && frame.EntryCount == EntryCount
        && frame.Level == Level;

    internal static CatalogEntry Read(ReadOnlySpan<byte> bytes) => new()
    {
        Kind = (FrameKind)bytes[KindOffset],
        IsRetired = (bytes[CatalogFlagsOffset] & RetiredFlag) != 0,
        Level = BinaryPrimitives.ReadUInt16LittleEndian(bytes[LevelOffset..]),
        FrameOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[FrameOffsetOffset..]),
        FrameByteLength = BinaryPrimitives.ReadInt64LittleEndian(bytes[FrameLengthOffset..]),
        CoversFrom = BinaryPrimitives.ReadInt64LittleEndian(bytes[CoversFromOffset..]),
        CoversTo = BinaryPrimitives.ReadInt64LittleEndian(bytes[CoversToOffset..]),
        EntryCount = BinaryPrimitives.ReadInt64LittleEndian(bytes[EntryCountOffset..]),
    };

    internal void Write(Span<byte> destination)
    {
        Span<byte> bytes = destination[..ByteLength];
        bytes.Clear();
        bytes[KindOffset] = (byte)Kind;
        bytes[CatalogFlagsOffset] = IsRetired ? RetiredFlag : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[LevelOffset..], checked((ushort)Level));
        BinaryPrimitives.WriteInt64LittleEndian(bytes[FrameOffsetOffset..], FrameOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[FrameLengthOffset..], FrameByteLength);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[CoversFromOffset..], CoversFrom);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[CoversToOffset..], CoversTo);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[EntryCountOffset..], EntryCount);
    }

    /// <summary>Checks the entry against the offset of the catalog that holds it: a catalog only knows what was written before it.</summary>
    internal bool IsConsistent(long catalogOffset)
        => (Kind.IsSection() || Kind == FrameKind.Properties)
        && FrameOffset >= FormatConstants.LogOffset
        && FrameOffset % FormatConstants.Unit == 0
        && FrameByteLength >= FormatConstants.Unit
        && FrameByteLength % FormatConstants.Unit == 0
        && FrameOffset <= catalogOffset - FrameByteLength
        && CoversFrom >= FormatConstants.LogOffset
        && CoversFrom % FormatConstants.Unit == 0
        && CoversTo % FormatConstants.Unit == 0
        && CoversFrom <= CoversTo
        && CoversTo <= FrameOffset
        && EntryCount >= 0
        && EntryCount <= FrameByteLength;
}

/// <summary>
/// Payload of a Catalog frame: which sections are in use and what they cover.
/// <code>
///    0 ┬ num_sections                   u4 │
///    4 │ reserved                       u4 │
///    8 │ covers_to                      u8 │  everything in the log below this offset is indexed
///   16 │ entries            num_sections * 48 │
///      └───────────────────────────────────┘
/// </code>
/// </summary>
internal sealed class CatalogPayload(long coversTo, CatalogEntry[] sections)
{
    public const int SectionCountOffset = 0;
    public const int ReservedOffset = SectionCountOffset + sizeof(uint);
    public const int CoversToOffset = ReservedOffset + sizeof(uint);
    public const int EntriesOffset = CoversToOffset + sizeof(ulong);

    /// <summary>Everything in the log below this offset is indexed.</summary>
    public long CoversTo { get; } = coversTo;

    /// <summary>The sections in use, in the order of the file.</summary>
    public CatalogEntry[] Sections { get; } = sections;

    /// <summary>Length of the payload.</summary>
    public int ByteLength => EntriesOffset + (Sections.Length * CatalogEntry.ByteLength);

    /// <summary>Reads a catalog. Null when a count, an offset or a range is not possible for a catalog at <paramref name="catalogOffset"/>.</summary>
    public static CatalogPayload? Read(ReadOnlySpan<byte> payload, long catalogOffset)
    {
        if (payload.Length < EntriesOffset)
        {
            return null;
        }

        uint count = BinaryPrimitives.ReadUInt32LittleEndian(payload[SectionCountOffset..]);
        long coversTo = BinaryPrimitives.ReadInt64LittleEndian(payload[CoversToOffset..]);
        int remaining = payload.Length - EntriesOffset;
        if (count > remaining / CatalogEntry.ByteLength
            || remaining != count * CatalogEntry.ByteLength
            || coversTo < FormatConstants.LogOffset
            || coversTo > catalogOffset
            || coversTo % FormatConstants.Unit != 0)
        {
            return null;
        }

        CatalogEntry[] sections = new CatalogEntry[count];
        for (int i = 0; i < sections.Length; i++)
        {
            sections[i] = CatalogEntry.Read(payload[(EntriesOffset + (i * CatalogEntry.ByteLength))..]);
            if (!sections[i].IsConsistent(catalogOffset) || sections[i].CoversTo > coversTo)
            {
                return null;
            }
        }

        return new CatalogPayload(coversTo, sections);
    }

    /// <summary>Writes the payload, <see cref="ByteLength"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..EntriesOffset].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination[SectionCountOffset..], (uint)Sections.Length);
        BinaryPrimitives.WriteInt64LittleEndian(destination[CoversToOffset..], CoversTo);
        for (int i = 0; i < Sections.Length; i++)
        {
            Sections[i].Write(destination[(EntriesOffset + (i * CatalogEntry.ByteLength))..]);
        }
    }
}
