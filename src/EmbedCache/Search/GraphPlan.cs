using EmbedCache.Numerics;
using EmbedCache.Search.Graph;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>Whether a graph is the way to search, and the searches of a batch over it.</summary>
internal static class GraphPlan
{
    /// <summary>A graph that covers less than one in so many is passed over: scanning the rest costs more than it saves.</summary>
    private const int LeastCoverage = 4;

    /// <summary>A walk that keeps so many candidates measures about so many times as many codes.</summary>
    private const int VisitedPerCandidate = 16;

    /// <summary>A code met on a walk costs about so many times what it costs in a scan through all.</summary>
    private const int StepCost = 2;

    /// <summary>
    /// Against a scan of what matches a filter, whose rows do not lie one behind another, and with more candidates, whose neighbours are fewer others' neighbours too, a walk costs this part of that.
    /// (1,000,000 of 128 dimensions: as long where 2.4 hundredths match, 1 ms; 60,000 of 784: where 3.6 do, 0.35 ms. This part puts it at 2.2 and 7.)
    /// </summary>
    private const double FilteredCost = 0.5;

    /// <summary>Codes that an element has in the middle of what it may be, and how many there should be for a record.</summary>
    private const double CodesPerElement = 128;
    private const double CodesPerRecord = 4;

    /// <summary>A walk may see so many codes, or one in so many of all.</summary>
    private const int FewestVisited = 20_000;
    private const int VisitedShare = 4;

    /// <summary>Queries that are worth a thread.</summary>
    private const int QueriesPerThread = 8;

    /// <summary>Answers all queries over the graph and says what that cost; false where one cannot be, or a scan is better.</summary>
    public static bool TryRun(ScanSet set, long? matchCount, GraphIndex graph, CodeRuns codes, Query[] queries, SearchOptions options, int threads, Action onDamage, Action onGraphDamage, ScoredOrdinal[][] results, out long scored, out int scanned)
    {
        scored = 0;
        scanned = 0;
        if (options.Exact || (options.EfSearch is null && AreCodesTooFew(codes.Layout.Dimension, queries[0].Metric, set.OrdinalCount)) || TryPlan(set.OrdinalCount, matchCount, graph.Graph.Count, options) is not { } limits)
        {
            return false;
        }

        long total = 0;
        int scans = 0;
        bool isShort = false;
        int next = -1;
        int parts = Math.Max(1, Math.Min(threads > 0 ? threads : Environment.ProcessorCount, queries.Length / QueriesPerThread));
        try
        {
            SearchParts.Run(parts, () =>
            {
                while (!Volatile.Read(ref isShort) && Interlocked.Increment(ref next) is int i && i < queries.Length)
                {
                    if (!GraphScan.TryRun(set, graph, codes, queries[i], options, limits, onDamage, out GraphResult result))
                    {
                        Volatile.Write(ref isShort, true);
                    }

                    results[i] = result.Best;
                    Interlocked.Add(ref total, result.ScoredCount);
                    Interlocked.Add(ref scans, result.IsScanned ? 1 : 0);
                }

                return true;
            });
        }
        catch (CorruptFileException)
        {
            // A scan goes on without the graph; should a record be what is damaged, it says so.
            onGraphDamage();
            return false;
        }

        scored = total;
        scanned = scans;
        return !isShort;
    }

    /// <summary>
    /// Whether there are fewer codes than records need: vectors of two or three elements have so few that each is that of many records, and a walk by codes does not know which of
    /// them are nearer. Under dot the longest are, and those are few.
    /// </summary>
    /// <param name="dimension">Elements.</param>
    /// <param name="metric">The file's metric.</param>
    /// <param name="count">Ordinals in all.</param>
    internal static bool AreCodesTooFew(int dimension, Metric metric, long count)
        => metric != Metric.Dot && Math.Pow(CodesPerElement, metric == Metric.Cosine ? dimension - 1 : dimension) < CodesPerRecord * (double)count;

    /// <summary>How far a walk is to go; null where a scan is better.</summary>
    /// <param name="count">Ordinals in all.</param>
    /// <param name="matchCount">Records that the filter lets through; null without a filter.</param>
    /// <param name="covered">Ordinals that the graph covers, from the first on.</param>
    /// <param name="options">What is wanted.</param>
    public static WalkLimits? TryPlan(long count, long? matchCount, long covered, SearchOptions options)
    {
        if (covered < count / LeastCoverage)
        {
            return null;
        }

        long maxVisited = Math.Min(int.MaxValue / 2, Math.Max(FewestVisited, covered / VisitedShare));
        int width = GraphScan.ChooseEf(options.EfSearch, options.Top, covered);
        const double CandidateCost = VisitedPerCandidate * StepCost;
        if (matchCount is not { } matches)
        {
            return width * CandidateCost > count ? null : new WalkLimits(width, width, (int)maxVisited) { IsEfChosenHere = options.EfSearch is null };
        }

        // What does not match stands among the candidates and does not count: there are more of them by what the share is the inverse of. Where those near the query
        // match less often than others the walk is longer than that; it ends after as many codes as a scan would have read.
        double share = matches / (double)count;
        int ef = GraphScan.ChooseEf(options.EfSearch, options.Top, width, share);
        return matches <= options.Top || ef * CandidateCost * FilteredCost > matches * share ? null : new WalkLimits(ef, width, (int)Math.Min(maxVisited, matches));
    }
}
