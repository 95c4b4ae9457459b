using EmbedCache.Search.Graph;

namespace EmbedCache.Tests.Search.Graph;

/// <summary>
/// The graph finds what brute force finds, for every metric and however it was built; a build by one thread is the same every time; and sets that are
/// tiny or all alike are no exception.
/// </summary>
public sealed class GraphBuildTests
{
    [Theory]
    [InlineData(Metric.Cosine, 1)]
    [InlineData(Metric.Cosine, 3)]
    [InlineData(Metric.L2, 2)]
    [InlineData(Metric.Dot, 2)]
    public void FindsWhatBruteForceFinds(Metric metric, int threads)
    {
        using var world = new GraphWorld(GraphWorld.Clusters(4000, 24, 1), metric, split: 1234);
        using WorkingGraph graph = world.Build(threads);
        Assert.InRange(world.Recall(graph, Queries(world, 40), 80), 0.95, 1);
    }

    [Fact]
    public void OneThreadMakesTheSameGraphEveryTime()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(1500, 16, 2));
        using WorkingGraph first = world.Build();
        using WorkingGraph second = world.Build();
        Assert.Equal(GraphWorld.Describe(first), GraphWorld.Describe(second));
    }

    [Fact]
    public void StoppingAndGoingOnMakesTheSameGraph()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(900, 16, 3));
        using WorkingGraph whole = world.Build();
        using var parts = new WorkingGraph(GraphWorld.Parameters, 900);
        var builder = new GraphBuilder(parts, world.Codes);
        uint reached = 0;
        int stops = 0;
        while (reached < 900)
        {
            uint before = reached;
            reached = builder.Build(reached, 900, 1, ThreadPriority.Normal, () => true);
            Assert.InRange(reached, before + 1, 900u);
            stops++;
        }

        Assert.InRange(stops, 10, 900);
        Assert.Equal(GraphWorld.Describe(whole), GraphWorld.Describe(parts));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    public void TinySetsAreFoundWhole(int count)
    {
        using var world = new GraphWorld(GraphWorld.Clusters(count, 8, 4));
        using WorkingGraph graph = world.Build(2);
        Assert.Equal(Enumerable.Range(0, count), world.Search(graph, world.Vectors[0], 64).Order());
    }

    [Fact]
    public void IdenticalVectorsAreAllReached()
    {
        float[] one = [1, 2, 3, 4];
        using var world = new GraphWorld([.. Enumerable.Repeat(one, 2000)]);
        using WorkingGraph graph = world.Build(2);
        Assert.Equal(50, world.Search(graph, one, 50).Distinct().Count());
    }

    [Fact]
    public void DuplicatesByTheThousandDoNotHideTheRest()
    {
        float[][] vectors = GraphWorld.Clusters(3000, 16, 5);
        for (int i = 500; i < 2500; i++)
        {
            vectors[i] = vectors[0];
        }

        using var world = new GraphWorld(vectors);
        using WorkingGraph graph = world.Build(2);
        int found = Enumerable.Range(2500, 500).Count(i => world.Search(graph, vectors[i], 40).Contains(i));
        Assert.InRange(found, 475, 500);
    }

    /// <summary>
    /// The records of a trajectory in its order, as a log or a film has them: threads insert each other's nearest neighbours all the time, and what one inserts may be where the
    /// walk of another begins.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void NeighboursInsertedAtOnceAreAllReached(int threads)
    {
        var random = new Random(7);
        var vectors = new float[8000][];
        float[] place = new float[32];
        for (int i = 0; i < vectors.Length; i++)
        {
            place = GraphWorld.Near(random, [.. place.Select(x => x * 0.98f)], 0.2);
            vectors[i] = place;
        }

        using var world = new GraphWorld(vectors, Metric.L2);
        using WorkingGraph graph = world.Build(threads);
        int lost = Enumerable.Range(0, vectors.Length).Count(i => !world.Search(graph, vectors[i], 32).Contains(i));
        Assert.InRange(lost, 0, vectors.Length / 100);
    }

    [Fact]
    public void LevelsThinOutByM()
    {
        int[] counts = new int[GraphParameters.MaxLevel + 1];
        for (uint i = 0; i < 100_000; i++)
        {
            counts[GraphParameters.Default.LevelOf(i)]++;
        }

        Assert.InRange(counts[1] + counts[2] + counts[3] + counts[4] + counts[5], 5900, 6600);
        Assert.InRange(counts[2], 300, 450);
    }

    [Fact]
    public void RowsComeIntoMemoryOnlyWhenTheyChange()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(3000, 16, 6));
        using var below = new WorkingGraph(GraphWorld.Parameters, 3000);
        new GraphBuilder(below, world.Codes).Build(0, 2990, 1, ThreadPriority.Normal, static () => false);
        using var above = new WorkingGraph(GraphWorld.Parameters, 3000, new Below(below.Rows, 2990));
        var builder = new GraphBuilder(above, world.Codes);
        builder.BuildAbove(2990, 1, ThreadPriority.Normal, static () => false);
        Assert.Equal(0, above.Rows.ChangedCount);
        builder.Build(2990, 3000, 1, ThreadPriority.Normal, static () => false);
        Assert.InRange(above.Rows.ChangedCount, 10, 400);
        Assert.InRange(Enumerable.Range(2990, 10).Count(i => world.Search(above, world.Vectors[i], 40).Contains(i)), 9, 10);
        Assert.InRange(world.Recall(above, Queries(world, 20), 80), 0.95, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void NodesThatWereLeftOutAboveAreLinkedTheNextTime(int threads)
    {
        using var world = new GraphWorld(GraphWorld.Clusters(3000, 16, 6));
        using var below = new WorkingGraph(GraphWorld.Parameters, 3000);
        new GraphBuilder(below, world.Codes).Build(0, 3000, 1, ThreadPriority.Normal, static () => false);
        using var above = new WorkingGraph(GraphWorld.Parameters, 3000, new Below(below.Rows, 3000));
        var builder = new GraphBuilder(above, world.Codes);
        UpperLevel first = above.UpperLevels[0];
        int asked = 0;
        builder.BuildAbove(3000, threads, ThreadPriority.Normal, () => Interlocked.Increment(ref asked) > 2);
        Assert.InRange(CountLinked(first), 16, (int)first.Count / 2);
        builder.BuildAbove(3000, threads, ThreadPriority.Normal, static () => false);
        Assert.Equal((int)first.Count, CountLinked(first));
        Assert.Equal(0, above.Rows.ChangedCount);
        Assert.InRange(world.Recall(above, Queries(world, 20), 80), 0.95, 1);
    }

    private static int CountLinked(UpperLevel level) => Enumerable.Range(0, (int)level.Count).Count(node => level.Neighbours((uint)node)[0] < level.Count);

    private static IEnumerable<float[]> Queries(GraphWorld world, int count)
    {
        var random = new Random(99);
        return [.. Enumerable.Range(0, count).Select(_ => GraphWorld.Near(random, world.Vectors[random.Next(world.Vectors.Length)], 0.3))];
    }

    private sealed class Below(WorkingRows rows, uint count) : IPersistedRows
    {
        public uint Count => count;

        public nint Row(uint node) => rows.Row(node);
    }
}
