using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache;

/// <summary>
/// An open .edb file. Thread-safe: reads run side by side and wait for nobody; writes are serialised, in the process and across processes.
/// </summary>
public sealed partial class EmbeddingCache : IDisposable
{
    private const int StackBufferByteLength = 512;

    private readonly Store _store;

    private EmbeddingCache(Store store) => _store = store;

    /// <summary>For tests and benchmarks, which look at what stands in the file.</summary>
    internal Store Store => _store;

    /// <summary>Full path of the file, links resolved.</summary>
    public string Path => _store.Path;

    /// <summary>Elements per vector.</summary>
    public int Dimension => _store.Header.Dimension;

    /// <summary>How vectors are compared.</summary>
    public Metric Metric => _store.Header.Metric;

    /// <summary>What the file keeps of keys.</summary>
    public KeyStorage KeyStorage => _store.Header.KeyStorage;

    /// <summary>The model named in the file, or null.</summary>
    public string? Model => Read(snapshot => snapshot.Properties.Model);

    /// <summary>True when opened for reading only.</summary>
    public bool IsReadOnly => _store.IsReadOnly;

    /// <summary>Creates a file and opens it for reading and writing.</summary>
    /// <param name="path">Where; the directory must exist.</param>
    /// <param name="options">What kind of file; Dimension is required.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="IOException">A file is there and Overwrite is false.</exception>
    /// <exception cref="DeviceFailedException">The device or file system failed.</exception>
    public static EmbeddingCache Create(string path, EmbeddingCacheCreateOptions options) => Create(path, options, EngineEnvironment.Default);

    /// <summary>Opens a file that is there. Reads its header and slots, not its data.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">No file there.</exception>
    /// <exception cref="NotAnEdbFileException">Not an .edb file.</exception>
    /// <exception cref="UnsupportedVersionException">Written by a newer version.</exception>
    /// <exception cref="CorruptFileException">Damaged.</exception>
    /// <exception cref="NetworkFileSystemException">To be written on a network or unknown file system, and that is not allowed.</exception>
    /// <exception cref="ModelMismatchException">It holds vectors of another model than the options name.</exception>
    public static EmbeddingCache Open(string path, EmbeddingCacheOptions? options = null) => Open(path, options, EngineEnvironment.Default);

    internal static EmbeddingCache Create(string path, EmbeddingCacheCreateOptions options, EngineEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        return new EmbeddingCache(StoreCreator.Create(path, options, environment));
    }

    internal static EmbeddingCache Open(string path, EmbeddingCacheOptions? options, EngineEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new EmbeddingCacheOptions();
        string resolved = environment.FileSystem.ResolveLinks(path);
        bool positional = VolumePolicy.ReadsByPosition(environment.FileSystem, resolved, options, forWriting: !options.ReadOnly);
        var store = new Store(environment, options, LogFile.Open(environment.FileSystem, resolved, !options.ReadOnly, positional));
        var cache = new EmbeddingCache(store);
        try
        {
            return options.Model is { } expected && cache.Model is { } actual && expected != actual
                ? throw new ModelMismatchException(expected, actual, resolved)
                : cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
    }

    /// <summary>True while the path still names the file that is open (by device and inode): false after it was removed, moved or replaced by somebody else.</summary>
    public bool IsCurrentFile()
    {
        _store.ThrowIfDisposed();
        return _store.IsCurrentFile();
    }

    /// <summary>Sets one record in a transaction of its own, replacing what has the same key and role.</summary>
    /// <param name="key">Well-formed text of 1 to 65,535 bytes of UTF-8.</param>
    /// <param name="vector">Dimension finite elements.</param>
    /// <param name="metadata">Metadata, or null for none.</param>
    /// <param name="role">Role, part of the key.</param>
    /// <param name="expires">Expiry, or null for the file's default.</param>
    /// <exception cref="InvalidEmbeddingException">The record is refused.</exception>
    /// <exception cref="FileBusyException">Another writer held the file until the busy timeout ran out.</exception>
    /// <exception cref="DeviceFailedException">The device or file system failed.</exception>
    public void Set(string key, ReadOnlySpan<float> vector, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None, DateTimeOffset? expires = null)
    {
        // Refused before the lock is waited for.
        _store.ThrowIfDisposed();
        VectorEntry.Measure(_store, key, vector);
        using EmbeddingTransaction transaction = BeginTransaction();
        transaction.Set(key, vector, metadata, role, expires);
        transaction.Commit();
    }

    /// <summary>Sets many records in one transaction: all or none. Returns how many.</summary>
    /// <exception cref="InvalidEmbeddingException">A record is refused; nothing was stored.</exception>
    public int Set(IEnumerable<EmbeddingEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        using EmbeddingTransaction transaction = BeginTransaction();
        int count = 0;
        foreach (EmbeddingEntry entry in entries)
        {
            transaction.Set(entry);
            count++;
        }

        transaction.Commit();
        return count;
    }

    /// <summary>Throws <see cref="InvalidEmbeddingException"/> when Set would refuse the record; stores nothing.</summary>
    public void Validate(in EmbeddingEntry entry)
    {
        _store.ThrowIfDisposed();
        VectorEntry.Validate(_store, entry);
    }

    /// <summary>Finds a record without copying its vector. The lease must be disposed; its span is valid until then.</summary>
    public bool TryGet(string key, out EmbeddingLease lease, EmbeddingRole role = EmbeddingRole.None)
        => TryLease(key, out lease, role, wantsVector: false);

    /// <summary>Copies a record's vector into <paramref name="destination"/> (at least Dimension elements).</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public bool TryGet(string key, Span<float> destination, EmbeddingRole role = EmbeddingRole.None)
    {
        if (destination.Length < Dimension)
        {
            throw new ArgumentException($"The destination has {destination.Length} elements; the file holds vectors of {Dimension}", nameof(destination));
        }

        if (!TryLease(key, out EmbeddingLease lease, role, wantsVector: true))
        {
            return false;
        }

        lease.Vector.CopyTo(destination);
        lease.Dispose();
        return true;
    }

    /// <summary>The record of a key, copied, or null.</summary>
    public Embedding? Get(string key, EmbeddingRole role = EmbeddingRole.None)
        => Get(StoredKey.FromText(key, role, _store.Header, new byte[StoredKey.BufferByteLength(key)], _store.Path), key);

    /// <summary>The record of a raw 32-byte digest (digest files), or null.</summary>
    public Embedding? GetByDigest(ReadOnlySpan<byte> digest, EmbeddingRole role = EmbeddingRole.None)
        => Get(StoredKey.FromDigest(digest, role, _store.Header), null);

    /// <summary>True when a live record has this key.</summary>
    public bool Contains(string key, EmbeddingRole role = EmbeddingRole.None)
    {
        if (!TryGet(key, out EmbeddingLease lease, role))
        {
            return false;
        }

        lease.Dispose();
        return true;
    }

    /// <summary>Gives a record a new expiry (null: none) and, where given, new metadata, without writing its vector again. False when there is no such record.</summary>
    public bool Touch(string key, DateTimeOffset? expires, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None)
    {
        using EmbeddingTransaction transaction = BeginTransaction();
        bool found = transaction.Touch(key, expires, metadata, role);
        transaction.Commit();
        return found;
    }

    /// <summary>Removes a record. False when there was none.</summary>
    public bool Remove(string key, EmbeddingRole role = EmbeddingRole.None)
    {
        using EmbeddingTransaction transaction = BeginTransaction();
        bool found = transaction.Remove(key, role);
        transaction.Commit();
        return found;
    }

    /// <summary>Removes the record of a raw 32-byte digest. False when there was none.</summary>
    public bool RemoveByDigest(ReadOnlySpan<byte> digest, EmbeddingRole role = EmbeddingRole.None)
    {
        using EmbeddingTransaction transaction = BeginTransaction();
        bool found = transaction.RemoveByDigest(digest, role);
        transaction.Commit();
        return found;
    }

    /// <summary>Begins a transaction: takes the writer lock, waiting at most the busy timeout (or <paramref name="busyTimeout"/>).</summary>
    /// <exception cref="FileBusyException">Another writer held it until then.</exception>
    public EmbeddingTransaction BeginTransaction(TimeSpan? busyTimeout = null) => new(_store, _store.BeginWrite(busyTimeout));

    /// <summary>What the file is and holds, at one snapshot.</summary>
    /// <param name="countExpired">Also count expired records, which reads the header of each record.</param>
    public EmbeddingCacheInfo GetInfo(bool countExpired = false)
    {
        EmbeddingCacheInfo info = Read(snapshot => InfoReader.Read(_store, snapshot, countExpired));
        info.LastSearchPlan = _lastSearchPlan;
        return info;
    }

    /// <summary>Indexes what is not indexed yet and makes everything durable.</summary>
    public void Checkpoint() => _store.Checkpoint(threshold: 1);

    /// <summary>Rewrites the file without what is dead and swaps it in. Readers keep the old file until their next look.</summary>
    /// <exception cref="FileBusyException">Another writer held the file until the busy timeout ran out, or the system refused the swap.</exception>
    public void Compact(IProgress<double>? progress = null, CancellationToken cancellationToken = default)
        => Optimize(new OptimizeOptions(), progress is null ? null : new FractionOf(progress), cancellationToken);

    /// <summary>Closes the file: makes everything durable, indexes the tail where that pays, trims reserved space. Idempotent.</summary>
    public void Dispose() => _store.Dispose();

    private bool TryLease(string key, out EmbeddingLease lease, EmbeddingRole role, bool wantsVector)
    {
        int byteLength = StoredKey.BufferByteLength(key);
        Span<byte> buffer = byteLength <= StackBufferByteLength ? stackalloc byte[StackBufferByteLength] : new byte[byteLength];
        StoredKey stored = StoredKey.FromText(key, role, _store.Header, buffer, _store.Path);
        Snapshot snapshot = _store.Acquire();
        bool isKept = false;
        try
        {
            if (!TryFindLive(snapshot, stored, out long offset, out RecordFrame frame, wantsVector))
            {
                lease = default;
                return false;
            }

            RecordFrame record = RecordReader.ReadVectorFrame(snapshot.Log, frame, ref offset);
            lease = new EmbeddingLease(snapshot, EmbeddingReader.LeaseVector(snapshot, offset, record));
            isKept = true;
            return true;
        }
        finally
        {
            if (!isKept)
            {
                snapshot.Release();
            }
        }
    }

    private Embedding? Get(StoredKey key, string? text)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            return TryFindLive(snapshot, key, out long offset, out RecordFrame frame)
                ? EmbeddingReader.Read(snapshot, offset, frame, text)
                : null;
        }
        finally
        {
            snapshot.Release();
        }
    }

    private bool TryFindLive(Snapshot snapshot, in StoredKey key, out long offset, out RecordFrame frame, bool wantsVector = false)
        => snapshot.TryFind(key, out offset, out frame, wantsVector) && (frame.Expires == 0 || !frame.IsExpired(_store.Now));

    private T Read<T>(Func<Snapshot, T> read)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            return read(snapshot);
        }
        finally
        {
            snapshot.Release();
        }
    }
}
