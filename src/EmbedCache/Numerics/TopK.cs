using System.Buffers;
using System.Runtime.CompilerServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// Keeps the best of the candidates that it is offered, at most a given number: higher score first, then lower ordinal. What it keeps does not depend on
/// the order in which candidates arrive. A NaN score is never kept.
/// </summary>
/// <remarks>
/// A binary heap with the worst kept candidate at its root, built once the collector is full. Memory grows with what is kept, not with what was asked for:
/// the best <see cref="int.MaxValue"/> of ten cost ten. Each thread has a collector of its own; <see cref="Merge(ReadOnlySpan{ScoredOrdinal})"/> joins them.
/// </remarks>
internal struct TopK
{
    private readonly int _capacity;
    private ScoredOrdinal[] _kept;
    private ScoredOrdinal[]? _rented;
    private int _count;
    private bool _isHeap;
    private double _threshold;

    /// <param name="capacity">How many to keep: k.</param>
    /// <param name="buffer">Where to keep them, as long as they fit; beyond that a pooled array, which Dispose gives back. May be empty or null.</param>
    /// <param name="minimumScore">Candidates below are not kept. With NaN none is.</param>
    public TopK(int capacity, ScoredOrdinal[]? buffer, double minimumScore = double.NegativeInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _capacity = capacity;
        _kept = buffer ?? [];
        _threshold = minimumScore;
    }

    /// <summary>How many are kept now.</summary>
    public readonly int Count => _count;

    /// <summary>
    /// A candidate with a lower score than this is not kept: the minimum score until the collector is full, then the worst score in it. Never falls.
    /// </summary>
    public readonly double Threshold
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _threshold;
    }

    /// <summary>Those kept, in no order.</summary>
    public readonly ReadOnlySpan<ScoredOrdinal> Kept => _kept.AsSpan(0, _count);

    /// <summary>Offers a candidate. Costs one comparison when its score is below <see cref="Threshold"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offer(double score, long ordinal)
    {
        if (score < _threshold)
        {
            return;
        }

        Insert(new ScoredOrdinal(score, ordinal));
    }

    /// <summary>Offers all that another collector kept.</summary>
    public void Merge(ReadOnlySpan<ScoredOrdinal> kept)
    {
        foreach (ref readonly ScoredOrdinal candidate in kept)
        {
            Offer(candidate.Score, candidate.Ordinal);
        }
    }

    /// <summary>Those kept, best first.</summary>
    /// <remarks>In arrays: each method of a span of this type is compiled before the first search of a process returns.</remarks>
    public ScoredOrdinal[] SortBestFirst()
    {
        EnsureHeap();

        // Heapsort: the worst of the rest goes to the rest's end.
        for (int rest = _count - 1; rest > 0; rest--)
        {
            ScoredOrdinal displaced = _kept[rest];
            _kept[rest] = _kept[0];
            SiftDown(_kept, rest, 0, displaced);
        }

        _isHeap = false;
        var sorted = new ScoredOrdinal[_count];
        Array.Copy(_kept, sorted, _count);
        return sorted;
    }

    /// <summary>Gives the pooled array back.</summary>
    public void Dispose()
    {
        ScoredOrdinal[]? rented = _rented;
        this = default;
        if (rented is not null)
        {
            ArrayPool<ScoredOrdinal>.Shared.Return(rented);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Insert(in ScoredOrdinal candidate)
    {
        // The negation also holds for NaN.
        if (!(candidate.Score >= _threshold) || _capacity == 0)
        {
            return;
        }

        if (_count == _capacity)
        {
            EnsureHeap();
            if (!candidate.IsBetterThan(_kept[0]))
            {
                return;
            }

            SiftDown(_kept, _count, 0, candidate);
            _threshold = _kept[0].Score;
            return;
        }

        if (_count == _kept.Length)
        {
            Grow();
        }

        _kept[_count++] = candidate;
        _isHeap = false;
        if (_count == _capacity)
        {
            EnsureHeap();
            _threshold = _kept[0].Score;
        }
    }

    private void Grow()
    {
        const int SmallestRented = 64;
        int length = (int)Math.Min(_capacity, Math.Max(SmallestRented, 2L * _count));
        ScoredOrdinal[] larger = ArrayPool<ScoredOrdinal>.Shared.Rent(length);
        Kept.CopyTo(larger);
        if (_rented is not null)
        {
            ArrayPool<ScoredOrdinal>.Shared.Return(_rented);
        }

        _rented = larger;
        _kept = larger;
    }

    private void EnsureHeap()
    {
        if (_isHeap)
        {
            return;
        }

        for (int parent = (_count / 2) - 1; parent >= 0; parent--)
        {
            SiftDown(_kept, _count, parent, _kept[parent]);
        }

        _isHeap = true;
    }

    /// <summary>Puts an entry at or below a place of which both subtrees are heaps.</summary>
    private static void SiftDown(ScoredOrdinal[] heap, int count, int place, ScoredOrdinal entry)
    {
        while (true)
        {
            int child = (2 * place) + 1;
            if (child >= count)
            {
                break;
            }

            if (child + 1 < count && heap[child].IsBetterThan(heap[child + 1]))
            {
                child++;
            }

            if (!entry.IsBetterThan(heap[child]))
            {
                break;
            }

            heap[place] = heap[child];
            place = child;
        }

        heap[place] = entry;
    }
}
