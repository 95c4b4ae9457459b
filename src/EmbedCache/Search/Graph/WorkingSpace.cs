using System.Runtime.CompilerServices;

namespace EmbedCache.Search.Graph;

/// <summary>Level 0 of a graph in the making.</summary>
internal readonly struct WorkingSpace(WorkingRows rows, uint count) : IWalkSpace
{
    public uint Count => count;

    public int RowLength => rows.RowLength;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Row(uint node) => rows.Row(node);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Hint(uint node) => rows.Row(node);

    public uint OrdinalOf(uint node) => node;
}
