using EmbedCache.Numerics;
using EmbedCache.Search.Graph;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>Whether a graph is the way to search, and the searches of a batch over it.</summary>
internal static class GraphPlan
{
    /// <summary>A graph that covers less than one in so many is passed over: scanning the rest costs more than it saves.</summary>
    private const int LeastCoverage = 4;

    /// <summary>A walk that keeps ef candidates measures about so many times as many codes.</summary>
    private const int VisitedPerEf = 16;

    /// <summary>A code met on a walk costs about so many times what it costs in a scan of those that match.</summary>
    private const int StepCost = 2;

    /// <summary>Queries that are worth a thread.</summary>
    private const int QueriesPerThread = 8;

    /// <summary>Answers all queries over the graph; false where one cannot be, or a scan is better.</summary>
    public static bool TryRun(ScanSet set, long? matchCount, GraphIndex graph, CodeRuns codes, Query[] queries, SearchOptions options, int threads, Action onDamage, Action onGraphDamage, ScoredOrdinal[][] results, out long scored)
    {
        scored = 0;
        if (options.Exact || !IsBetterThanScan(set, matchCount, graph, options))
        {
            return false;
        }

        long total = 0;
        bool isShort = false;
        int next = -1;
        int parts = Math.Max(1, Math.Min(threads > 0 ? threads : Environment.ProcessorCount, queries.Length / QueriesPerThread));
        try
        {
            SearchParts.Run(parts, () =>
            {
                while (!Volatile.Read(ref isShort) && Interlocked.Increment(ref next) is int i && i < queries.Length)
                {
                    if (!GraphScan.TryRun(set, graph, codes, queries[i], options, onDamage, out results[i], out long count))
                    {
                        Volatile.Write(ref isShort, true);
                    }

                    Interlocked.Add(ref total, count);
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
        return !isShort;
    }

    private static bool IsBetterThanScan(ScanSet set, long? matchCount, GraphIndex graph, SearchOptions options)
    {
        long count = set.OrdinalCount;
        long ef = GraphScan.ChooseEf(options.EfSearch, options.Top);
        if (graph.Graph.Count < count / LeastCoverage || ef * VisitedPerEf * StepCost > count)
        {
            return false;
        }

        // Of the codes on a walk only the share of those that match counts, and as many must be found: it grows by what that is the inverse of.
        return matchCount is not { } matches || (double)matches * matches > (double)ef * VisitedPerEf * StepCost * count;
    }
}
