using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Keys;

namespace EmbedCache;

/// <summary>
/// A transaction: holds the writer lock from begin to commit or rollback. Readers see all of it or nothing. Disposing without
/// <see cref="Commit"/> rolls back. It may be larger than memory. Not thread-safe.
/// </summary>
public sealed class EmbeddingTransaction : IDisposable
{
    private const int StackBufferByteLength = 512;

    private readonly Store _store;
    private readonly WriteTransaction _transaction;
    private readonly long _defaultTimeToLive;

    internal EmbeddingTransaction(Store store, WriteTransaction transaction)
    {
        _store = store;
        _transaction = transaction;
        try
        {
            _defaultTimeToLive = (long)(transaction.Snapshot.Properties.DefaultTimeToLive?.TotalMilliseconds ?? 0);
        }
        catch
        {
            transaction.Dispose();
            throw;
        }
    }

    /// <summary>Sets one record, replacing what has the same key and role.</summary>
    /// <exception cref="InvalidEmbeddingException">The record is refused; the transaction goes on without it.</exception>
    /// <exception cref="DeviceFailedException">The device failed; roll back.</exception>
    public void Set(string key, ReadOnlySpan<float> vector, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None, DateTimeOffset? expires = null)
    {
        _transaction.ThrowIfEnded();
        int byteLength = StoredKey.BufferByteLength(key);
        Span<byte> buffer = byteLength <= StackBufferByteLength ? stackalloc byte[StackBufferByteLength] : new byte[byteLength];
        StoredKey stored = StoredKey.FromText(key, role, _store.Header, buffer, _store.Path);
        long created = _store.Now;
        long expiry = VectorEntry.ExpiryOf(expires, key, _store.Path);
        if (expiry == 0 && _defaultTimeToLive > 0)
        {
            expiry = Math.Min(UnixTime.MaxMilliseconds, created + _defaultTimeToLive);
        }

        ReadOnlySpan<byte> encoded = metadata is null || metadata.Count == 0 ? default : MetadataCodec.Encode(metadata);
        _transaction.Put(stored, key, vector, encoded, expiry, created);
    }

    /// <summary>Sets one record, replacing what has the same key and role.</summary>
    public void Set(in EmbeddingEntry entry) => Set(entry.Key, entry.Vector.Span, entry.Metadata, entry.Role, entry.Expires);

    /// <summary>The record of a key as this transaction sees it, copied, or null.</summary>
    public Embedding? Get(string key, EmbeddingRole role = EmbeddingRole.None)
    {
        _transaction.ThrowIfEnded();
        StoredKey stored = FromText(key, role);
        return _transaction.TryFind(stored, out long offset, out RecordFrame frame) && !frame.IsExpired(_store.Now)
            ? EmbeddingReader.Read(_transaction.Snapshot, offset, frame, key)
            : null;
    }

    /// <summary>Gives a record a new expiry and, where given, new metadata. False when there is no such record.</summary>
    public bool Touch(string key, DateTimeOffset? expires, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None)
    {
        _transaction.ThrowIfEnded();
        return _transaction.Touch(FromText(key, role), metadata, VectorEntry.ExpiryOf(expires, key, _store.Path), _store.Now);
    }

    /// <summary>Removes a record. False when there was none.</summary>
    public bool Remove(string key, EmbeddingRole role = EmbeddingRole.None)
    {
        _transaction.ThrowIfEnded();
        return _transaction.Remove(FromText(key, role), _store.Now);
    }

    /// <summary>Removes the record of a raw 32-byte digest. False when there was none.</summary>
    public bool RemoveByDigest(ReadOnlySpan<byte> digest, EmbeddingRole role = EmbeddingRole.None)
    {
        _transaction.ThrowIfEnded();
        return _transaction.Remove(StoredKey.FromDigest(digest, role, _store.Header), _store.Now);
    }

    /// <summary>Makes the transaction visible and, with <see cref="Durability.Full"/>, durable.</summary>
    /// <exception cref="DeviceFailedException">The device failed. With IsPoisoned the outcome is unknown; otherwise nothing was committed.</exception>
    public void Commit() => _transaction.Commit();

    /// <summary>Undoes it.</summary>
    public void Rollback() => _transaction.Rollback();

    /// <summary>Rolls back unless committed.</summary>
    public void Dispose() => _transaction.Dispose();

    private StoredKey FromText(string key, EmbeddingRole role)
        => StoredKey.FromText(key, role, _store.Header, new byte[StoredKey.BufferByteLength(key)], _store.Path);
}
