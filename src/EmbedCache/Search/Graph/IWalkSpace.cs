namespace EmbedCache.Search.Graph;

/// <summary>One level of a graph, as a walk sees it.</summary>
internal interface IWalkSpace
{
    /// <summary>Number of nodes. A larger number in a row ends the row.</summary>
    uint Count { get; }

    /// <summary>Neighbours that a row has room for.</summary>
    int RowLength { get; }

    /// <summary>Address of a node's row: <see cref="RowLength"/> numbers of nodes. The node must be below <see cref="Count"/>.</summary>
    nint Row(uint node);

    /// <summary>Where the row is likely to be, or any other address: to be asked for ahead of its use, and for nothing else.</summary>
    nint Hint(uint node);

    /// <summary>Ordinal of a node.</summary>
    uint OrdinalOf(uint node);
}

/// <summary>Which nodes may be results.</summary>
internal interface IAcceptance
{
    bool Accepts(uint node);
}

/// <summary>All of them.</summary>
internal readonly struct AcceptAll : IAcceptance
{
    public bool Accepts(uint node) => true;
}

/// <summary>Those whose bit is set.</summary>
internal readonly struct AcceptMarked(ulong[] words) : IAcceptance
{
    public bool Accepts(uint node) => node >> 6 < (uint)words.Length && (words[node >> 6] & (1UL << (int)node)) != 0;
}
