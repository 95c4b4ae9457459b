namespace EmbedCache.Search.Graph;

/// <summary>What one building thread writes to.</summary>
internal sealed class BuildScratch : IDisposable
{
    private readonly NativeBuffer _code;
    private readonly uint[][] _chosen = new uint[GraphParameters.MaxLevel + 1][];
    private readonly int[] _chosenCounts = new int[GraphParameters.MaxLevel + 1];

    public BuildScratch(CodeTable codes, GraphParameters parameters)
    {
        Walk = new GraphScratch();
        Walk.PrepareQuery(codes.Layout.QueryByteLength);
        _code = new NativeBuffer(codes.Layout.QueryByteLength);
        Clear(_code);
        Selected = new uint[parameters.M0];
        SelectedOrdinals = new uint[parameters.M0];
        Others = new uint[parameters.M0];
        Linked = new long[parameters.M0 + 1];
    }

    public GraphScratch Walk { get; }

    /// <summary>The code of the node whose distances to others are being worked out.</summary>
    public nint Code => _code.Address;

    /// <summary>Nodes that the heuristic has chosen.</summary>
    public uint[] Selected { get; }

    /// <summary>Their ordinals.</summary>
    public uint[] SelectedOrdinals { get; }

    /// <summary>Neighbours that a node is to be linked with.</summary>
    public uint[] Others { get; }

    /// <summary>Candidates of a row that is full.</summary>
    public long[] Linked { get; }

    /// <summary>Neighbours of the node that is being inserted, on one of its levels.</summary>
    public ReadOnlySpan<uint> ChosenOn(int level) => _chosen[level].AsSpan(0, _chosenCounts[level]);

    /// <summary>Keeps the first of <see cref="Selected"/> as the neighbours on a level.</summary>
    public void Choose(int level, int count)
    {
        _chosen[level] ??= new uint[Selected.Length];
        Selected.AsSpan(0, count).CopyTo(_chosen[level]);
        _chosenCounts[level] = count;
    }

    public void Dispose()
    {
        Walk.Dispose();
        _code.Dispose();
    }

    private static unsafe void Clear(NativeBuffer buffer) => new Span<byte>((void*)buffer.Address, (int)buffer.ByteLength).Clear();
}
