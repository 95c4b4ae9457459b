using EmbedCache.Engine;

namespace EmbedCache;

/// <summary>
/// A vector in place in the mapped file, without a copy. It keeps the mapping alive, also through Dispose of the cache, until it is disposed itself.
/// </summary>
public ref struct EmbeddingLease
{
    private Snapshot? _snapshot;

    internal EmbeddingLease(Snapshot snapshot, ReadOnlySpan<float> vector)
    {
        _snapshot = snapshot;
        Vector = vector;
    }

    /// <summary>The vector: Dimension elements in the file's memory. Empty after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<float> Vector { get; private set; }

    /// <summary>Gives the mapping back. Copies of this struct share the lease: dispose one of them, once.</summary>
    public void Dispose()
    {
        Vector = default;
        _snapshot?.Release();
        _snapshot = null;
    }
}
