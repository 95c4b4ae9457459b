using System.Runtime.CompilerServices;
using EmbedCache.Format;

namespace EmbedCache.Search.Graph;

/// <summary>
/// One level above 0. Its nodes stand in the order of their ordinals and are numbered within the level; each has an entry as <see cref="GraphHeader"/>
/// says: its ordinal, its number in the level below (in level 1 the ordinal), and its neighbours.
/// </summary>
/// <param name="memory">Where the entries are.</param>
/// <param name="position">Where the first begins there.</param>
/// <param name="count">Number of entries.</param>
/// <param name="m">Neighbours an entry has room for.</param>
/// <param name="ordinalCount">Ordinals are below this.</param>
internal readonly unsafe struct UpperLevel(GraphMemory memory, long position, uint count, int m, uint ordinalCount) : IWalkSpace
{
    private readonly int _entryByteLength = EntryByteLengthFor(m);

    public uint Count => count;

    public int RowLength => m;

    public long ByteLength => (long)count * _entryByteLength;

    public static int EntryByteLengthFor(int m) => GraphHeader.UpperNeighboursOffset + (m * sizeof(uint));

    /// <summary>Address of an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Entry(uint node) => memory.At(position + ((long)node * _entryByteLength), _entryByteLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Row(uint node) => Entry(node) + GraphHeader.UpperNeighboursOffset;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Hint(uint node) => memory.Address + (nint)(position + ((long)node * _entryByteLength)) + GraphHeader.UpperNeighboursOffset;

    /// <summary>The neighbours of a node, unused places included.</summary>
    public ReadOnlySpan<uint> Neighbours(uint node) => new((void*)Row(node), m);

    /// <summary>Of an ordinal that cannot be, 0 is made: a file may hold anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint OrdinalOf(uint node)
    {
        uint ordinal = *(uint*)(Entry(node) + GraphHeader.UpperOrdinalOffset);
        return ordinal < ordinalCount ? ordinal : 0;
    }

    /// <summary>Number of the same record in the level below, which has <paramref name="countBelow"/> nodes.</summary>
    public uint DownOf(uint node, uint countBelow)
    {
        uint down = *(uint*)(Entry(node) + GraphHeader.UpperDownOffset);
        return down < countBelow ? down : 0;
    }

    /// <summary>How many nodes have an ordinal below this one: the number of its own node, where it has one.</summary>
    public uint NodeOf(uint ordinal)
    {
        uint low = 0;
        uint high = count;
        while (low < high)
        {
            uint middle = (low + high) / 2;
            if (OrdinalOf(middle) < ordinal)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
