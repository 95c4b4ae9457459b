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
        => efSearch is null ? (int)Math.Min(width, Math.Max(top + (long)MoreScored, Math.Ceiling(width * share))) : width;

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
        int scoredCount = Math.Min(limits.Ef, Math.Max(options.Top + MoreScored, limits.Ef / ScoredShare));
        GraphScratch scratch = Scratches.Rent();
        var kept = new TopK(options.Top, scratch.Kept(options.Top), options.MinimumScore);
        FirstWalk.Begin(new PersistedSpace(graph), acceptance, index.Codes, query.Metric);
        try
        {
            GraphQuery prepared = index.Prepare(query.Vector, query.Metric, codes.Codebook.Mean, scratch);
            var space = new PersistedSpace(graph);
            scored = 0;
            if (!Walk(index, acceptance, prepared, scratch, limits))
            {
                return false;
            }

            scored = ScoreBest(set, query, space, acceptance, scratch, scoredCount, options.Top, ref kept);
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
    /// too narrow: it is done again for as many more.
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

        if (scratch.Count >= limits.Width * WideEnough)
        {
            return true;
        }

        int ef = (int)Math.Min(limits.Width, (long)limits.Ef * limits.Width / Math.Max(1, scratch.Count));
        return GraphSearch.Run(space, graph.Levels, graph.EntryLevel, graph.Entry, acceptance, index.Codes, query, scratch, ef, limits.MaxVisited);
    }

    /// <summary>Scores the best candidates from their vectors. Returns how many were not expired: more are looked at where that is fewer than asked for.</summary>
    private static int ScoreBest<TSpace, TAcceptance>(ScanSet set, Query query, in TSpace space, in TAcceptance acceptance, GraphScratch scratch, int scoredCount, int top, ref TopK kept)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        Span<uint> nodes = scratch.Results(scratch.Count + top + scoredCount);
        int found = GraphResults.Collect(space, acceptance, scratch, nodes.Slice(0, Math.Min(nodes.Length, Math.Max(scoredCount, top))));
        int scored = Score(set, query, nodes.Slice(0, found), scratch, ref kept);
        if (scored >= top || found < scoredCount)
        {
            return scored;
        }

        found = GraphResults.Collect(space, acceptance, scratch, nodes);
        return scored + Score(set, query, nodes.Slice(0, found).Slice(Math.Min(found, scoredCount)), scratch, ref kept);
    }

    private static int Score(ScanSet set, Query query, ReadOnlySpan<uint> nodes, GraphScratch scratch, ref TopK kept)
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
        for (int i = 0; i < nodes.Length; i++)
        {
            if (i + Ahead < nodes.Length)
            {
                set.Log.Source.Prefetch(offsets[i + Ahead], FormatConstants.FrameHeaderByteLength + vectorByteLength);
            }

            if (RecordScorer.TryScoreOne(set, query, offsets[i], out double score))
            {
                kept.Offer(score, nodes[i]);
                scored++;
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
