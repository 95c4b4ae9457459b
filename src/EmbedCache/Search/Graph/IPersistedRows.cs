namespace EmbedCache.Search.Graph;

/// <summary>Rows of level 0 in the file.</summary>
internal interface IPersistedRows
{
    uint Count { get; }

    /// <summary>Address of a node's row, checked. The node must be below <see cref="Count"/>.</summary>
    nint Row(uint node);
}
