using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>
/// First 64 bytes of the entries of a Columns section; the directory follows. The section's entries are its bytes in units of 64.
/// <code>
///    0 ┬ num_ordinals                   u8 │
///    8 │ num_columns                    u4 │
///   12 │ flags                          u4 │  bit 0: complete
///   16 │ reserved                       48 │  0
///   64 ├───────────────────────────────────┤
///      │ columns         num_columns * 64  │  by name as bytes, then by type
///      │ names, presence, values, terms    │  each on a unit boundary
///      └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct ColumnsHeader(long OrdinalCount, int ColumnCount, bool IsComplete)
{
    public const int OrdinalCountOffset = 0;
    public const int ColumnCountOffset = OrdinalCountOffset + sizeof(ulong);
    public const int ColumnsFlagsOffset = ColumnCountOffset + sizeof(uint);
    public const int ReservedOffset = ColumnsFlagsOffset + sizeof(uint);
    public const int ByteLength = FormatConstants.Unit;

    /// <summary>Most columns of a section.</summary>
    public const int MaxColumnCount = 256;

    private const uint CompleteFlag = 1;

    public static ColumnsHeader Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes[OrdinalCountOffset..]),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[ColumnCountOffset..]),
        (BinaryPrimitives.ReadUInt32LittleEndian(bytes[ColumnsFlagsOffset..]) & CompleteFlag) != 0);

    public void Write(Span<byte> destination)
    {
        Span<byte> bytes = destination[..ByteLength];
        bytes.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(bytes[OrdinalCountOffset..], OrdinalCount);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[ColumnCountOffset..], ColumnCount);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[ColumnsFlagsOffset..], IsComplete ? CompleteFlag : 0);
    }
}

/// <summary>Which records of the section have a value in a column, and how that is said.</summary>
internal enum ColumnForm : byte
{
    /// <summary>A slot for each ordinal, and a bitmap of those that have a value.</summary>
    Dense = 0,

    /// <summary>A slot for each ordinal; all have a value.</summary>
    Full = 1,

    /// <summary>A slot for each value, and the ordinals of the slots, less the section's first, ascending.</summary>
    Sparse = 2,
}

/// <summary>
/// What a column is and where its parts stand: offsets in units of 64 bytes from the first entry of the section, 0 for what it does not have.
/// <code>
///    0 ┬ value_type                     u1 │  MetadataType
///    1 │ form                           u1 │  0 dense, 1 full, 2 sparse
///    2 │ flags                          u1 │  bit 0: values are not kept
///    3 │ len_code                       u1 │  1, 2 or 4; 0 without terms
///    4 │ len_name                       u1 │
///    5 │ reserved                        3 │  0
///    8 │ num_slots                      u4 │
///   12 │ num_items                      u4 │  lists
///   16 │ num_terms                      u4 │  texts and lists
///   20 │ len_terms                      u4 │
///   24 │ ofs_name                       u4 │  UTF-8
///   28 │ ofs_presence                   u4 │  dense: a bit a slot; sparse: u4 a slot
///   32 │ ofs_values                     u4 │  8 bytes, a bit, or a code a slot; lists: a code an item
///   36 │ ofs_item_starts                u4 │  lists: u4 a slot, and one more
///   40 │ ofs_term_starts                u4 │  u4 a term, and one more
///   44 │ ofs_terms                      u4 │  UTF-8, ascending as bytes, none twice
///   48 │ reserved                       16 │  0
///   64 └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct ColumnEntry
{
    public const int ValueTypeOffset = 0;
    public const int FormOffset = ValueTypeOffset + sizeof(byte);
    public const int ColumnFlagsOffset = FormOffset + sizeof(byte);
    public const int CodeLengthOffset = ColumnFlagsOffset + sizeof(byte);
    public const int NameLengthOffset = CodeLengthOffset + sizeof(byte);
    public const int Reserved1Offset = NameLengthOffset + sizeof(byte);
    public const int SlotCountOffset = 8;
    public const int ItemCountOffset = SlotCountOffset + sizeof(uint);
    public const int TermCountOffset = ItemCountOffset + sizeof(uint);
    public const int TermsLengthOffset = TermCountOffset + sizeof(uint);
    public const int NameOffsetOffset = TermsLengthOffset + sizeof(uint);
    public const int PresenceOffsetOffset = NameOffsetOffset + sizeof(uint);
    public const int ValuesOffsetOffset = PresenceOffsetOffset + sizeof(uint);
    public const int ItemStartsOffsetOffset = ValuesOffsetOffset + sizeof(uint);
    public const int TermStartsOffsetOffset = ItemStartsOffsetOffset + sizeof(uint);
    public const int TermsOffsetOffset = TermStartsOffsetOffset + sizeof(uint);
    public const int Reserved2Offset = TermsOffsetOffset + sizeof(uint);
    public const int ByteLength = FormatConstants.Unit;

    private const byte OmittedFlag = 1;

    public MetadataType Type { get; init; }

    public ColumnForm Form { get; init; }

    /// <summary>True when only presence is kept: the values are read from the records.</summary>
    public bool IsOmitted { get; init; }

    /// <summary>Bytes a code.</summary>
    public int CodeByteLength { get; init; }

    public int NameByteLength { get; init; }
    public int SlotCount { get; init; }
    public int ItemCount { get; init; }
    public int TermCount { get; init; }
    public int TermsByteLength { get; init; }

    /// <summary>Positions of the parts in bytes from the first entry; 0 for those that are not there.</summary>
    public long NamePosition { get; init; }

    public long PresencePosition { get; init; }
    public long ValuesPosition { get; init; }
    public long ItemStartsPosition { get; init; }
    public long TermStartsPosition { get; init; }
    public long TermsPosition { get; init; }

    /// <summary>True for types whose values are codes of terms.</summary>
    public bool HasTerms => Type is MetadataType.String or MetadataType.StringList && !IsOmitted;

    /// <summary>Length of the presence bitmap or of the positions.</summary>
    public long PresenceByteLength => Form switch
    {
        ColumnForm.Dense => BitsByteLength(SlotCount),
        ColumnForm.Sparse => (long)SlotCount * sizeof(uint),
        _ => 0,
    };

    public long ValuesByteLength => IsOmitted ? 0 : Type switch
    {
        MetadataType.Bool => BitsByteLength(SlotCount),
        MetadataType.String => (long)SlotCount * CodeByteLength,
        MetadataType.StringList => (long)ItemCount * CodeByteLength,
        _ => (long)SlotCount * sizeof(long),
    };

    public long ItemStartsByteLength => IsOmitted || Type != MetadataType.StringList ? 0 : ((long)SlotCount + 1) * sizeof(uint);

    public long TermStartsByteLength => HasTerms ? ((long)TermCount + 1) * sizeof(uint) : 0;

    /// <summary>Bytes of a bitmap: whole words of 64 bits.</summary>
    public static long BitsByteLength(long count) => (count + 63) / 64 * sizeof(ulong);

    /// <summary>Reads an entry of a section of so many bytes and ordinals; false for what no column can be.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long ordinalCount, long entriesByteLength, out ColumnEntry entry)
    {
        ColumnEntry read = new()
        {
            Type = (MetadataType)bytes[ValueTypeOffset],
            Form = (ColumnForm)bytes[FormOffset],
            IsOmitted = (bytes[ColumnFlagsOffset] & OmittedFlag) != 0,
            CodeByteLength = bytes[CodeLengthOffset],
            NameByteLength = bytes[NameLengthOffset],
            SlotCount = BinaryPrimitives.ReadInt32LittleEndian(bytes[SlotCountOffset..]),
            ItemCount = BinaryPrimitives.ReadInt32LittleEndian(bytes[ItemCountOffset..]),
            TermCount = BinaryPrimitives.ReadInt32LittleEndian(bytes[TermCountOffset..]),
            TermsByteLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[TermsLengthOffset..]),
            NamePosition = Position(bytes[NameOffsetOffset..]),
            PresencePosition = Position(bytes[PresenceOffsetOffset..]),
            ValuesPosition = Position(bytes[ValuesOffsetOffset..]),
            ItemStartsPosition = Position(bytes[ItemStartsOffsetOffset..]),
            TermStartsPosition = Position(bytes[TermStartsOffsetOffset..]),
            TermsPosition = Position(bytes[TermsOffsetOffset..]),
        };
        entry = read;
        return read.Type is >= MetadataType.String and <= MetadataType.StringList
            && read.Form <= ColumnForm.Sparse
            && read.NameByteLength > 0
            && read.SlotCount >= 0
            && read.ItemCount >= 0
            && read.TermCount >= 0
            && read.TermsByteLength >= 0
            && (read.Form == ColumnForm.Sparse ? read.SlotCount <= ordinalCount : read.SlotCount == ordinalCount)
            && (read.HasTerms ? read.CodeByteLength is 1 or 2 or 4 : read.CodeByteLength == 0 && read.TermCount == 0 && read.TermsByteLength == 0)
            && (read.Type == MetadataType.StringList || read.ItemCount == 0)
            && Fits(read.NamePosition, read.NameByteLength, entriesByteLength)
            && Fits(read.PresencePosition, read.PresenceByteLength, entriesByteLength)
            && Fits(read.ValuesPosition, read.ValuesByteLength, entriesByteLength)
            && Fits(read.ItemStartsPosition, read.ItemStartsByteLength, entriesByteLength)
            && Fits(read.TermStartsPosition, read.TermStartsByteLength, entriesByteLength)
            && Fits(read.TermsPosition, read.TermsByteLength, entriesByteLength);
    }

    public void Write(Span<byte> destination)
    {
        Span<byte> bytes = destination[..ByteLength];
        bytes.Clear();
        bytes[ValueTypeOffset] = (byte)Type;
        bytes[FormOffset] = (byte)Form;
        bytes[ColumnFlagsOffset] = IsOmitted ? OmittedFlag : (byte)0;
        bytes[CodeLengthOffset] = (byte)CodeByteLength;
        bytes[NameLengthOffset] = (byte)NameByteLength;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[SlotCountOffset..], SlotCount);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[ItemCountOffset..], ItemCount);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[TermCountOffset..], TermCount);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[TermsLengthOffset..], TermsByteLength);
        WritePosition(bytes[NameOffsetOffset..], NamePosition);
        WritePosition(bytes[PresenceOffsetOffset..], PresencePosition);
        WritePosition(bytes[ValuesOffsetOffset..], ValuesPosition);
        WritePosition(bytes[ItemStartsOffsetOffset..], ItemStartsPosition);
        WritePosition(bytes[TermStartsOffsetOffset..], TermStartsPosition);
        WritePosition(bytes[TermsOffsetOffset..], TermsPosition);
    }

    private static bool Fits(long position, long byteLength, long entriesByteLength) => byteLength <= entriesByteLength && position <= entriesByteLength - byteLength;

    private static long Position(ReadOnlySpan<byte> bytes) => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes) * FormatConstants.Unit;

    private static void WritePosition(Span<byte> bytes, long position)
        => BinaryPrimitives.WriteUInt32LittleEndian(bytes, checked((uint)(position / FormatConstants.Unit)));
}
