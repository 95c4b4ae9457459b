namespace EmbedCache;

/// <summary>
/// A transaction: holds the writer lock from begin to commit or rollback. Readers see all of it or nothing. Disposing without
/// <see cref="Commit"/> rolls back. Not thread-safe.
/// </summary>
public sealed class EmbeddingTransaction : IDisposable
{
    internal EmbeddingTransaction()
    {
    }

    /// <summary>Sets one record.</summary>
    public void Set(string key, ReadOnlySpan<float> vector, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None, DateTimeOffset? expires = null) => throw new NotSupportedException();

    /// <summary>Sets one record.</summary>
    public void Set(in EmbeddingEntry entry) => throw new NotSupportedException();

    /// <summary>The record of a key as this transaction sees it, copied, or null.</summary>
    public Embedding? Get(string key, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Gives a record a new expiry and, where given, new metadata. False when there is no such record.</summary>
    public bool Touch(string key, DateTimeOffset? expires, EmbeddingMetadata? metadata = null, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Removes a record. False when there was none.</summary>
    public bool Remove(string key, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Removes the record of a raw 32-byte digest. False when there was none.</summary>
    public bool RemoveByDigest(ReadOnlySpan<byte> digest, EmbeddingRole role = EmbeddingRole.None) => throw new NotSupportedException();

    /// <summary>Makes the transaction visible and, with <see cref="Durability.Full"/>, durable.</summary>
    public void Commit() => throw new NotSupportedException();

    /// <summary>Undoes it.</summary>
    public void Rollback() => throw new NotSupportedException();

    /// <summary>Rolls back unless committed.</summary>
    public void Dispose() => throw new NotSupportedException();
}
