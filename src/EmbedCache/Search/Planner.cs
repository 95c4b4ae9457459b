using EmbedCache.Numerics;
using EmbedCache.Search.Graph;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>Decides how a search is done, does it, and says what it was.</summary>
internal static class Planner
{
    /// <summary>
    /// How many times a row of a scan through all a row costs that a filter names: it is read by itself, without the help of what the processor reads ahead, and its bound
    /// is worked out by itself. (A tenth of 1,000,000 whose coarse rows have 96 bytes: 41 ns against 5.9; of 60,000 with 416 bytes: 102 ns against 14.)
    /// </summary>
    private const long SingleRowCost = 7;

    /// <summary>Results by query.</summary>
    /// <param name="set">What to search.</param>
    /// <param name="matches">What the filter lets through, which is in the set too; null without a filter.</param>
    /// <param name="codes">Codes of its first ordinals, or null.</param>
    /// <param name="queries">The queries.</param>
    /// <param name="options">What is wanted, validated.</param>
    /// <param name="threads">Threads to use; 0 decides by the amount to read.</param>
    /// <param name="onDamage">Called where codes are damaged; the results are right all the same.</param>
    /// <param name="graph">The graph over them, or null.</param>
    /// <param name="onGraphDamage">Called where the graph is damaged; likewise.</param>
    /// <param name="plan">What was done.</param>
    public static ScoredOrdinal[][] Run(ScanSet set, FilterMatches? matches, CodeRuns? codes, Query[] queries, SearchOptions options, int threads, Action onDamage, GraphIndex? graph, Action onGraphDamage, out SearchPlan plan)
    {
        var results = new ScoredOrdinal[queries.Length][];
        long scored = 0;
        if (graph is not null && codes is not null && !HasZero(queries) && GraphPlan.TryRun(set, matches?.Count, graph, codes, queries, options, threads, onDamage, onGraphDamage, results, out scored, out int scanned))
        {
            plan = new SearchPlan(SearchPlanKind.Graph, queries.Length, set.OrdinalCount, codes.Count, scored) { FilterMatchCount = matches?.Count, FilterReadCount = matches?.ReadCount, ScannedQueryCount = scanned };
            return results;
        }

        scored = 0;
        SearchPlanKind kind = Choose(set, matches, codes, queries);
        if (kind != SearchPlanKind.FilteredScan && set.ShortCodes is { } shortCodes && TryShortCodes(set, shortCodes, queries, options, threads, results, out scored))
        {
            plan = new SearchPlan(SearchPlanKind.CodeScan, queries.Length, set.OrdinalCount, shortCodes.Count, scored) { FilterMatchCount = matches?.Count, FilterReadCount = matches?.ReadCount };
            return results;
        }

        if (kind == SearchPlanKind.BoundScan)
        {
            BoundResult[] found = BoundScan.Run(set, codes!, queries, options.Top, options.MinimumScore, threads, onDamage);
            for (int i = 0; i < found.Length; i++)
            {
                results[i] = found[i].Best;
                scored += found[i].ScoredCount;
            }
        }
        else if (kind == SearchPlanKind.FilteredScan)
        {
            for (int i = 0; i < results.Length; i++)
            {
                BoundResult found = FilteredScan.Run(set, matches!.Count, codes!, queries[i], options.Top, options.MinimumScore, threads, onDamage);
                results[i] = found.Best;
                scored += found.ScoredCount;
            }
        }
        else
        {
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = ExactScan.Run(set, queries[i], options.Top, options.MinimumScore, threads);
                scored += matches?.Count ?? set.OrdinalCount;
            }
        }

        plan = new SearchPlan(kind, queries.Length, set.OrdinalCount, codes?.Count ?? 0, scored) { FilterMatchCount = matches?.Count, FilterReadCount = matches?.ReadCount };
        return results;
    }

    /// <summary>False where short codes cannot answer: they are damaged, or expired records took the places of others.</summary>
    private static bool TryShortCodes(ScanSet set, ShortCodes codes, Query[] queries, SearchOptions options, int threads, ScoredOrdinal[][] results, out long scored)
    {
        scored = 0;
        for (int i = 0; i < queries.Length; i++)
        {
            if (ShortCodeScan.Run(set, codes, queries[i], options, threads, out long count) is not { } found)
            {
                scored = 0;
                return false;
            }

            results[i] = found;
            scored += count;
        }

        return true;
    }

    private static SearchPlanKind Choose(ScanSet set, FilterMatches? matches, CodeRuns? codes, Query[] queries)
    {
        if (codes is null || !CodeKernels.IsAccelerated || HasZero(queries))
        {
            return SearchPlanKind.FloatScan;
        }

        return matches is not null && matches.Count * SingleRowCost < set.OrdinalCount ? SearchPlanKind.FilteredScan : SearchPlanKind.BoundScan;
    }

    /// <summary>Under dot every record scores 0 against a zero query: bounds and walks tell nothing.</summary>
    private static bool HasZero(Query[] queries)
    {
        foreach (Query query in queries)
        {
            if (query.Norm == 0 && query.Metric != Metric.L2)
            {
                return true;
            }
        }

        return false;
    }
}
