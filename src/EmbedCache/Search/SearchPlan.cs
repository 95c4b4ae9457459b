namespace EmbedCache;

/// <summary>How a search was done.</summary>
public enum SearchPlanKind
{
    /// <summary>Every vector was compared. Exact.</summary>
    FloatScan = 0,

    /// <summary>Every code was compared, and the vectors that their bounds left. Exact.</summary>
    BoundScan = 1,

    /// <summary>A proximity graph was walked. Approximate.</summary>
    Graph = 2,

    /// <summary>The codes of the records that the filter lets through were compared, one by one, and the vectors that their bounds left. Exact.</summary>
    FilteredScan = 3,

    /// <summary>Every short code was compared, and the vectors of the ten times as many best. Approximate.</summary>
    CodeScan = 4,
}

/// <summary>What the planner chose for a search, and what it cost.</summary>
public sealed class SearchPlan
{
    internal SearchPlan(SearchPlanKind kind, int queryCount, long ordinalCount, long codedCount, long scoredCount)
    {
        Kind = kind;
        QueryCount = queryCount;
        OrdinalCount = ordinalCount;
        CodedCount = codedCount;
        ScoredCount = scoredCount;
    }

    /// <summary>How it was done.</summary>
    public SearchPlanKind Kind { get; }

    /// <summary>Queries that it answered.</summary>
    public int QueryCount { get; }

    /// <summary>Record versions that were there to be searched, dead ones included.</summary>
    public long OrdinalCount { get; }

    /// <summary>How many of them have a code.</summary>
    public long CodedCount { get; }

    /// <summary>Vectors compared in full, of all queries together.</summary>
    public long ScoredCount { get; }

    /// <summary>Of <see cref="QueryCount"/>, those for which walks over the graph did not settle what is best, so that all codes were compared.</summary>
    public int ScannedQueryCount { get; internal set; }

    /// <summary>Live records that the filter lets through, expired ones included; null without a filter.</summary>
    public long? FilterMatchCount { get; internal set; }

    /// <summary>Records whose metadata was read for the filter, because no column says what it asks; null without a filter.</summary>
    public long? FilterReadCount { get; internal set; }

    /// <summary>One line for people.</summary>
    public override string ToString()
        => $"{Kind}: {QueryCount} {(QueryCount == 1 ? "query" : "queries")} over {OrdinalCount} record versions, {CodedCount} with codes, {ScoredCount} vectors compared"
        + (ScannedQueryCount > 0 ? $"; all codes for {ScannedQueryCount} {(ScannedQueryCount == 1 ? "query" : "queries")} that walks did not settle" : string.Empty)
        + (FilterMatchCount is { } matches ? $"; the filter lets {matches} through" : string.Empty);
}
