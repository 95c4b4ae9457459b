using EmbedCache.Engine;

namespace EmbedCache.Tests.Engine;

/// <summary>Which runs are merged: few are ever there, and what is written again in total stays small, however short each writer's life is.</summary>
public sealed class GeometricRunsTests
{
    private static readonly GeometricRuns Levels = new(levelOneCount: 100, fanOut: 4, smallFanOut: 3);

    [Theory]
    [InlineData(new long[0], 10, 0)]
    [InlineData(new long[] { 10 }, 10, 0)]
    [InlineData(new long[] { 10, 10 }, 10, 2)]
    [InlineData(new long[] { 100, 100 }, 100, 0)]
    [InlineData(new long[] { 100, 100, 100 }, 100, 3)]
    [InlineData(new long[] { 400, 100, 100, 100 }, 100, 3)]
    [InlineData(new long[] { 400, 400, 400, 100, 100, 100 }, 100, 6)]
    // Smaller ones go with a larger one...
    [InlineData(new long[] { 10 }, 100, 1)]
    // ...which does not make those of its own level enough,
    [InlineData(new long[] { 100, 10 }, 100, 1)]
    [InlineData(new long[] { 100, 100, 10, 10 }, 100, 2)]
    // ...unless they are,
    [InlineData(new long[] { 100, 100, 100, 10 }, 100, 4)]
    // ...or the smaller ones lift it to the next level.
    [InlineData(new long[] { 400, 90, 90 }, 390, 2)]
    [InlineData(new long[] { 400, 400, 100, 90 }, 310, 2)]
    public void MergesSmallerOnesAndEnoughOfItsOwn(long[] counts, long newCount, int expected)
        => Assert.Equal(expected, Levels.CountMerged(counts, newCount));

    /// <summary>Each of many writers ends its life with a small run, and the next begins with a large one.</summary>
    [Theory]
    [InlineData(4096)]
    [InlineData(4096, 300)]
    [InlineData(4096, 4096, 4096, 1, 700)]
    public void ShortWritersWriteLittleAgain(params int[] sizes)
    {
        var levels = new GeometricRuns(levelOneCount: 1024, fanOut: 128, smallFanOut: 16);
        var runs = new List<long>();
        long added = 0;
        long written = 0;
        int most = 0;
        for (int i = 0; i < 4000; i++)
        {
            long size = sizes[i % sizes.Length];
            int merged = levels.CountMerged([.. runs], size);
            long count = size + runs.Skip(runs.Count - merged).Sum();
            runs.RemoveRange(runs.Count - merged, merged);
            runs.Add(count);
            added += size;
            written += count;
            most = Math.Max(most, runs.Count);
        }

        Assert.Equal(added, runs.Sum());
        Assert.InRange(most, 1, 15 + (2 * 127));
        // Once when new, once among those that were small, and once for each 128-fold growth since.
        Assert.InRange((double)written / added, 1, 2 + Math.Ceiling(Math.Log(added / 1024.0, 128)));
    }
}
