namespace EmbedCache.PowerShell;

/// <summary>
/// One open engine and how many leases and handles of this process use it. All counters are guarded by the pool's gate.
/// </summary>
internal sealed class SharedCache(EmbeddingCache engine, Durability durability)
{
    public EmbeddingCache Engine { get; } = engine;

    public string Path { get; } = engine.Path;

    public bool IsWritable { get; } = !engine.IsReadOnly;

    public Durability Durability { get; } = durability;

    /// <summary>Leases and open handles.</summary>
    public int UserCount { get; set; }

    /// <summary>Out of the pool: closed as soon as the last user is gone.</summary>
    public bool IsRetired { get; set; }

    /// <summary>When the last user left, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long IdleSince { get; set; }
}
