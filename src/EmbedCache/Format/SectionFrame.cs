using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>
/// An index section: fixed-size entries, used in place, with a CRC for each block of 4,096 bytes that is checked when the block is first touched.
/// <code>
///   22 ┬ len_entry                      u2 │  Keys 16, Ordinals 8, Live 8, Graph, Codebook, Codes, Columns 64
///   24 │ num_entries                    u8 │  Live: 64-bit words; Graph, Codebook, Codes, Columns: lines
///   32 │ covers_from              u4 + u2  │  log offset in units
///   38 │ covers_to                u4 + u2  │  log offset in units, exclusive
///   44 │ level                          u4 │  how many times its content was merged
///   48 │ first_ordinal            u4 + u2  │  Ordinals, Live, Codes, Columns
///   54 │ codebook                       u2 │  Codebook: its number; Codes: of what they are; else 0
///   64 ┼───────────────────────────────────┤
///      │ entries   num_entries * len_entry │
///      │ crcs               u4 a block     │  crc_payload covers these alone
///      │ zeros up to a unit                │
///      └───────────────────────────────────┘
///
///   Keys entry      0 hash u8 │ 8 ofs_frame u8     by hash, then offset, ascending
///   Ordinals entry  0 ofs_frame u8                 ascending
///   Live entry      0 word u8                      bit i of word w: ordinal first_ordinal + 64 w + i
/// </code>
/// </summary>
internal readonly record struct SectionFrame
{
    public const int EntryLengthOffset = FrameHeader.SpecificOffset;
    public const int EntryCountOffset = EntryLengthOffset + sizeof(ushort);
    public const int CoversFromOffset = EntryCountOffset + sizeof(ulong);
    public const int CoversToOffset = CoversFromOffset + UInt48.ByteLength;
    public const int LevelOffset = CoversToOffset + UInt48.ByteLength;
    public const int FirstOrdinalOffset = LevelOffset + sizeof(uint);
    public const int CodebookOffset = FirstOrdinalOffset + UInt48.ByteLength;

    /// <summary>Where the entries begin, from the frame.</summary>
    public const int EntriesOffset = FrameHeader.ByteLength;

    public FrameHeader Header { get; init; }
    public int EntryByteLength { get; init; }
    public long EntryCount { get; init; }

    /// <summary>Log offset in bytes from which the section covers the log.</summary>
    public long CoversFrom { get; init; }

    /// <summary>Log offset in bytes before which the section covers the log.</summary>
    public long CoversTo { get; init; }

    public uint Level { get; init; }
    public long FirstOrdinal { get; init; }

    /// <summary>Codebook: its number. Codes: the number of the codebook that they are relative to. Else 0.</summary>
    public ushort Codebook { get; init; }

    /// <summary>Length of all entries.</summary>
    public long EntriesByteLength => EntryCount * EntryByteLength;

    /// <summary>Number of checksummed blocks; the last may be short.</summary>
    public long BlockCount => (EntriesByteLength + FormatConstants.SectionBlockByteLength - 1) / FormatConstants.SectionBlockByteLength;

    /// <summary>Where the table of block CRCs begins, from the frame.</summary>
    public long CrcTableOffset => EntriesOffset + EntriesByteLength;

    /// <summary>Length of the table of block CRCs: what crc_payload covers.</summary>
    public long CrcTableByteLength => BlockCount * FormatConstants.CrcByteLength;

    /// <summary>Length of entries and CRCs, without padding.</summary>
    public long PayloadByteLength => EntriesByteLength + CrcTableByteLength;

    /// <summary>Units that the frame takes.</summary>
    public long UnitCount => FrameHeader.UnitsFor(PayloadByteLength);

    /// <summary>Length of a block; only the last is shorter than 4,096.</summary>
    public int BlockByteLength(long block)
        => (int)Math.Min(FormatConstants.SectionBlockByteLength, EntriesByteLength - (block * FormatConstants.SectionBlockByteLength));

    /// <summary>Reads and checks a section's header. False for another kind of frame and for lengths that contradict each other; the length of entries of reserved kinds is theirs.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SectionFrame frame)
    {
        frame = default;
        if (!FrameHeader.TryRead(bytes, out FrameHeader header) || !header.Kind.IsSection())
        {
            return false;
        }

        SectionFrame read = new()
        {
            Header = header,
            EntryByteLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[EntryLengthOffset..]),
            EntryCount = BinaryPrimitives.ReadInt64LittleEndian(bytes[EntryCountOffset..]),
            CoversFrom = UInt48.Read(bytes[CoversFromOffset..]) * FormatConstants.Unit,
            CoversTo = UInt48.Read(bytes[CoversToOffset..]) * FormatConstants.Unit,
            Level = BinaryPrimitives.ReadUInt32LittleEndian(bytes[LevelOffset..]),
            FirstOrdinal = UInt48.Read(bytes[FirstOrdinalOffset..]),
            Codebook = BinaryPrimitives.ReadUInt16LittleEndian(bytes[CodebookOffset..]),
        };

        // The count is bounded by the frame before it is multiplied.
        if (read.EntryByteLength == 0
            || (FixedEntryByteLength(header.Kind) is int length && read.EntryByteLength != length)
            || read.EntryCount < 0
            || read.EntryCount > (header.FrameByteLength - FrameHeader.ByteLength) / read.EntryByteLength
            || read.UnitCount != header.UnitCount
            || read.CoversFrom < FormatConstants.LogOffset
            || read.CoversTo < read.CoversFrom
            || read.CoversTo >= FormatConstants.OffsetLimit)
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
        (Header with { UnitCount = checked((uint)UnitCount) }).Write(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[EntryLengthOffset..], checked((ushort)EntryByteLength));
        BinaryPrimitives.WriteInt64LittleEndian(bytes[EntryCountOffset..], EntryCount);
        UInt48.Write(bytes[CoversFromOffset..], ToUnits(CoversFrom));
        UInt48.Write(bytes[CoversToOffset..], ToUnits(CoversTo));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[LevelOffset..], Level);
        UInt48.Write(bytes[FirstOrdinalOffset..], FirstOrdinal);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[CodebookOffset..], Codebook);
    }

    /// <summary>Length of an entry of a kind of format 1.0, or null for a reserved kind.</summary>
    public static int? FixedEntryByteLength(FrameKind kind) => kind switch
    {
        FrameKind.Keys => FormatConstants.KeysEntryByteLength,
        FrameKind.Ordinals => FormatConstants.OrdinalsEntryByteLength,
        FrameKind.Live => FormatConstants.LiveEntryByteLength,
        FrameKind.Graph or FrameKind.Codebook or FrameKind.Codes or FrameKind.Columns => FormatConstants.LineByteLength,
        _ => null,
    };

    private static long ToUnits(long offset)
        => offset % FormatConstants.Unit == 0 ? offset / FormatConstants.Unit : throw new ArgumentOutOfRangeException(nameof(offset), offset, "not on a unit boundary");
}
