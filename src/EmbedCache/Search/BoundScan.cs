using System.Runtime.CompilerServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>What a search by bounds found, and what it cost.</summary>
/// <param name="Best">The best records, best first.</param>
/// <param name="ScoredCount">Records whose vectors were read.</param>
internal readonly record struct BoundResult(ScoredOrdinal[] Best, long ScoredCount);

/// <summary>
/// Exact search that reads half of the codes of all records, the other half of some, and the vectors of few: the same records and scores as
/// <see cref="ExactScan"/>, on every input, with any number of threads. Queries of a batch share a pass: a chunk of rows stays in the cache while all of them are
/// held against it, four at a time.
/// Records that have no code yet are scanned in floats.
/// </summary>
internal static class BoundScan
{
    /// <summary>What a thread takes at a time.</summary>
    private const long BytesPerShare = 1 << 20;

    /// <summary>A chunk and a group of queries stay in the second level of the cache, near the first.</summary>
    private const int BytesPerChunk = 64 << 10;
    private const int FewestRowsPerChunk = 16;

    /// <summary>Rows of a thread's first chunk, which without a floor is scanned in floats.</summary>
    private const int FirstRowCount = 32;

    /// <summary>Queries that go over a row together.</summary>
    private const int GroupSize = 4;

    /// <summary>Candidates that are worth a second thread.</summary>
    private const int CandidatesPerShare = 256;

    /// <summary>Results by query.</summary>
    /// <param name="set">What to search.</param>
    /// <param name="codes">Codes of its first ordinals.</param>
    /// <param name="queries">The queries; under dot none is zero.</param>
    /// <param name="top">How many at most for each.</param>
    /// <param name="minimumScore">Lowest score to return.</param>
    /// <param name="threads">Threads to use; 0 decides by the amount to read.</param>
    /// <param name="onDamage">Called where a block of codes is damaged; its records are scanned in floats.</param>
    /// <param name="first">Ordinals before this one are left out.</param>
    public static BoundResult[] Run(ScanSet set, CodeRuns codes, Query[] queries, int top, double minimumScore, int threads, Action onDamage, long first = 0)
    {
        long count = set.OrdinalCount - first;
        var bounds = new BoundQuery[queries.Length];
        var floors = new SharedFloor[queries.Length];
        for (int i = 0; i < bounds.Length; i++)
        {
            bounds[i] = new BoundQuery(queries[i], codes);
            floors[i] = new SharedFloor(minimumScore);
        }

        int groups = (queries.Length + GroupSize - 1) / GroupSize;
        int parts = (int)Math.Max(1, Math.Min(SearchParts.Count(threads, count * codes.Layout.CoarseByteLength * groups), count));
        long share = Math.Max(1, BytesPerShare / codes.Layout.CoarseByteLength / CodeLayout.GroupRowCount) * CodeLayout.GroupRowCount;
        var shares = new Shares(set.OrdinalCount, share, first, codes.NextPassIsBackwards());
        BoundPart[][] found = SearchParts.Run(parts, () => ScanShares(set, codes, bounds, floors, top, shares, onDamage));
        try
        {
            var results = new BoundResult[queries.Length];
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = Finish(set, bounds[i], floors[i], top, minimumScore, Array.ConvertAll(found, parts => parts[i]));
            }

            return results;
        }
        finally
        {
            foreach (BoundPart[] part in found)
            {
                DisposeAll(part);
            }
        }
    }

    private static BoundPart[] ScanShares(ScanSet set, CodeRuns codes, BoundQuery[] queries, SharedFloor[] floors, int top, Shares shares, Action onDamage)
    {
        var parts = new BoundPart[queries.Length];
        try
        {
            for (int i = 0; i < parts.Length; i++)
            {
                parts[i] = new BoundPart(queries[i], top, floors[i]);
            }

            var chunk = new Chunk(set, codes, parts, onDamage);
            int rowsPerChunk = queries.Length == 1 ? BoundKernels.MaxRowCount : Math.Min(BoundKernels.MaxRowCount, Math.Max(FewestRowsPerChunk, BytesPerChunk / codes.Layout.CoarseByteLength));
            int rows = Math.Min(FirstRowCount, rowsPerChunk);
            while (shares.TryTake(out long from, out long to))
            {
                while (from < to)
                {
                    long end = Math.Min(to, from + rows);
                    rows = rowsPerChunk;
                    if (from < codes.Count)
                    {
                        end = Math.Min(end, codes.RunOf(from).GroupEnd(from));
                    }

                    chunk.Scan(from, (int)(end - from));
                    from = end;
                }
            }

            chunk.Complete();
            return parts;
        }
        catch
        {
            DisposeAll(parts);
            throw;
        }
    }

    /// <summary>Scores what the bounds left open, now that the floor is as high as it gets without.</summary>
    public static BoundResult Finish(ScanSet set, BoundQuery query, SharedFloor floor, int top, double minimumScore, BoundPart[] found)
    {
        var candidates = new List<BoundPart.Candidate>();
        long scored = 0;
        var kept = new ScoredOrdinal[found.Length][];
        for (int i = 0; i < found.Length; i++)
        {
            BoundPart part = found[i];
            kept[i] = part.Best.ToArray();
            scored += part.ScoredCount;
            foreach (BoundPart.Candidate candidate in part.Candidates)
            {
                if (!(candidate.UpperBound < floor.Value))
                {
                    candidates.Add(candidate);
                }
            }
        }

        ScoredOrdinal[] best = ExactScan.Merge(kept, top, minimumScore);
        if (best.Length == top && top > 0)
        {
            floor.Raise(best[best.Length - 1].Score);
        }

        if (candidates.Count == 0)
        {
            return new BoundResult(best, scored);
        }

        int parts = Math.Min(found.Length, (candidates.Count + CandidatesPerShare - 1) / CandidatesPerShare);
        var shares = new Shares(candidates.Count, CandidatesPerShare);
        BoundPart[] rescored = SearchParts.Run(parts, () => Rescore(set, query, floor, top, candidates, shares));
        var merged = new ScoredOrdinal[parts + 1][];
        merged[parts] = best;
        for (int i = 0; i < parts; i++)
        {
            merged[i] = rescored[i].Best.ToArray();
            scored += rescored[i].ScoredCount;
        }

        DisposeAll(rescored);
        return new BoundResult(ExactScan.Merge(merged, top, minimumScore), scored);
    }

    private static BoundPart Rescore(ScanSet set, BoundQuery query, SharedFloor floor, int top, List<BoundPart.Candidate> candidates, Shares shares)
    {
        var part = new BoundPart(query, top, floor);
        while (shares.TryTake(out long from, out long to))
        {
            for (int i = (int)from; i < to; i++)
            {
                if (!(candidates[i].UpperBound < part.Floor))
                {
                    part.Score(set, candidates[i].Ordinal);
                }
            }
        }

        return part;
    }

    private static void DisposeAll(BoundPart?[] parts)
    {
        foreach (BoundPart? part in parts)
        {
            part?.Dispose();
        }
    }

    /// <summary>Holds all queries of one thread against one chunk of rows after another.</summary>
    private sealed class Chunk(ScanSet set, CodeRuns codes, BoundPart[] parts, Action onDamage)
    {
        private readonly int[] _products = new int[GroupSize * BoundKernels.MaxRowCount];
        private readonly byte[] _survivors = new byte[BoundKernels.MaxRowCount];
        private readonly BoundPart[] _byCode = new BoundPart[parts.Length];
        private readonly CoarseSurvivors _open = new();
        private BoundPart? _openTo;

        [MethodImpl(JitOptions.AggressiveOptimization)]
        public void Scan(long first, int count)
        {
            CodeRun? run = first < codes.Count ? codes.RunOf(first) : null;
            ReadOnlySpan<byte> rows = run is null ? default : TryRows(run, first, count);
            int numByCode = 0;
            foreach (BoundPart part in parts)
            {
                if (rows.IsEmpty || part.WantsFloats())
                {
                    part.ScanFloats(set, first, first + count);
                }
                else
                {
                    _byCode[numByCode++] = part;
                }
            }

            int length = codes.Layout.CoarseByteLength;
            int next = 0;
            for (; next + GroupSize <= numByCode; next += GroupSize)
            {
                BoundKernels.Multiply4(_byCode[next].Query.Codes, _byCode[next + 1].Query.Codes, _byCode[next + 2].Query.Codes, _byCode[next + 3].Query.Codes, rows, length, _products);
                for (int i = 0; i < GroupSize; i++)
                {
                    BoundPart part = _byCode[next + i];
                    Span<int> products = _products.AsSpan(i * count, count);
                    int survivors = BoundKernels.Compare(rows, count, length, part.Query.Terms, part.Query.Cut(part.Floor), products, _survivors);
                    Leave(part, run!, first, count, products, survivors);
                }
            }

            // What is read next, where these are the last of their group, stands behind the group's fine rows.
            nint following = run is not null && first + count == run.GroupEnd(first) ? (nint)(first + count - run.GroupStart(first)) * codes.Layout.FineByteLength : 0;
            for (; next < numByCode; next++)
            {
                BoundPart part = _byCode[next];
                int survivors = BoundKernels.Select(part.Query.Codes, rows, length, following, part.Query.Terms, part.Query.Cut(part.Floor), _products, _survivors);
                Leave(part, run!, first, count, _products, survivors);
            }
        }

        /// <summary>Holds what was left open last against its fine rows.</summary>
        public void Complete()
        {
            BoundPart? part = _openTo;
            _openTo = null;
            if (part is null)
            {
                return;
            }

            try
            {
                part.Refine(_open);
            }
            catch (CorruptFileException)
            {
                onDamage();
                part.ScanFloats(set, _open.First, _open.First + _open.RowCount);
                return;
            }

            part.Take(set, _open);
        }

        /// <summary>
        /// Leaves rows open and asks for their fine rows, which come while the next chunk is gone through: waiting for them took a fifth of a search.
        /// </summary>
        private void Leave(BoundPart part, CodeRun run, long first, int count, ReadOnlySpan<int> products, int survivors)
        {
            Complete();
            if (survivors > 0)
            {
                _open.Set(run, first, count, _survivors.AsSpan(0, survivors), products);
                _openTo = part;
            }
        }

        /// <summary>The coarse rows of a chunk, or nothing where a block of them is damaged.</summary>
        private ReadOnlySpan<byte> TryRows(CodeRun run, long first, int count)
        {
            try
            {
                return run.CoarseRows(first, count);
            }
            catch (CorruptFileException)
            {
                onDamage();
                return default;
            }
        }
    }
}
