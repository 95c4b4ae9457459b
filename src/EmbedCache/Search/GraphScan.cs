using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Search.Graph;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

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

    /// <summary>Candidates that are scored in full beyond those asked for: their codes' distances are off by about a percent.</summary>
    private const int MoreScored = 10;

    /// <summary>Of a wider walk one in so many is scored in full.</summary>
    private const int ScoredShare = 4;

    /// <summary>A walk that found this part of the candidates that it is to find in all is not done again: by chance it is seldom fewer.</summary>
    private const double WideEnough = 0.75;

    /// <summary>A query stands in a hole where so many times the width of a walk are dead; and the walk is to be wider by this part of them. (1,000 of them among a million: recall 0.75, then 0.925.)</summary>
    private const int HoleWidth = 4;
    private const double HoleShare = 0.4;

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
        return (int)Math.Min(width, Math.Max(top + Math.Ceiling(MoreScored * wider * wider), Math.Ceiling(width * share)));
    }

    /// <summary>Searches; false where too few were found.</summary>
    /// <param name="set">What to search.</param>
    /// <param name="index">The graph.</param>
    /// <param name="codes">The codes.</param>
    /// <param name="query">The query, not zero.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="limits">How far to walk.</param>
    /// <param name="onDamage">Called where a block of codes is damaged.</param>
    /// <param name="best">The best records, best first.</param>
    /// <param name="scored">Records that were scored in full.</param>
    /// <exception cref="CorruptFileException">A block of the graph, or a record, is damaged.</exception>
    public static bool TryRun(ScanSet set, GraphIndex index, CodeRuns codes, Query query, SearchOptions options, WalkLimits limits, Action onDamage, out ScoredOrdinal[] best, out long scored)
    {
        // What matches a filter is live.
        if (set.Matching is { } matching)
        {
            return TryRun(set, index, codes, query, options, limits, new AcceptMarked(matching), onDamage, out best, out scored);
        }

        LiveMarks.Marks live = set.Live.Of(set);
        return live.Count == set.TailFirstOrdinal
            ? TryRun(set, index, codes, query, options, limits, default(AcceptAll), onDamage, out best, out scored)
            : TryRun(set, index, codes, query, options, limits, new AcceptMarked(live.Words), onDamage, out best, out scored);
    }

    private static bool TryRun<TAcceptance>(ScanSet set, GraphIndex index, CodeRuns codes, Query query, SearchOptions options, WalkLimits limits, TAcceptance acceptance, Action onDamage, out ScoredOrdinal[] best, out long scored)
        where TAcceptance : struct, IAcceptance
    {
        best = [];
        PersistedGraph graph = index.Graph;
        GraphScratch scratch = Scratches.Rent();
        var kept = new TopK(options.Top, scratch.Kept(options.Top), options.MinimumScore);
        FirstWalk.Begin(acceptance, query.Metric);
        try
        {
            GraphQuery prepared = index.Prepare(query.Vector, query.Metric, codes.Codebook.Mean, scratch);
            var space = new PersistedSpace(graph);
            scored = 0;
            if (!Walk(index, acceptance, prepared, scratch, limits))
            {
                return false;
            }

            int ef = Math.Max(limits.Ef, scratch.Accepted);
            scored = ScoreBest(set, query, space, acceptance, scratch, Math.Min(ef, Math.Max(options.Top + MoreScored, ef / ScoredShare)), options.Top, ref kept);
            if (scored < options.Top)
            {
                return false;
            }

            best = kept.SortBestFirst().ToArray();
        }
        finally
        {
            GC.KeepAlive(index);
            kept.Dispose();
            Scratches.Return(scratch);
        }

        if (graph.Count < set.OrdinalCount)
        {
            double floor = best.Length == options.Top ? best[best.Length - 1].Score : options.MinimumScore;
            BoundResult rest = BoundScan.Run(set, codes, [query], options.Top, floor, threads: 1, onDamage, graph.Count)[0];
            scored += rest.ScoredCount;
            best = rest.Best.Length == 0 ? best : ExactScan.Merge([best, rest.Best], options.Top, options.MinimumScore);
        }

        return true;
    }

    /// <summary>Walks as wide as the limits say; false where it gave up.</summary>
    /// <remarks>
    /// Filters tend to go with the vectors: near the query more records match than elsewhere. The few that a walk has to find then stand close together, and it ends
    /// too narrow: it is done again for as many more. Where deletes left a hole around the query the results stand around it, further from one another than from the
    /// hole: the walk is done again for a part of the hole more.
    /// </remarks>
    private static bool Walk<TAcceptance>(GraphIndex index, in TAcceptance acceptance, in GraphQuery query, GraphScratch scratch, WalkLimits limits)
        where TAcceptance : struct, IAcceptance
    {
        PersistedGraph graph = index.Graph;
        var space = new PersistedSpace(graph);
        if (!GraphSearch.Run(space, graph.Levels, graph.EntryLevel, graph.Entry, acceptance, index.Codes, query, scratch, limits.Ef, limits.MaxVisited))
        {
            return false;
        }

        int rejected = scratch.Count - scratch.Accepted;
        bool isInHole = limits.IsEfChosenHere && rejected > limits.Width * (long)HoleWidth;
        if (scratch.Count >= limits.Width * WideEnough && !isInHole)
        {
            return true;
        }

        int ef = isInHole
            ? limits.Ef + (int)(rejected * HoleShare)
            : (int)Math.Min(limits.Width, (long)limits.Ef * limits.Width / Math.Max(1, scratch.Count));
        return GraphSearch.Run(space, graph.Levels, graph.EntryLevel, graph.Entry, acceptance, index.Codes, query, scratch, ef, limits.MaxVisited);
    }

    /// <summary>
    /// Scores the best candidates from their vectors: so many, and then more for as long as one of the latest was among the best. Where records crowd, as around a hole that
    /// deletes left, their codes' distances tell less of their order. Returns how many were not expired.
    /// </summary>
    private static int ScoreBest<TSpace, TAcceptance>(ScanSet set, Query query, in TSpace space, in TAcceptance acceptance, GraphScratch scratch, int scoredCount, int top, ref TopK kept)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        Span<uint> nodes = scratch.Results(scratch.Count + top + scoredCount);
        int wanted = Math.Min(nodes.Length, Math.Max(scoredCount, top));
        int found = GraphResults.Collect(space, acceptance, scratch, nodes.Slice(0, wanted));
        int scored = Score(set, query, nodes.Slice(0, found), scratch, ref kept, out int sinceBetter);
        if (found < wanted || (scored >= top && sinceBetter >= MoreScored))
        {
            return scored;
        }

        found = GraphResults.Collect(space, acceptance, scratch, nodes);
        for (int done = wanted; done < found && (scored < top || sinceBetter < MoreScored);)
        {
            int next = Math.Min(found - done, Math.Max(MoreScored, top - scored));
            scored += Score(set, query, nodes.Slice(done, next), scratch, ref kept, out int since);
            sinceBetter = since == next ? sinceBetter + next : since;
            done += next;
        }

        return scored;
    }

    /// <summary>Scores records; returns how many were not expired.</summary>
    /// <param name="set">Where they are.</param>
    /// <param name="query">The query.</param>
    /// <param name="nodes">Their ordinals.</param>
    /// <param name="scratch">What the search writes to.</param>
    /// <param name="kept">Takes the best.</param>
    /// <param name="sinceBetter">How many came behind the last that was kept.</param>
    private static int Score(ScanSet set, Query query, ReadOnlySpan<uint> nodes, GraphScratch scratch, ref TopK kept, out int sinceBetter)
    {
        const int Ahead = 4;
        int vectorByteLength = query.Vector.Length * sizeof(float);
        Span<long> offsets = scratch.Offsets(nodes.Length);
        for (int i = 0; i < nodes.Length; i++)
        {
            offsets[i] = set.OffsetOf(nodes[i]);
            if (i < Ahead)
            {
                set.Log.Source.Prefetch(offsets[i], FormatConstants.FrameHeaderByteLength + vectorByteLength);
            }
        }

        int scored = 0;
        sinceBetter = 0;
        for (int i = 0; i < nodes.Length; i++)
        {
            sinceBetter++;
            if (i + Ahead < nodes.Length)
            {
                set.Log.Source.Prefetch(offsets[i + Ahead], FormatConstants.FrameHeaderByteLength + vectorByteLength);
            }

            if (RecordScorer.TryScoreOne(set, query, offsets[i], out double score))
            {
                int count = kept.Count;
                double threshold = kept.Threshold;
                kept.Offer(score, nodes[i]);
                scored++;
                sinceBetter = kept.Count > count || kept.Threshold > threshold ? 0 : sinceBetter;
            }
        }

        return scored;
    }

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
