using System.Runtime.CompilerServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>The lowest score that is still of use to a search, as far as any of its threads knows. It only rises; a stale one costs time, not answers.</summary>
internal sealed class SharedFloor(double minimumScore)
{
    private double _value = minimumScore;

    public double Value => Volatile.Read(ref _value);

    public void Raise(double value)
    {
        double seen = Value;
        while (value > seen)
        {
            double before = Interlocked.CompareExchange(ref _value, value, seen);
            if (before.Equals(seen))
            {
                return;
            }

            seen = before;
        }
    }
}

/// <summary>What a record's code says about its score.</summary>
internal readonly record struct ScoreBounds(double Lower, double Upper);

/// <summary>
/// What one thread knows of one query: the best scores so far, and the rows whose bounds leave open whether they are among the best. Rows that are certain to
/// be better than what is known are scored at once, so that the floor rises as early as it can; the others wait until it has risen.
/// </summary>
/// <remarks>
/// Where more than half of a chunk's rows are left by their bounds, codes cost more than they save (a cluster so tight that its codes collide, vectors of which a
/// few elements are much larger than the rest): that chunk and the next ones are then scanned in floats, each time twice as many before codes are tried again.
/// </remarks>
internal sealed class BoundPart(BoundQuery query, int top, SharedFloor floor) : IDisposable
{
    private const int MostFloatChunks = 64;
    private const int FirstPrune = 2048;

    private readonly List<Candidate> _candidates = [];
    private TopK _best = new(top, null, floor.Value);
    private int _pruneAt = FirstPrune;
    private int _floatChunksLeft;
    private int _floatChunksNext = 1;

    public BoundQuery Query => query;

    /// <summary>Rows whose records were scored.</summary>
    public long ScoredCount { get; private set; }

    public List<Candidate> Candidates => _candidates;

    /// <summary>Those kept, in no order.</summary>
    public ReadOnlySpan<ScoredOrdinal> Best => _best.Kept;

    /// <summary>A score below it is of no use.</summary>
    public double Floor => Math.Max(_best.Threshold, floor.Value);

    /// <summary>Whether the next chunk is to be scanned in floats: bounds are of no use without a floor, or did not pay.</summary>
    public bool WantsFloats()
    {
        if (_floatChunksLeft > 0)
        {
            _floatChunksLeft--;
            return true;
        }

        return double.IsNegativeInfinity(Floor);
    }

    /// <summary>Scores every live record of a range of ordinals.</summary>
    public void ScanFloats(ScanSet set, long from, long to)
    {
        ExactScan.ScanOrdinals(set, query.Query, from, to, ref _best);
        ScoredCount += to - from;
        floor.Raise(_best.Threshold);
    }

    /// <summary>Holds rows that their coarse halves left against their fine ones too; those that are left get their bounds.</summary>
    /// <exception cref="CorruptFileException">A block is damaged.</exception>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public void Refine(CoarseSurvivors rows)
    {
        int length = rows.Run.Layout.CoarseByteLength;
        int fineLength = rows.Run.Layout.FineByteLength;
        ReadOnlySpan<byte> coarseRows = rows.Run.CoarseRows(rows.First, rows.RowCount);
        ReadOnlySpan<byte> fineRows = rows.Run.FineRows(rows.First, rows.RowCount);
        int left = 0;
        double current = Floor;
        for (int i = 0; i < rows.Count; i++)
        {
            byte index = rows.Indexes[i];
            ReadOnlySpan<byte> fine = fineRows.Slice(index * fineLength, fineLength);
            int product = query.Product(rows.Products[i], CodeKernels.Dot(query.Codes, fine));
            CodeRow row = CodeRow.Read(coarseRows.Slice(index * length, length), fine);
            double upper = query.UpperBound(row, product);
            if (!(upper < current))
            {
                rows.Indexes[left] = index;
                rows.Bounds[left++] = new ScoreBounds(query.LowerBound(row, product), upper);
            }
        }

        rows.Count = left;
    }

    /// <summary>Takes the rows of a chunk that their bounds leave.</summary>
    /// <param name="set">The records.</param>
    /// <param name="rows">The rows, refined.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public void Take(ScanSet set, CoarseSurvivors rows)
    {
        if (rows.Count > rows.RowCount / 2)
        {
            _floatChunksLeft = _floatChunksNext;
            _floatChunksNext = Math.Min(MostFloatChunks, 2 * _floatChunksNext);
            ScanFloats(set, rows.First, rows.First + rows.RowCount);
            return;
        }

        _floatChunksNext = Math.Max(1, _floatChunksNext / 2);
        for (int i = 0; i < rows.Count; i++)
        {
            long ordinal = rows.First + rows.Indexes[i];
            if (set.IsLive(ordinal))
            {
                Take(set, ordinal, rows.Bounds[i]);
            }
        }
    }

    /// <summary>Takes one live record: scores it now where it is certain to be better than what is known, else keeps it until more is known.</summary>
    public void Take(ScanSet set, long ordinal, in ScoreBounds bounds)
    {
        double current = Floor;
        if (bounds.Upper < current)
        {
            return;
        }

        if (bounds.Lower > current)
        {
            Score(set, ordinal);
        }
        else
        {
            Add(new Candidate(bounds.Upper, ordinal));
        }
    }

    /// <summary>Scores a record now.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public void Score(ScanSet set, long ordinal)
    {
        ScoredCount++;
        if (RecordScorer.TryScore(set, query.Query, set.OffsetOf(ordinal), _best.Threshold, out double score) && score >= _best.Threshold)
        {
            _best.Offer(score, ordinal);
            floor.Raise(_best.Threshold);
        }
    }

    public void Dispose() => _best.Dispose();

    private void Add(Candidate candidate)
    {
        if (_candidates.Count >= _pruneAt)
        {
            Prune();
        }

        _candidates.Add(candidate);
    }

    private void Prune()
    {
        double current = Floor;
        int kept = 0;
        for (int i = 0; i < _candidates.Count; i++)
        {
            if (!(_candidates[i].UpperBound < current))
            {
                _candidates[kept++] = _candidates[i];
            }
        }

        _candidates.RemoveRange(kept, _candidates.Count - kept);
        _pruneAt = Math.Max(FirstPrune, 2 * kept);
    }

    /// <summary>A row that may be among the best, and the highest score that it can have.</summary>
    internal readonly record struct Candidate(double UpperBound, long Ordinal);
}
