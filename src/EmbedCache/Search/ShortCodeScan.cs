using System.Runtime.CompilerServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>
/// Approximate search that reads a sixteenth of the bytes: every short code is scored, and the vectors of the best few are compared. Records without a short code are scanned in floats.
/// Never returns fewer records than there are.
/// </summary>
internal static class ShortCodeScan
{
    /// <summary>How many times as many candidates as results: enough for a recall of 0.99 on all sets that were tried.</summary>
    private const int RefineFactor = 10;

    private const int BlocksPerShare = 256;

    /// <summary>The best records, best first; null where a block of codes is damaged.</summary>
    /// <param name="set">What to search.</param>
    /// <param name="codes">Short codes of its first ordinals.</param>
    /// <param name="query">The query.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="threads">Threads to use; 0 decides by the amount to read.</param>
    /// <param name="scoredCount">Vectors that were compared.</param>
    public static ScoredOrdinal[]? Run(ScanSet set, ShortCodes codes, Query query, SearchOptions options, int threads, out long scoredCount)
    {
        int candidateCount = (int)Math.Min(codes.Count, Math.Max((long)options.Top * RefineFactor, options.EfSearch ?? 0));
        var tables = new NibbleTables(codes.Quantizer, query.Vector);
        long blocks = codes.Count / ShortCodes.BlockCount;
        var shares = new Shares(blocks, BlocksPerShare);
        int parts = (int)Math.Max(1, Math.Min(SearchParts.Count(threads, blocks * codes.BlockByteLength), blocks));
        ScoredOrdinal[]?[] found = SearchParts.Run(parts, () => ScanShares(set, codes, query, tables, candidateCount, shares));
        scoredCount = 0;
        if (found.Contains(null))
        {
            return null;
        }

        ScoredOrdinal[] candidates = found.Length == 1 ? found[0]! : ExactScan.Merge(found!, candidateCount, double.NegativeInfinity);
        var best = new TopK(options.Top, null, options.MinimumScore);
        try
        {
            // In the order of the file.
            Array.Sort(candidates, static (a, b) => a.Ordinal.CompareTo(b.Ordinal));
            long unexpired = 0;
            foreach (ScoredOrdinal candidate in candidates)
            {
                scoredCount++;
                if (RecordScorer.TryScore(set, query, set.OffsetOf(candidate.Ordinal), double.NegativeInfinity, out double score))
                {
                    unexpired++;
                    best.Offer(score, candidate.Ordinal);
                }
            }

            if (unexpired < options.Top && candidates.Length == candidateCount)
            {
                // Expired records took the places of others.
                return null;
            }

            ExactScan.ScanOrdinals(set, query, codes.Count, set.OrdinalCount, ref best);
            scoredCount += set.OrdinalCount - codes.Count;
            return best.SortBestFirst();
        }
        finally
        {
            best.Dispose();
        }
    }

    private static ScoredOrdinal[]? ScanShares(ScanSet set, ShortCodes codes, Query query, NibbleTables tables, int count, Shares shares)
    {
        var best = new TopK(count, null);
        try
        {
            while (shares.TryTake(out long from, out long to))
            {
                ScanBlocks(set, codes, query, tables, from, to, ref best);
            }

            return best.SortBestFirst();
        }
        catch (CorruptFileException)
        {
            return null;
        }
        finally
        {
            best.Dispose();
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void ScanBlocks(ScanSet set, ShortCodes codes, Query query, NibbleTables tables, long from, long to, ref TopK best)
    {
        Span<int> sums = stackalloc int[ShortCodes.BlockCount];
        bool isL2 = query.Metric == Metric.L2;
        for (long b = from; b < to; b++)
        {
            ReadOnlySpan<byte> block = codes.Block(b);
            NibbleScan.Sum(block.Slice(0, codes.CodesByteLength), tables.Bytes, sums);
            for (int place = 0; place < sums.Length; place++)
            {
                (float scale, float norm) = codes.Numbers(block, place);
                double product = (tables.Start + (tables.Step * sums[place])) * scale;
                double score = isL2 ? (2 * product) - ((double)norm * norm) : product;
                long ordinal = (b * ShortCodes.BlockCount) + place;
                if (score >= best.Threshold && set.IsLive(ordinal))
                {
                    best.Offer(score, ordinal);
                }
            }
        }
    }
}
