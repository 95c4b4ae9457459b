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
        int parts = (int)Math.Max(1, Math.Min(SearchParts.Count(threads, matchCount * codes.Stride), words));
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

    /// <summary>A row, or nothing where it is damaged.</summary>
    private static ReadOnlySpan<byte> TryRow(CodeRuns codes, long ordinal, Action onDamage)
    {
        try
        {
            return codes.Row(ordinal);
        }
        catch (CorruptFileException)
        {
            onDamage();
            return default;
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void Scan(ScanSet set, CodeRuns codes, BoundQuery query, BoundPart part, long from, long to, Action onDamage)
    {
        ulong[] matching = set.Matching!;
        long coded = codes.Count;
        int stride = codes.Stride;

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
                        codes.Prefetch((aheadWord * BitsPerWord) + BitOperations.TrailingZeroCount(ahead), stride);
                        ahead &= ahead - 1;
                    }
                }

                lead--;
                long ordinal = (word * BitsPerWord) + BitOperations.TrailingZeroCount(rest);
                ReadOnlySpan<byte> row = ordinal < coded ? TryRow(codes, ordinal, onDamage) : default;
                if (row.IsEmpty)
                {
                    part.Score(set, ordinal);
                }
                else
                {
                    part.TakeRow(set, ordinal, row, Int8Kernels.Dot(query.Codes, row));
                }
            }
        }
    }
}
