namespace EmbedCache;

/// <summary>A vector in place in the mapped file. Keeps the mapping alive until disposed; dispose it exactly once.</summary>
public ref struct EmbeddingLease
{
    /// <summary>The vector: Dimension elements, in the file's memory.</summary>
    public ReadOnlySpan<float> Vector { get; }

    /// <summary>Gives the mapping back.</summary>
    public void Dispose()
    {
    }
}
