using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Search.Graph;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>What a search over the graph found, and what it cost.</summary>
/// <param name="Best">The best records, best first.</param>
/// <param name="ScoredCount">Records whose vectors were read.</param>
/// <param name="IsScanned">Whether all codes were compared, because walks did not settle it.</param>
internal readonly record struct GraphResult(ScoredOrdinal[] Best, long ScoredCount, bool IsScanned);

/// <summary>
/// Approximate search: a walk over the graph by codes, whose best candidates are scored in full, and a scan by bound of what the graph does not cover. What it
/// returns is live and matches the filter; where that is fewer than were asked for, it says so, and the caller searches exactly.
/// </summary>
internal static class GraphScan
{
    /// <summary>EfSearch where nobody chose it, for the ten best of a hundred thousand; measured recall 0.97 to 0.99.</summary>
    private const int DefaultEf = 64;

    /// <summary>Among more records it is wider: by so many doublings of their number by itself.</summary>
    private const long DefaultEfCount = 100_000;
    private const double WiderByItself = 8;

    /// <summary>Candidates that match a filter beyond those asked for: their codes' distances are off by about a percent.</summary>
    private const int MoreMatching = 10;

    /// <summary>A walk that found this part of the candidates that it is to find in all is not done again: by chance it is seldom fewer.</summary>
    private const double WideEnough = 0.75;

    /// <summary>A walk that ended too soon is done again so many times as wide, at the most so many times.</summary>
    private const int Widening = 4;
    private const int MostWidenings = 2;

    /// <summary>
    /// Where a wider walk still found better ones, a scan is done if there are at most so many records for each that the walk saw. (A record seen on a walk takes as long as five
    /// in a scan: the scan then takes at most eight times as long as the walk, and a wider one would take four to sixteen.)
    /// </summary>
    private const long ScanShare = 40;

    private static readonly ScratchPool Scratches = new();

    /// <summary>EfSearch for so many results among so many records.</summary>
    /// <param name="efSearch">What was asked for, or null.</param>
    /// <param name="top">Results.</param>
    /// <param name="count">Records in the graph: among more of them the same walk misses more.</param>
    public static int ChooseEf(int? efSearch, int top, long count)
    {
        if (efSearch is { } chosen)
        {
            return Math.Max(top, chosen);
        }

        double width = top <= DefaultEf / 2 ? DefaultEf : 2.0 * top;
        return (int)Math.Min(int.MaxValue, count <= DefaultEfCount ? width : Math.Ceiling(width * (1 + (Math.Log(count / (double)DefaultEfCount, 2) / WiderByItself))));
    }

    /// <summary>
    /// How many candidates that match a filter a walk is to find. Where EfSearch was chosen, as many; else fewer by the share that matches, so that a walk is about as wide
    /// as one without a filter, down to what is scored in full.
    /// </summary>
    /// <param name="efSearch">What was asked for, or null.</param>
    /// <param name="top">Results.</param>
    /// <param name="width">Candidates of a walk without a filter.</param>
    /// <param name="share">The part of all records that matches.</param>
    public static int ChooseEf(int? efSearch, int top, int width, double share)
    {
        if (efSearch is not null)
        {
            return width;
        }

        // By how much a walk among so many records is wider counts twice for the few that are scored in full. (A tenth of 1,000,000: recall 0.94 with 20 of them.)
        double wider = width / (double)ChooseEf(null, top, 0);
        return (int)Math.Min(width, Math.Max(top + Math.Ceiling(MoreMatching * wider * wider), Math.Ceiling(width * share)));
    }

    /// <summary>Searches; false where too few were found.</summary>
    /// <param name="set">What to search.</param>
    /// <param name="index">The graph.</param>
    /// <param name="codes">The codes.</param>
    /// <param name="query">The query, not zero.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="limits">How far to walk.</param>
    /// <param name="onDamage">Called where a block of codes is damaged.</param>
    /// <param name="result">What was found.</param>
    /// <exception cref="CorruptFileException">A block of the graph, or a record, is damaged.</exception>
    public static bool TryRun(ScanSet set, GraphIndex index, CodeRuns codes, Query query, SearchOptions options, WalkLimits limits, Action onDamage, out GraphResult result)
    {
        // What matches a filter is live.
        if (set.Matching is { } matching)
        {
            return TryRun(set, index, codes, query, options, limits, new AcceptMarked(matching), onDamage, out result);
        }

        LiveMarks.Marks live = set.Live.Of(set);
        return live.Count == set.TailFirstOrdinal
            ? TryRun(set, index, codes, query, options, limits, default(AcceptAll), onDamage, out result)
            : TryRun(set, index, codes, query, options, limits, new AcceptMarked(live.Words), onDamage, out result);
    }

    private static bool TryRun<TAcceptance>(ScanSet set, GraphIndex index, CodeRuns codes, Query query, SearchOptions options, WalkLimits limits, TAcceptance acceptance, Action onDamage, out GraphResult result)
        where TAcceptance : struct, IAcceptance
    {
        result = default;
        ScoredOrdinal[] best = [];
        long scored = 0;
        PersistedGraph graph = index.Graph;
        GraphScratch scratch = Scratches.Rent();
        FirstWalk.Begin(acceptance, query.Metric);
        bool isDoubtful = false;
        try
        {
            GraphQuery prepared = index.Prepare(query.Vector, query.Metric, codes.Codebook.Mean, scratch);
            int ef = limits.Ef;
            for (int times = 0; ; times++)
            {
                ScoredOrdinal[] before = best;
                if (!(limits.IsEfChosenHere ? Walk(index, acceptance, prepared, scratch, ef, limits.MaxVisited) : Walk(index, acceptance, prepared, scratch, limits))
                    || !TryScore(set, query, prepared, graph, acceptance, scratch, options, ref scored, out best, out bool isOpen))
                {
                    return false;
                }

                isOpen |= limits.IsEfChosenHere && WalkDoubt.AreAlike(scratch, index.Codes, prepared, options.Top);
                if (!limits.IsEfChosenHere || !(isOpen || (times == 0 ? WalkDoubt.EndedTooSoon(scratch, limits.Width) : WalkDoubt.FoundBetter(before, best))))
                {
                    break;
                }

                // All codes are gone through where that costs little against walks so far, or where wider walks did not help.
                isDoubtful = (times > 0 || isOpen) && set.OrdinalCount <= scratch.TrailCount * ScanShare;
                isDoubtful |= isOpen && times == MostWidenings;
                if (isDoubtful || times == MostWidenings)
                {
                    break;
                }

                ef *= Widening;
            }
        }
        finally
        {
            GC.KeepAlive(index);
            Scratches.Return(scratch);
        }

        if (isDoubtful)
        {
            BoundResult all = BoundScan.Run(set, codes, [query], options.Top, options.MinimumScore, threads: 1, onDamage)[0];
            result = new GraphResult(all.Best, scored + all.ScoredCount, IsScanned: true);
            return true;
        }

        if (graph.Count < set.OrdinalCount)
        {
            double floor = best.Length == options.Top ? best[best.Length - 1].Score : options.MinimumScore;
            BoundResult rest = BoundScan.Run(set, codes, [query], options.Top, floor, threads: 1, onDamage, graph.Count)[0];
            scored += rest.ScoredCount;
            best = rest.Best.Length == 0 ? best : ExactScan.Merge([best, rest.Best], options.Top, options.MinimumScore);
        }

        result = new GraphResult(best, scored, IsScanned: false);
        return true;
    }

    /// <summary>The best of what a walk left; false where it found too few.</summary>
    private static bool TryScore<TAcceptance>(ScanSet set, Query query, in GraphQuery prepared, PersistedGraph graph, in TAcceptance acceptance, GraphScratch scratch, SearchOptions options, ref long scored, out ScoredOrdinal[] best, out bool isOpen)
        where TAcceptance : struct, IAcceptance
    {
        best = [];
        var kept = new TopK(options.Top, scratch.Kept(options.Top), options.MinimumScore);
        try
        {
            int count = CandidateScorer.Run(set, query, prepared, new PersistedSpace(graph), acceptance, scratch, options.Top, ref kept, out isOpen);
            scored += count;
            if (count < options.Top)
            {
                return false;
            }

            best = kept.SortBestFirst();
            return true;
        }
        finally
        {
            kept.Dispose();
        }
    }

    /// <summary>Walks as wide as the limits say, and wider where that finds more; false where it gave up.</summary>
    /// <remarks>
    /// Filters tend to go with the vectors: near the query more records match than elsewhere. The few that a walk has to find then stand close together, and it ends
    /// too narrow: it is done again for as many more.
    /// </remarks>
    private static bool Walk<TAcceptance>(GraphIndex index, in TAcceptance acceptance, in GraphQuery query, GraphScratch scratch, WalkLimits limits)
        where TAcceptance : struct, IAcceptance
    {
        bool isWhole = Walk(index, acceptance, query, scratch, limits.Ef, limits.MaxVisited);
        if (isWhole && scratch.Count < limits.Width * WideEnough)
        {
            int ef = (int)Math.Min(limits.Width, (long)limits.Ef * limits.Width / Math.Max(1, scratch.Count));
            isWhole = Walk(index, acceptance, query, scratch, ef, limits.MaxVisited);
        }

        return isWhole;
    }

    private static bool Walk<TAcceptance>(GraphIndex index, in TAcceptance acceptance, in GraphQuery query, GraphScratch scratch, int ef, int maxVisited)
        where TAcceptance : struct, IAcceptance
        => GraphSearch.Run(new PersistedSpace(index.Graph), index.Graph.Levels, index.Graph.EntryLevel, index.Graph.Entry, acceptance, index.Codes, query, scratch, ef, maxVisited);

    /// <summary>Lends what walks write to: one for each search that runs at once, up to a few that are kept.</summary>
    private sealed class ScratchPool
    {
        private readonly GraphScratch?[] _kept = new GraphScratch?[8];

        public GraphScratch Rent()
        {
            for (int i = 0; i < _kept.Length; i++)
            {
                if (Interlocked.Exchange(ref _kept[i], null) is { } scratch)
                {
                    return scratch;
                }
            }

            return new GraphScratch();
        }

        public void Return(GraphScratch scratch)
        {
            for (int i = 0; i < _kept.Length; i++)
            {
                if (Interlocked.CompareExchange(ref _kept[i], scratch, null) is null)
                {
                    return;
                }
            }

            scratch.Dispose();
        }
    }
}
