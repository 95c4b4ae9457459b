namespace EmbedCache;

/// <summary>
/// An open .edb file. Thread-safe: reads run side by side and wait for nobody; writes are serialised, in the process and across processes.
/// </summary>
public sealed class EmbeddingCache : IDisposable
{
    /// <summary>Full path of the file, links resolved.</summary>
    public string Path => throw new NotSupportedException();

    /// <summary>Elements per vector.</summary>
    public int Dimension => throw new NotSupportedException();

    /// <summary>How vectors are compared.</summary>
    public Metric Metric => throw new NotSupportedException();

    /// <summary>What the file keeps of keys.</summary>
    public KeyStorage KeyStorage => throw new NotSupportedException();

    /// <summary>The model named in the file, or null.</summary>
    public string? Model => throw new NotSupportedException();

    /// <summary>True when opened for reading only.</summary>
    public bool IsReadOnly => throw new NotSupportedException();

    /// <summary>Creates a file and opens it for reading and writing.</summary>
    public static EmbeddingCache Create(string path, EmbeddingCacheCreateOptions options) => throw new NotSupportedException();

    /// <summary>Opens a file that is there.</summary>
    /// <exception cref="FileNotFoundException">No file there.</exception>
    public static EmbeddingCache Open(string path, EmbeddingCacheOptions? options = null) => throw new NotSupportedException();

    /// <summary>True while the path still names the file that is open (by device and inode): false after it was removed, moved or replaced by somebody else.</summary>
    public bool IsCurrentFile() => throw new NotSupportedException();

    /// <summary>Sets one record in a transaction of its own, replacing what has the same key and role.</summary>
    public void Set(string key, ReadOnlySpan<float> vector, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None, DateTimeOffset? expires = null) => throw new NotSupportedException();

    /// <summary>Sets many records in one transaction: all or none. Returns how many.</summary>
    public int Set(IEnumerable<EmbeddingEntry> entries) => throw new NotSupportedException();

    /// <summary>Throws <see cref="InvalidEmbeddingException"/> when Set would refuse the record; stores nothing.</summary>
    public void Validate(in EmbeddingEntry entry) => throw new NotSupportedException();

    /// <summary>Finds a record without copying its vector. The lease must be disposed; its span is valid until then.</summary>
    public bool TryGet(string key, out EmbeddingLease lease, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Copies a record's vector into <paramref name="destination"/> (at least Dimension elements).</summary>
    public bool TryGet(string key, Span<float> destination, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>The record of a key, copied, or null.</summary>
    public Embedding? Get(string key, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>The record of a raw 32-byte digest (digest files), or null.</summary>
    public Embedding? GetByDigest(ReadOnlySpan<byte> digest, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>True when a live record has this key.</summary>
    public bool Contains(string key, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Gives a record a new expiry (null: none) and, where given, new metadata, without writing its vector again. False when there is no such record.</summary>
    public bool Touch(string key, DateTimeOffset? expires, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Removes a record. False when there was none.</summary>
    public bool Remove(string key, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Removes the record of a raw 32-byte digest. False when there was none.</summary>
    public bool RemoveByDigest(ReadOnlySpan<byte> digest, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>All live records of one snapshot, oldest first (or newest first). Vectors are copied as they are reached.</summary>
    public IEnumerable<Embedding> Enumerate(bool newestFirst = false) => throw new NotSupportedException();

    /// <summary>The keys of live records that start with a prefix, newest first, at most <paramref name="limit"/>, looking no longer than <paramref name="budget"/>. Empty for digest files.</summary>
    public IReadOnlyList<string> FindKeys(string prefix, int limit, TimeSpan budget) => throw new NotSupportedException();

    /// <summary>The records nearest to a query: at most <paramref name="top"/>, best first, none below <paramref name="minimumScore"/>. Exact. Ties break by record order.</summary>
    public IReadOnlyList<SimilarEmbedding> FindSimilar(ReadOnlySpan<float> query, int top = 10, double minimumScore = double.NegativeInfinity) => throw new NotSupportedException();

    /// <summary>Begins a transaction: takes the writer lock, waiting at most the busy timeout (or <paramref name="busyTimeout"/>).</summary>
    public EmbeddingTransaction BeginTransaction(TimeSpan? busyTimeout = null) => throw new NotSupportedException();

    /// <summary>What the file is and holds.</summary>
    public EmbeddingCacheInfo GetInfo() => throw new NotSupportedException();

    /// <summary>Checks every byte that is promised: all frames, CRCs, chains, sections against records.</summary>
    public VerifyReport Verify(IProgress<double>? progress = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Indexes what is not indexed yet and makes everything durable.</summary>
    public void Checkpoint() => throw new NotSupportedException();

    /// <summary>Rewrites the file without what is dead and swaps it in.</summary>
    public void Compact(IProgress<double>? progress = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Closes the file: makes everything durable, indexes the tail where that pays, trims reserved space. Idempotent.</summary>
    public void Dispose() => throw new NotSupportedException();
}
