using EmbedCache.Numerics;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>Decides how a search is done, does it, and says what it was.</summary>
internal static class Planner
{
    /// <summary>Results by query.</summary>
    /// <param name="set">What to search.</param>
    /// <param name="codes">Codes of its first ordinals, or null.</param>
    /// <param name="queries">The queries.</param>
    /// <param name="options">What is wanted, validated.</param>
    /// <param name="threads">Threads to use; 0 decides by the amount to read.</param>
    /// <param name="onDamage">Called where codes are damaged; the results are right all the same.</param>
    /// <param name="plan">What was done.</param>
    public static ScoredOrdinal[][] Run(ScanSet set, CodeRuns? codes, Query[] queries, SearchOptions options, int threads, Action onDamage, out SearchPlan plan)
    {
        var results = new ScoredOrdinal[queries.Length][];
        long scored = 0;
        SearchPlanKind kind = Choose(codes, queries);
        if (kind == SearchPlanKind.BoundScan)
        {
            BoundResult[] found = BoundScan.Run(set, codes!, queries, options.Top, options.MinimumScore, threads, onDamage);
            for (int i = 0; i < found.Length; i++)
            {
                results[i] = found[i].Best;
                scored += found[i].ScoredCount;
            }
        }
        else
        {
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = ExactScan.Run(set, queries[i], options.Top, options.MinimumScore, threads);
                scored += set.OrdinalCount;
            }
        }

        plan = new SearchPlan(kind, queries.Length, set.OrdinalCount, codes?.Count ?? 0, scored);
        return results;
    }

    private static SearchPlanKind Choose(CodeRuns? codes, Query[] queries)
    {
        if (codes is null || !Int8Kernels.IsAccelerated)
        {
            return SearchPlanKind.FloatScan;
        }

        foreach (Query query in queries)
        {
            // Under dot every record scores 0 against a zero query: bounds tell nothing.
            if (query.Norm == 0 && query.Metric != Metric.L2)
            {
                return SearchPlanKind.FloatScan;
            }
        }

        return SearchPlanKind.BoundScan;
    }
}
