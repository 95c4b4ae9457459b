using System.Numerics;
using System.Runtime.CompilerServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>
/// Exact search among the few records that a filter lets through: goes from one matching ordinal to the next, reads its code, and its vector where the code's bound
/// leaves it open. The same records and scores as <see cref="ExactScan"/> with that filter.
/// </summary>
internal static class FilteredScan
{
    /// <summary>Rows asked for ahead of their use: as many as a core keeps under way.</summary>
    private const int Ahead = 4;

    private const int BitsPerWord = 64;

    /// <summary>Matching rows that are worth a share of work.</summary>
    private const long RowsPerShare = 4096;

    /// <summary>What one query finds.</summary>
    /// <param name="set">What to search; its filter is not null.</param>
    /// <param name="matchCount">Records that the filter lets through.</param>
    /// <param name="codes">Codes of the first ordinals.</param>
    /// <param name="query">The query; under dot not zero.</param>
    /// <param name="top">How many at most.</param>
    /// <param name="minimumScore">Lowest score to return.</param>
    /// <param name="threads">Threads to use; 0 decides by the amount to read.</param>
    /// <param name="onDamage">Called where a block of codes is damaged; its records are scored in floats.</param>
    public static BoundResult Run(ScanSet set, long matchCount, CodeRuns codes, Query query, int top, double minimumScore, int threads, Action onDamage)
    {
        var bound = new BoundQuery(query, codes);
        var floor = new SharedFloor(minimumScore);
        long words = set.Matching!.Length;
        int parts = (int)Math.Max(1, Math.Min(SearchParts.Count(threads, matchCount * codes.Layout.RowByteLength), words));
        long share = parts == 1 ? words : Math.Max(1, words * RowsPerShare / Math.Max(1, matchCount));
        var shares = new Shares(words, Math.Max(1, share));
        BoundPart[] found = SearchParts.Run(parts, () => ScanShares(set, codes, bound, floor, top, shares, onDamage));
        try
        {
            return BoundScan.Finish(set, bound, floor, top, minimumScore, found);
        }
        finally
        {
            foreach (BoundPart part in found)
            {
                part.Dispose();
            }
        }
    }

    private static BoundPart ScanShares(ScanSet set, CodeRuns codes, BoundQuery query, SharedFloor floor, int top, Shares shares, Action onDamage)
    {
        var part = new BoundPart(query, top, floor);
        try
        {
            while (shares.TryTake(out long from, out long to))
            {
                Scan(set, codes, query, part, from, to, onDamage);
            }

            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <summary>What an ordinal's code says, as far as a floor leaves it of interest; anything is possible where the code is damaged.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static ScoreBounds Bounds(CodeRuns codes, BoundQuery query, long ordinal, double floor, Action onDamage)
    {
        try
        {
            CodeRun run = codes.RunOf(ordinal);
            ReadOnlySpan<byte> coarse = run.Coarse(ordinal);
            int product = CodeKernels.Dot(query.Codes, coarse);
            double upper = query.CoarseUpperBound(coarse, product);
            if (upper < floor)
            {
                return new ScoreBounds(double.NegativeInfinity, upper);
            }

            ReadOnlySpan<byte> fine = run.Fine(ordinal);
            return query.Bounds(CodeRow.Read(coarse, fine), query.Product(product, CodeKernels.Dot(query.Codes, fine)));
        }
        catch (CorruptFileException)
        {
            onDamage();
            return new ScoreBounds(double.NegativeInfinity, double.PositiveInfinity);
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void Scan(ScanSet set, CodeRuns codes, BoundQuery query, BoundPart part, long from, long to, Action onDamage)
    {
        ulong[] matching = set.Matching!;
        long coded = codes.Count;

        // A second cursor runs ahead and asks for rows.
        long aheadWord = from;
        ulong ahead = matching[from];
        int lead = 0;
        for (long word = from; word < to; word++)
        {
            for (ulong rest = matching[word]; rest != 0; rest &= rest - 1)
            {
                for (; lead < Ahead && aheadWord < to; lead++)
                {
                    while (ahead == 0 && ++aheadWord < to)
                    {
                        ahead = matching[aheadWord];
                    }

                    if (aheadWord < to)
                    {
                        codes.PrefetchCoarse((aheadWord * BitsPerWord) + BitOperations.TrailingZeroCount(ahead));
                        ahead &= ahead - 1;
                    }
                }

                lead--;
                long ordinal = (word * BitsPerWord) + BitOperations.TrailingZeroCount(rest);
                if (ordinal < coded)
                {
                    part.Take(set, ordinal, Bounds(codes, query, ordinal, part.Floor, onDamage));
                }
                else
                {
                    part.Score(set, ordinal);
                }
            }
        }
    }
}
