using System.Runtime.CompilerServices;

namespace EmbedCache.Search.Graph;

/// <summary>Level 0 of a graph in the file; the default has no nodes.</summary>
internal readonly struct PersistedSpace(PersistedGraph? graph) : IWalkSpace
{
    public uint Count => graph is null ? 0 : graph.Count;

    public int RowLength => graph is null ? 0 : graph.Parameters.M0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Row(uint node) => graph!.Row(node);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Hint(uint node) => graph!.Hint(node);

    public uint OrdinalOf(uint node) => node;
}
