using System.Runtime.CompilerServices;

namespace EmbedCache.Search.Graph;

/// <summary>
/// One level above 0. Its nodes stand in the order of their ordinals and are numbered within the level:
/// <code>
///   0 ordinal u4 │ 4 down u4 (number in the level below; in level 1 the ordinal) │ 8 neighbours M * u4, unused 0xFFFFFFFF
/// </code>
/// </summary>
/// <param name="Entries">Address of the first entry.</param>
/// <param name="Count">Number of entries.</param>
/// <param name="M">Neighbours an entry has room for.</param>
/// <param name="OrdinalCount">Ordinals are below this.</param>
internal readonly unsafe record struct UpperLevel(nint Entries, uint Count, int M, uint OrdinalCount) : IWalkSpace
{
    public const int DownOffset = sizeof(uint);
    public const int NeighboursOffset = DownOffset + sizeof(uint);

    public int RowLength => M;

    public int EntryByteLength => EntryByteLengthFor(M);

    public static int EntryByteLengthFor(int m) => NeighboursOffset + (m * sizeof(uint));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Row(uint node) => Entries + ((nint)node * EntryByteLength) + NeighboursOffset;

    /// <summary>Of an ordinal that cannot be, 0 is made: a file may hold anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint OrdinalOf(uint node)
    {
        uint ordinal = *(uint*)(Entries + ((nint)node * EntryByteLength));
        return ordinal < OrdinalCount ? ordinal : 0;
    }

    /// <summary>Number of the same record in the level below, which has <paramref name="countBelow"/> nodes.</summary>
    public uint DownOf(uint node, uint countBelow)
    {
        uint down = *(uint*)(Entries + ((nint)node * EntryByteLength) + DownOffset);
        return down < countBelow ? down : 0;
    }

    /// <summary>Number of an ordinal's node. The ordinal must be there.</summary>
    public uint NodeOf(uint ordinal)
    {
        uint low = 0;
        uint high = Count;
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
