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

    /// <summary>Takes the rows of a chunk that their bounds leave.</summary>
    /// <param name="set">The records.</param>
    /// <param name="first">Ordinal of the chunk's first row.</param>
    /// <param name="rows">The chunk's rows.</param>
    /// <param name="stride">Bytes of a row.</param>
    /// <param name="products">Inner product of codes by index in the chunk.</param>
    /// <param name="survivors">Indexes in the chunk.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public void Take(ScanSet set, long first, ReadOnlySpan<byte> rows, int stride, ReadOnlySpan<int> products, ReadOnlySpan<byte> survivors)
    {
        int count = rows.Length / stride;
        if (survivors.Length > count / 2)
        {
            _floatChunksLeft = _floatChunksNext;
            _floatChunksNext = Math.Min(MostFloatChunks, 2 * _floatChunksNext);
            ScanFloats(set, first, first + count);
            return;
        }

        _floatChunksNext = Math.Max(1, _floatChunksNext / 2);
        foreach (byte index in survivors)
        {
            if (!set.IsLive(first + index))
            {
                continue;
            }

            CodeRow row = CodeRow.Read(rows.Slice(index * stride, stride));
            if (query.LowerBound(row, products[index]) > Floor)
            {
                Score(set, first + index);
            }
            else
            {
                Add(new Candidate(query.UpperBound(row, products[index]), first + index));
            }
        }
    }

    /// <summary>Takes one row of a live record.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public void TakeRow(ScanSet set, long ordinal, ReadOnlySpan<byte> row, int product)
    {
        CodeRow fields = CodeRow.Read(row);
        double current = Floor;
        double upper = query.UpperBound(fields, product);
        if (upper < current)
        {
            return;
        }

        if (query.LowerBound(fields, product) > current)
        {
            Score(set, ordinal);
        }
        else
        {
            Add(new Candidate(upper, ordinal));
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
