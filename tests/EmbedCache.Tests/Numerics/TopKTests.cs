using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>The collector against the definition: sort everything by score downwards, then ordinal upwards, and take the first k. Scores tie often, on purpose.</summary>
public sealed class TopKTests
{
    public static TheoryData<int, int, int> Sizes()
    {
        var sizes = new TheoryData<int, int, int>();
        foreach (int count in new[] { 0, 1, 2, 7, 64, 65, 1000, 5000 })
        {
            foreach (int capacity in new[] { 0, 1, 2, 3, 10, 63, 64, 65, 999, 1000, 1001, int.MaxValue })
            {
                sizes.Add(count, capacity, 5);
                sizes.Add(count, capacity, 100_000);
            }
        }

        return sizes;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void KeepsTheBest(int count, int capacity, int numDistinctScores)
    {
        ScoredOrdinal[] candidates = Candidates(count, numDistinctScores);
        Assert.Equal(Define(candidates, capacity), Collect(candidates, capacity, bufferLength: 0));
        Assert.Equal(Define(candidates, capacity), Collect(candidates, capacity, bufferLength: 16));
        Assert.Equal(Define(candidates, capacity), Collect(candidates, capacity, bufferLength: 2000));
    }

    [Fact]
    public void OrderOfArrivalDoesNotMatter()
    {
        ScoredOrdinal[] candidates = Candidates(3000, 20);
        ScoredOrdinal[] expected = Define(candidates, 100);
        Assert.Equal(expected, Collect([.. candidates.Reverse()], 100, 0));
        Assert.Equal(expected, Collect([.. candidates.OrderBy(candidate => candidate.Score)], 100, 0));
        Assert.Equal(expected, Collect([.. candidates.OrderByDescending(candidate => candidate.Score).ThenByDescending(candidate => candidate.Ordinal)], 100, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(400)]
    [InlineData(100_000)]
    public void MergedCollectorsKeepWhatOneWould(int capacity)
    {
        ScoredOrdinal[] candidates = Candidates(4000, 30);
        var first = new TopK(capacity, new ScoredOrdinal[8]);
        var second = new TopK(capacity, []);
        foreach (ScoredOrdinal candidate in candidates)
        {
            // Interleaved in runs, so that neither half is older as a whole.
            if (candidate.Ordinal / 100 % 2 == 0)
            {
                first.Offer(candidate.Score, candidate.Ordinal);
            }
            else
            {
                second.Offer(candidate.Score, candidate.Ordinal);
            }
        }

        first.Merge(second.Kept);
        Assert.Equal(Define(candidates, capacity), first.SortBestFirst());
        first.Dispose();
        second.Dispose();
    }

    [Fact]
    public void NothingBelowTheMinimumIsKept()
    {
        ScoredOrdinal[] candidates = Candidates(1000, 20);
        foreach (int capacity in new[] { 1, 30, 2000 })
        {
            var top = new TopK(capacity, [], minimumScore: 15);
            foreach (ScoredOrdinal candidate in candidates)
            {
                top.Offer(candidate.Score, candidate.Ordinal);
            }

            Assert.Equal(Define([.. candidates.Where(candidate => candidate.Score >= 15)], capacity), top.SortBestFirst());
            top.Dispose();
        }
    }

    [Fact]
    public void NotANumberIsNeverKept()
    {
        var top = new TopK(2, []);
        top.Offer(double.NaN, 0);
        top.Offer(double.NegativeInfinity, 1);
        top.Offer(double.NaN, 2);
        top.Offer(double.PositiveInfinity, 3);
        top.Offer(double.NaN, 4);
        Assert.Equal([new(double.PositiveInfinity, 3), new(double.NegativeInfinity, 1)], top.SortBestFirst());
        top.Dispose();

        var none = new TopK(2, [], minimumScore: double.NaN);
        none.Offer(1, 1);
        Assert.Equal(0, none.Count);
    }

    [Fact]
    public void ZerosOfBothSignsTie()
    {
        var top = new TopK(1, []);
        top.Offer(-0.0, 1);
        top.Offer(0.0, 2);
        Assert.Equal(1, top.SortBestFirst()[0].Ordinal);
        top.Dispose();
    }

    [Fact]
    public void ThresholdIsTheWorstKeptOnceFullAndNeverFalls()
    {
        var top = new TopK(3, [], minimumScore: 1);
        Assert.Equal(1, top.Threshold);
        top.Offer(5, 0);
        top.Offer(4, 1);
        Assert.Equal(1, top.Threshold);
        top.Offer(6, 2);
        Assert.Equal(4, top.Threshold);
        top.Offer(3, 3);
        Assert.Equal(4, top.Threshold);
        top.Offer(7, 4);
        Assert.Equal(5, top.Threshold);
        top.Dispose();
    }

    [Fact]
    public void GoesOnAfterSorting()
    {
        ScoredOrdinal[] candidates = Candidates(500, 50);
        var top = new TopK(40, []);
        foreach (ScoredOrdinal candidate in candidates)
        {
            top.Offer(candidate.Score, candidate.Ordinal);
            _ = top.SortBestFirst();
        }

        Assert.Equal(Define(candidates, 40), top.SortBestFirst());
        top.Dispose();
    }

    /// <summary>Each candidate displaces another: with a cost that grows with k this would take hours.</summary>
    [Fact]
    public void AMillionOutOfTwoIsNotQuadratic()
    {
        const int Capacity = 1_000_000;
        var top = new TopK(Capacity, []);
        for (int ordinal = 0; ordinal < 2 * Capacity; ordinal++)
        {
            top.Offer(ordinal / 2, ordinal);
        }

        ScoredOrdinal[] best = top.SortBestFirst();
        Assert.Equal(Capacity, best.Length);
        for (int place = 0; place < Capacity; place++)
        {
            int pair = Capacity - 1 - (place / 2);
            if (best[place].Score != pair || best[place].Ordinal != (2 * pair) + (place % 2))
            {
                Assert.Fail($"{best[place]} stands at {place}.");
            }
        }

        top.Dispose();
    }

    [Fact]
    public void NegativeCapacityIsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new TopK(-1, []).Count);

    private static ScoredOrdinal[] Candidates(int count, int numDistinctScores)
    {
        var random = new Random(count + numDistinctScores);
        return [.. Enumerable.Range(0, count).Select(ordinal => new ScoredOrdinal(random.Next(numDistinctScores), ordinal))];
    }

    private static ScoredOrdinal[] Define(ScoredOrdinal[] candidates, int capacity) =>
        [.. candidates.OrderByDescending(candidate => candidate.Score).ThenBy(candidate => candidate.Ordinal).Take(capacity)];

    private static ScoredOrdinal[] Collect(ScoredOrdinal[] candidates, int capacity, int bufferLength)
    {
        var top = new TopK(capacity, new ScoredOrdinal[bufferLength]);
        foreach (ScoredOrdinal candidate in candidates)
        {
            top.Offer(candidate.Score, candidate.Ordinal);
        }

        ScoredOrdinal[] best = top.SortBestFirst();
        top.Dispose();
        return best;
    }
}
