using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Search.Graph;

/// <summary>A Graph section in use: a base, or an overlay with the rows that changed since the layer below.</summary>
internal sealed unsafe class GraphLayer
{
    private readonly GraphMemory _memory;
    private readonly long _rows;
    private readonly int _rowByteLength;

    private GraphLayer(Section section, GraphHeader header, GraphMemory memory)
    {
        Section = section;
        Header = header;
        _memory = memory;
        _rows = header.RowsPosition;
        _rowByteLength = header.RowByteLength;
    }

    public Section Section { get; }

    public GraphHeader Header { get; }

    /// <summary>Opens a section; null where it holds no graph that this version can use.</summary>
    /// <exception cref="CorruptFileException">A block of it is damaged.</exception>
    public static GraphLayer? TryOpen(Section section)
    {
        if (section.Count == 0 || !GraphHeader.TryRead(section.Range(0, GraphHeader.ByteLength), out GraphHeader header))
        {
            return null;
        }

        long byteLength = section.Frame.EntriesByteLength;
        return header.LevelsPosition > byteLength || (header.LevelCount == 0 && header.LevelsPosition != byteLength) || GraphMemory.TryOpen(section) is not { } memory
            ? null
            : new GraphLayer(section, header, memory);
    }

    /// <summary>The upper levels of a base; null where they do not fill the rest of the section.</summary>
    public UpperLevel[]? TryOpenLevels()
    {
        var levels = new UpperLevel[Header.LevelCount];
        if (levels.Length == 0)
        {
            return levels;
        }

        ReadOnlySpan<byte> counts = Section.Range(Header.LevelCountsPosition, FormatConstants.LineByteLength);
        long position = Header.LevelsPosition;
        uint countBelow = Header.NodeCount;
        for (int i = 0; i < levels.Length; i++)
        {
            uint count = BinaryPrimitives.ReadUInt32LittleEndian(counts.Slice(i * sizeof(uint)));
            if (count == 0 || count > countBelow)
            {
                return null;
            }

            levels[i] = new UpperLevel(_memory, position, count, Header.M, Header.NodeCount);
            position += GraphHeader.ToLines(levels[i].ByteLength);
            countBelow = count;
        }

        return position == Section.Frame.EntriesByteLength ? levels : null;
    }

    /// <summary>The row of a base's node, which must be below its count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint BaseRow(uint node) => _memory.At(_rows + ((long)node * _rowByteLength), _rowByteLength);

    /// <summary>Where the row of a base's node is, unchecked, and of any other some address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint BaseHint(uint node) => _memory.Address + (nint)(_rows + ((long)node * _rowByteLength));

    /// <summary>The row of an overlay's node, or 0 where it has none.</summary>
    public nint OverlayRow(uint node)
        => TryGetRank(node, out uint rank) && rank < Header.RowCount ? _memory.At(_rows + ((long)rank * _rowByteLength), _rowByteLength) : 0;

    /// <summary>Which of an overlay's rows is that of a node; false where it has none.</summary>
    public bool TryGetRank(uint node, out uint rank)
    {
        rank = 0;
        if (node >= Header.NodeCount)
        {
            return false;
        }

        long line = node / GraphHeader.BitsPerLine;
        long linePosition = GraphHeader.ByteLength + (line * FormatConstants.LineByteLength);
        var words = (ulong*)_memory.At(linePosition, FormatConstants.LineByteLength);
        int word = (int)(node % GraphHeader.BitsPerLine) / 64;
        ulong bit = 1UL << (int)(node % 64);
        if ((words[word] & bit) == 0)
        {
            return false;
        }

        rank = *(uint*)_memory.At(Header.RanksPosition + (line * sizeof(uint)), sizeof(uint));
        for (int i = 0; i < word; i++)
        {
            rank += (uint)BitOperations.PopCount(words[i]);
        }

        rank += (uint)BitOperations.PopCount(words[word] & (bit - 1));
        return true;
    }
}
