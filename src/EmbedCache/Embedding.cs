namespace EmbedCache;

/// <summary>A record to be stored.</summary>
public readonly struct EmbeddingEntry(string key, ReadOnlyMemory<float> vector)
{
    /// <summary>The key: well-formed text of 1 to 65,535 bytes of UTF-8.</summary>
    public string Key { get; } = key;

    /// <summary>The vector, as many elements as the file's dimension.</summary>
    public ReadOnlyMemory<float> Vector { get; } = vector;

    /// <summary>Role, part of the key.</summary>
    public EmbeddingRole Role { get; init; }

    /// <summary>Metadata, or null for none.</summary>
    public EmbeddingMetadata? Metadata { get; init; }

    /// <summary>Expiry, or null for the file's default.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>A record that was read: a copy, valid for ever.</summary>
public sealed class Embedding
{
    internal Embedding(string? key, byte[]? digest, EmbeddingRole role, ReadOnlyMemory<float> vector, EmbeddingMetadata metadata, DateTimeOffset created, DateTimeOffset? expires, long offset)
    {
        Key = key;
        Digest = digest;
        Role = role;
        Vector = vector;
        Metadata = metadata;
        Created = created;
        Expires = expires;
        Offset = offset;
    }

    /// <summary>The key's text; null when the file keeps digests only and the text was not given by the caller.</summary>
    public string? Key { get; }

    /// <summary>The key's salted SHA-256 (32 bytes) in a digest file, else null.</summary>
    public byte[]? Digest { get; }

    /// <summary>Role, part of the key.</summary>
    public EmbeddingRole Role { get; }

    /// <summary>The vector, bit for bit as it was set.</summary>
    public ReadOnlyMemory<float> Vector { get; }

    /// <summary>Metadata; empty when there is none.</summary>
    public EmbeddingMetadata Metadata { get; }

    /// <summary>When it was set, UTC, to the millisecond.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>When it expires, or null.</summary>
    public DateTimeOffset? Expires { get; }

    /// <summary>Offset of the record's frame in the file.</summary>
    public long Offset { get; }
}

/// <summary>A hit of a similarity search.</summary>
public sealed class SimilarEmbedding
{
    internal SimilarEmbedding(Embedding embedding, double score, double distance)
    {
        Embedding = embedding;
        Score = score;
        Distance = distance;
    }

    /// <summary>The record found.</summary>
    public Embedding Embedding { get; }

    /// <summary>Higher is better: the cosine, the inner product, or the negative Euclidean distance.</summary>
    public double Score { get; }

    /// <summary>Lower is nearer: 1 - cosine, the negative inner product, or the Euclidean distance.</summary>
    public double Distance { get; }
}
