namespace EmbedCache.PowerShell;

/// <summary>A hit of Find-SimilarEmbedding.</summary>
public sealed class SimilarEmbeddingRecord : EmbeddingRecord
{
    internal SimilarEmbeddingRecord(SimilarEmbedding hit, string? query)
        : base(hit.Embedding)
    {
        Score = hit.Score;
        Distance = hit.Distance;
        Query = query;
    }

    /// <summary>Higher is better: the cosine, the inner product, or the negative Euclidean distance.</summary>
    public double Score { get; }

    /// <summary>Lower is nearer: 1 - cosine, the negative inner product, or the Euclidean distance.</summary>
    public double Distance { get; }

    /// <summary>The key of the query this is a hit for, or null when the query was a bare vector.</summary>
    public string? Query { get; }
}
