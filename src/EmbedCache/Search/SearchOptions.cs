namespace EmbedCache;

/// <summary>How a search is done. The defaults suit most: what is left out is chosen from what the file holds.</summary>
public sealed class SearchOptions
{
    /// <summary>How many records at most, at least 1. Asking for more than there are gives all.</summary>
    public int Top { get; set; } = 10;

    /// <summary>Lowest score to return; higher is better under every metric. Negative infinity returns the best, however far.</summary>
    public double MinimumScore { get; set; } = double.NegativeInfinity;

    /// <summary>Search only among records whose metadata passes; null: among all. Never fewer results than without it, as long as so many pass.</summary>
    public Filter? Filter { get; set; }

    /// <summary>
    /// Return what a comparison with every record would, the same records and scores. False lets an approximate index answer where the file has one, which may miss a
    /// record and is faster.
    /// </summary>
    public bool Exact { get; set; }

    /// <summary>
    /// How many candidates an approximate search keeps, at least 1: more is slower and misses less. Null chooses by <see cref="Top"/> and
    /// the number of records, and looks wider for a query that needs it. Below <see cref="Top"/> it counts as that. Where a
    /// filter is given, only what passes counts towards it.
    /// </summary>
    public int? EfSearch { get; set; }

    /// <summary>
    /// Whether the records found come with their vectors. Without, their Vector is empty and a search over the index takes about half the time: few who search want the
    /// numbers, and <see cref="EmbeddingCache.Get(string, EmbeddingRole)"/> has them.
    /// </summary>
    public bool IncludeVectors { get; set; }
}
