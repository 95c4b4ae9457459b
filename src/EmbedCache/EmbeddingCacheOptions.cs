namespace EmbedCache;

/// <summary>How a file is opened.</summary>
public class EmbeddingCacheOptions
{
    /// <summary>Open for reading only: nothing is written anywhere, not even a lock file.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>When a commit is on stable storage.</summary>
    public Durability Durability { get; set; } = Durability.Full;

    /// <summary>How long a write waits for another writer before it fails with <see cref="FileBusyException"/>.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The model whose vectors are expected; another one in the file is refused. Null accepts any.</summary>
    public string? Model { get; set; }

    /// <summary>Read with positional reads instead of a memory map. 32-bit processes always do, and so is done on network and unknown file systems.</summary>
    public bool PositionalReads { get; set; }

    /// <summary>
    /// Write also where the file is on a network file system, or on one that is not known. Its locks may not reach other machines: only one machine may
    /// then use the file at a time.
    /// </summary>
    public bool AllowNetworkFileSystem { get; set; }

    /// <summary>Bound of the cache of decoded vectors, in bytes.</summary>
    public long DecodedCacheBytes { get; set; } = 4 << 20;

    /// <summary>
    /// How long closing may go on with work on the proximity graph that the background has not finished. What is left is done by a later writer or
    /// Optimize; until then searches compare the codes of what the graph lacks.
    /// </summary>
    public TimeSpan IndexingTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Threads that one search may use; 0 decides by how much there is to read.</summary>
    public int SearchThreads { get; set; }
}

/// <summary>How a file is created.</summary>
public sealed class EmbeddingCacheCreateOptions : EmbeddingCacheOptions
{
    /// <summary>Elements per vector, 1 to 65,536. Required.</summary>
    public int Dimension { get; set; }

    /// <summary>How vectors are compared.</summary>
    public Metric Metric { get; set; } = Metric.Cosine;

    /// <summary>Whether keys are kept as text or only as salted digests.</summary>
    public KeyStorage KeyStorage { get; set; } = KeyStorage.Text;

    /// <summary>Expiry given to records that are set without one; null for none. Kept in the file.</summary>
    public TimeSpan? DefaultTimeToLive { get; set; }

    /// <summary>What is written beside the records to make searches faster. Kept in the file.</summary>
    public IndexMode Index { get; set; } = IndexMode.Auto;

    /// <summary>Create the file readable and writable by its owner alone, whatever the umask.</summary>
    public bool OwnerOnly { get; set; }

    /// <summary>Replace a file that is there. False refuses with <see cref="IOException"/>.</summary>
    public bool Overwrite { get; set; }
}
