namespace EmbedCache;

/// <summary>What <see cref="EmbeddingCache.MeasureRecall"/> is to measure.</summary>
public sealed class RecallOptions
{
    /// <summary>How many of the file's records serve as queries, chosen at random; all when there are fewer. At least 1. Not used where <see cref="Queries"/> are given.</summary>
    public int SampleCount { get; set; } = 100;

    /// <summary>How many records each query asks for, at least 1.</summary>
    public int Top { get; set; } = 10;

    /// <summary>The values of <see cref="SearchOptions.EfSearch"/> to measure, each at least 1. Null measures what the planner chooses and some around it.</summary>
    public IReadOnlyList<int>? EfSearch { get; set; }

    /// <summary>Queries to measure with instead of records of the file: Dimension finite elements each.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>>? Queries { get; set; }

    /// <summary>Where the choice of records begins: the same seed chooses the same records of the same file.</summary>
    public long Seed { get; set; } = 1;
}

/// <summary>How well and how fast one way of searching did.</summary>
public sealed class RecallPoint
{
    internal RecallPoint(bool isExact, int? efSearch, double recall, double meanMilliseconds, double medianMilliseconds, double slowestMilliseconds, SearchPlan? plan)
    {
        IsExact = isExact;
        EfSearch = efSearch;
        Recall = recall;
        MeanMilliseconds = meanMilliseconds;
        MedianMilliseconds = medianMilliseconds;
        SlowestMilliseconds = slowestMilliseconds;
        Plan = plan;
    }

    /// <summary>True for the search that the others are held against.</summary>
    public bool IsExact { get; }

    /// <summary>The candidates kept; null where the planner chose.</summary>
    public int? EfSearch { get; }

    /// <summary>Share of the true nearest records that were found, 0 to 1. A record as near as the last of them counts as one of them.</summary>
    public double Recall { get; }

    /// <summary>Mean time of a query, without the reading of the records found.</summary>
    public double MeanMilliseconds { get; }

    /// <summary>Half of the queries were faster.</summary>
    public double MedianMilliseconds { get; }

    /// <summary>The slowest query.</summary>
    public double SlowestMilliseconds { get; }

    /// <summary>Queries that one caller gets answered in a second.</summary>
    public double QueriesPerSecond => MeanMilliseconds > 0 ? 1000 / MeanMilliseconds : double.PositiveInfinity;

    /// <summary>How the last of the queries was answered; null when there was none.</summary>
    public SearchPlan? Plan { get; }
}

/// <summary>Exact search against the index, on a file's own records.</summary>
public sealed class RecallReport
{
    internal RecallReport(string path, int queryCount, int top, RecallPoint exact, IReadOnlyList<RecallPoint> points)
    {
        Path = path;
        QueryCount = queryCount;
        Top = top;
        Exact = exact;
        Points = points;
    }

    /// <summary>Full path of the file.</summary>
    public string Path { get; }

    /// <summary>Queries that were measured.</summary>
    public int QueryCount { get; }

    /// <summary>Records that each of them asked for.</summary>
    public int Top { get; }

    /// <summary>Exact search: recall 1, by definition.</summary>
    public RecallPoint Exact { get; }

    /// <summary>What was measured against it: the planner's own choice first, then by EfSearch, ascending.</summary>
    public IReadOnlyList<RecallPoint> Points { get; }
}
