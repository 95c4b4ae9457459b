using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Search.Graph;

namespace EmbedCache.Search;

/// <summary>
/// Scores a walk's candidates from their vectors, nearest by their codes first, for as long as those to come may be among the best. Vectors lie anywhere in the file, and to read
/// one takes as long as dozens of codes.
/// </summary>
internal static class CandidateScorer
{
    /// <summary>Records asked for ahead of their use, and how much of each: what comes behind, the processor reads ahead by itself. (4 whole ones of 3,136 bytes took a twentieth of a query longer.)</summary>
    private const int Ahead = 10;
    private const int LeadByteLength = 1024;

    /// <summary>Candidates taken out of the pool at first, beyond those asked for.</summary>
    private const int More = 10;

    /// <summary>Returns how many were scored: not those that had expired.</summary>
    /// <param name="set">Where the records are.</param>
    /// <param name="query">The query.</param>
    /// <param name="prepared">The same for the walk.</param>
    /// <param name="space">Level 0.</param>
    /// <param name="acceptance">Which nodes may be results.</param>
    /// <param name="scratch">What the walk left.</param>
    /// <param name="top">How many results are wanted.</param>
    /// <param name="kept">Takes the best.</param>
    /// <param name="isOpen">Whether the walk ended before its candidates were certain to be none of the best: those that it did not keep may be among them too.</param>
    /// <exception cref="CorruptFileException">A record is damaged.</exception>
    public static int Run<TSpace, TAcceptance>(ScanSet set, Query query, in GraphQuery prepared, in TSpace space, in TAcceptance acceptance, GraphScratch scratch, int top, ref TopK kept, out bool isOpen)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        Span<long> candidates = scratch.Results(scratch.Count + top + More);
        int found = GraphResults.Collect(space, acceptance, scratch, candidates.Slice(0, Math.Min(candidates.Length, top + More)));
        Span<long> offsets = scratch.Offsets(candidates.Length);
        int lead = Math.Min(LeadByteLength, FormatConstants.FrameHeaderByteLength + (query.Vector.Length * sizeof(float)));
        var error = new CodeError(query, prepared);
        int certain = Math.Max(top, CodeError.FewestSamples);
        int scored = 0;
        int asked = 0;
        for (int i = 0; ; i++)
        {
            if (i == found && found == top + More)
            {
                found = GraphResults.Collect(space, acceptance, scratch, candidates);
            }

            isOpen = i == found;
            if (isOpen || (scored >= certain && error.IsBelow(Candidate.DistanceOf(candidates[i]), kept.Threshold)))
            {
                return scored;
            }

            // Far ahead only of those that are read in any case.
            for (int end = Math.Min(found, Math.Max(i + 2, Math.Min(i + 1 + Ahead, certain))); asked < end; asked++)
            {
                offsets[asked] = set.OffsetOf(Candidate.NodeOf(candidates[asked]));
                set.Log.Source.Prefetch(offsets[asked], lead);
            }

            if (RecordScorer.TryScoreOne(set, query, offsets[i], out double score))
            {
                kept.Offer(score, Candidate.NodeOf(candidates[i]));
                error.Add(Candidate.DistanceOf(candidates[i]), score);
                scored++;
            }
        }
    }

    /// <summary>
    /// How far walks' distances are from what scores say, learnt from candidates that have both: what a distance lacks is the same for all, but for an error whose mean and deviation
    /// are those of the samples so far (by Welford's recurrence).
    /// </summary>
    private struct CodeError(Query query, in GraphQuery prepared)
    {
        /// <summary>Fewer tell too little of the deviation.</summary>
        public const int FewestSamples = 8;

        /// <summary>A candidate that is further than the worst of the best by so many deviations is none of them.</summary>
        private const double Deviations = 4;

        private readonly double _unit = query.Metric == Metric.L2 ? 0 : prepared.ScoreUnit * (query.Metric == Metric.Dot ? query.Norm : 1);
        private int _count;
        private double _mean;
        private double _squares;

        public void Add(float distance, double score)
        {
            double difference = ToDistance(score) - distance;
            double before = difference - _mean;
            _mean += before / ++_count;
            _squares += before * (difference - _mean);
        }

        /// <summary>Whether a candidate at a distance is certain, as far as samples tell, to score less than a threshold. NaN is not.</summary>
        public readonly bool IsBelow(float distance, double threshold)
            => distance + _mean - (Deviations * Math.Sqrt(_squares / _count)) > ToDistance(threshold);

        /// <summary>A score in the units of walks' distances.</summary>
        private readonly double ToDistance(double score) => _unit == 0 ? score * score : -score / _unit;
    }
}
