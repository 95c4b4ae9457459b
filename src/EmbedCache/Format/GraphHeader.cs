using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>What a Graph section holds.</summary>
internal enum GraphLayerKind : byte
{
    /// <summary>A row for every node, and the upper levels.</summary>
    Base = 1,

    /// <summary>New and changed rows of level 0, over the layer below.</summary>
    Overlay = 2,
}

/// <summary>
/// The first line of a Graph section, and what follows it.
/// <code>
///    0 ┬ kind                           u1 │  GraphLayerKind
///    1 │ num_levels                     u1 │  above level 0; of an overlay 0
///    2 │ m                              u2 │  neighbours in a row of an upper level
///    4 │ m0                             u2 │  neighbours in a row of level 0, a multiple of 16
///    6 │ ef_construction                u2 │
///    8 │ num_nodes                      u4 │  of the graph with this layer
///   12 │ num_rows                       u4 │  of level 0 in this layer; of a base num_nodes
///   16 │ seed                           u8 │
///   24 │ ofs_below                      u8 │  frame of the layer below; of a base 0
///   32 │ entry                          u4 │  number in the highest level; of an overlay 0
///   36 │ reserved                       28 │
///   64 ┼───────────────────────────────────┤  of an overlay:
///      │ bitmap        num_nodes bits      │  which nodes have a row here
///      │ zeros up to a line                │
///      │ ranks         u4 a bitmap line    │  rows before that line's
///      │ zeros up to a line                │
///      ├───────────────────────────────────┤
///      │ rows          num_rows * m0 * u4  │
///      ├───────────────────────────────────┤  of a base with upper levels:
///      │ level_counts               15 u4  │  nodes of level 1, level 2, ...
///      │ reserved                       u4 │
///      │ levels                            │  level 1 first, each padded with zeros to a line
///      └───────────────────────────────────┘
///
///   Entry of an upper level   0 ordinal u4 │ 4 down u4 │ 8 neighbours m * u4
/// </code>
/// </summary>
internal readonly record struct GraphHeader
{
    public const int KindOffset = 0;
    public const int LevelCountOffset = KindOffset + sizeof(byte);
    public const int MOffset = LevelCountOffset + sizeof(byte);
    public const int M0Offset = MOffset + sizeof(ushort);
    public const int EfConstructionOffset = M0Offset + sizeof(ushort);
    public const int NodeCountOffset = EfConstructionOffset + sizeof(ushort);
    public const int RowCountOffset = NodeCountOffset + sizeof(uint);
    public const int SeedOffset = RowCountOffset + sizeof(uint);
    public const int BelowOffset = SeedOffset + sizeof(ulong);
    public const int EntryOffset = BelowOffset + sizeof(ulong);
    public const int ReservedOffset = EntryOffset + sizeof(uint);
    public const int ByteLength = FormatConstants.LineByteLength;

    /// <summary>Most levels above level 0.</summary>
    public const int MaxLevelCount = 15;

    /// <summary>Most neighbours in a row.</summary>
    public const int MaxRowLength = 64;

    /// <summary>Rows of level 0 hold a multiple of this many neighbours: whole lines.</summary>
    public const int RowLengthUnit = FormatConstants.LineByteLength / sizeof(uint);

    /// <summary>Bits of a line of the bitmap.</summary>
    public const int BitsPerLine = FormatConstants.LineByteLength * 8;

    /// <summary>What an entry of an upper level holds beside its neighbours.</summary>
    public const int UpperOrdinalOffset = 0;
    public const int UpperDownOffset = UpperOrdinalOffset + sizeof(uint);
    public const int UpperNeighboursOffset = UpperDownOffset + sizeof(uint);

    /// <summary>In a row: no neighbour.</summary>
    public const uint Unused = uint.MaxValue;

    /// <summary>In a row: set in the number of a copy.</summary>
    public const uint CopyFlag = 1u << 31;

    /// <summary>Nodes are fewer than this.</summary>
    public const uint NodeLimit = 1u << 30;

    public GraphLayerKind Kind { get; init; }
    public int LevelCount { get; init; }
    public int M { get; init; }
    public int M0 { get; init; }
    public int EfConstruction { get; init; }
    public uint NodeCount { get; init; }
    public uint RowCount { get; init; }
    public ulong Seed { get; init; }

    /// <summary>Frame offset of the layer below, 0 for a base.</summary>
    public long Below { get; init; }

    /// <summary>The node that searches start from, numbered within the highest level.</summary>
    public uint Entry { get; init; }

    /// <summary>Length of a row of level 0.</summary>
    public int RowByteLength => M0 * sizeof(uint);

    /// <summary>Length of an entry of an upper level.</summary>
    public int UpperEntryByteLength => UpperNeighboursOffset + (M * sizeof(uint));

    /// <summary>Lines of an overlay's bitmap.</summary>
    public long BitmapLineCount => Kind == GraphLayerKind.Overlay ? ((long)NodeCount + BitsPerLine - 1) / BitsPerLine : 0;

    /// <summary>Where an overlay's ranks begin, from the first entry of the section.</summary>
    public long RanksPosition => ByteLength + (BitmapLineCount * FormatConstants.LineByteLength);

    /// <summary>Where the rows begin.</summary>
    public long RowsPosition => RanksPosition + ToLines(BitmapLineCount * sizeof(uint));

    /// <summary>Where the counts of the upper levels stand, where there are any.</summary>
    public long LevelCountsPosition => RowsPosition + ((long)RowCount * RowByteLength);

    /// <summary>Where the levels begin.</summary>
    public long LevelsPosition => LevelCountsPosition + (LevelCount > 0 ? FormatConstants.LineByteLength : 0);

    /// <summary>Reads the line. False where its numbers contradict each other.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, out GraphHeader header)
    {
        header = default;
        if (line.Length < ByteLength)
        {
            return false;
        }

        GraphHeader read = new()
        {
            Kind = (GraphLayerKind)line[KindOffset],
            LevelCount = line[LevelCountOffset],
            M = BinaryPrimitives.ReadUInt16LittleEndian(line[MOffset..]),
            M0 = BinaryPrimitives.ReadUInt16LittleEndian(line[M0Offset..]),
            EfConstruction = BinaryPrimitives.ReadUInt16LittleEndian(line[EfConstructionOffset..]),
            NodeCount = BinaryPrimitives.ReadUInt32LittleEndian(line[NodeCountOffset..]),
            RowCount = BinaryPrimitives.ReadUInt32LittleEndian(line[RowCountOffset..]),
            Seed = BinaryPrimitives.ReadUInt64LittleEndian(line[SeedOffset..]),
            Below = BinaryPrimitives.ReadInt64LittleEndian(line[BelowOffset..]),
            Entry = BinaryPrimitives.ReadUInt32LittleEndian(line[EntryOffset..]),
        };

        bool isBase = read.Kind == GraphLayerKind.Base;
        if ((!isBase && read.Kind != GraphLayerKind.Overlay)
            || read.M is < 2 or > MaxRowLength
            || read.M0 is < RowLengthUnit or > MaxRowLength
            || read.M0 % RowLengthUnit != 0
            || read.M > read.M0
            || read.EfConstruction == 0
            || read.NodeCount is 0 or >= NodeLimit
            || read.LevelCount > (isBase ? MaxLevelCount : 0)
            || (isBase ? read.RowCount != read.NodeCount : read.RowCount > read.NodeCount)
            || (isBase ? read.Below != 0 : read.Below < FormatConstants.LogOffset))
        {
            return false;
        }

        header = read;
        return true;
    }

    /// <summary>Writes the line.</summary>
    public void Write(Span<byte> line)
    {
        line[..ByteLength].Clear();
        line[KindOffset] = (byte)Kind;
        line[LevelCountOffset] = checked((byte)LevelCount);
        BinaryPrimitives.WriteUInt16LittleEndian(line[MOffset..], checked((ushort)M));
        BinaryPrimitives.WriteUInt16LittleEndian(line[M0Offset..], checked((ushort)M0));
        BinaryPrimitives.WriteUInt16LittleEndian(line[EfConstructionOffset..], checked((ushort)EfConstruction));
        BinaryPrimitives.WriteUInt32LittleEndian(line[NodeCountOffset..], NodeCount);
        BinaryPrimitives.WriteUInt32LittleEndian(line[RowCountOffset..], RowCount);
        BinaryPrimitives.WriteUInt64LittleEndian(line[SeedOffset..], Seed);
        BinaryPrimitives.WriteInt64LittleEndian(line[BelowOffset..], Below);
        BinaryPrimitives.WriteUInt32LittleEndian(line[EntryOffset..], Entry);
    }

    /// <summary>A length brought up to whole lines.</summary>
    public static long ToLines(long byteLength) => (byteLength + FormatConstants.LineByteLength - 1) / FormatConstants.LineByteLength * FormatConstants.LineByteLength;
}
