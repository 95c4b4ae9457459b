using EmbedCache.Numerics;
using EmbedCache.Search.Graph;

namespace EmbedCache.Tests.Search.Graph;

/// <summary>The walk itself: what may not be a result is walked through, wrong links end nothing and break nothing, and room grows where a walk is long.</summary>
public sealed unsafe class GraphWalkTests
{
    [Fact]
    public void WalksThroughWhatMayNotBeAResult()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(4000, 24, 11));
        using WorkingGraph graph = world.Build();
        float[] query = world.Vectors[77];

        // The nearest thousand are dead: more than the pool holds at first.
        var dead = new HashSet<int>(world.Exact(query, 1000));
        List<int> found = world.Search(graph, query, 60, new AcceptMarked(Marks(4000, i => !dead.Contains(i))));
        Assert.Equal(60, found.Count);
        Assert.DoesNotContain(found, dead.Contains);
        List<int> expected = world.Exact(query, 10, i => !dead.Contains(i));
        Assert.InRange(found.Intersect(expected).Count(), 9, 10);
    }

    /// <summary>Copies that were taken once were left out when more were asked for: others were skipped for them, and a list that came out shorter was read past its end.</summary>
    [Fact]
    public void ResultsThatAreTakenAgainBeginWithTheSame()
    {
        float[][] vectors = GraphWorld.Clusters(1000, 24, 15);
        for (int i = 900; i < 1000; i++)
        {
            vectors[i] = vectors[i % 10];
        }

        using var world = new GraphWorld(vectors);
        using WorkingGraph graph = world.Build();
        using var scratch = new GraphScratch();
        scratch.PrepareQuery(world.Layout.QueryByteLength);
        GraphQuery query = world.Codes.Load(3, scratch.Query);
        Assert.True(graph.TryGetEntry(out int level, out uint entry));
        var space = new WorkingSpace(graph.Rows, graph.Capacity);
        GraphSearch.Run(space, graph.UpperLevels, level, entry, default(AcceptAll), world.Codes, query, scratch, 60, int.MaxValue);
        int visited = scratch.TrailCount;
        long[] few = new long[15];
        long[] more = new long[80];
        Assert.Equal(few.Length, GraphResults.Collect(space, default(AcceptAll), scratch, few));
        Assert.InRange(GraphResults.Collect(space, default(AcceptAll), scratch, more), 70, more.Length);
        Assert.Equal(few, more.Take(few.Length));
        Assert.Equal(11, few.Count(candidate => Candidate.NodeOf(candidate) is 3 or >= 900));
        Assert.Equal(visited, scratch.TrailCount);
    }

    [Fact]
    public void WhereNothingMayBeAResultTheWalkEnds()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(500, 8, 12));
        using WorkingGraph graph = world.Build();
        Assert.Empty(world.Search(graph, world.Vectors[0], 10, new AcceptMarked([])));
    }

    [Fact]
    public void AWalkOverNothingEndsAtOnce()
    {
        using var scratch = new GraphScratch();
        var codes = new CodeTable([], new CodeLayout(1), isDot: false);
        Assert.True(GraphWalk.Run(default(PersistedSpace), default(AcceptAll), codes, default, scratch, 1, 1));
        Assert.True(GraphWalk.Run(default(PersistedSpace), new AcceptMarked([]), codes, default, scratch, 1, 1));
        Assert.Equal(0, scratch.Count);
        Assert.Equal(0, scratch.TrailCount);
    }

    [Fact]
    public void ADistanceIsTheSameWhetherOrNotItsKernelIsCompiledForIt()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(200, 24, 14));
        using var scratch = new GraphScratch();
        scratch.PrepareQuery(world.Layout.QueryByteLength);
        GraphQuery query = world.Codes.Load(5, scratch.Query);
        for (uint node = 0; node < 200; node++)
        {
            float expected = world.Codes.Distance(query, scratch.Query, node);
            Assert.Equal(expected, world.Codes.DistanceOnce(query, scratch.Query, node));
            Assert.Equal(expected, world.Codes.DistanceWithoutKernel(query, scratch.Query, node));
        }
    }

    [Fact]
    public void GivesUpWhenToldTo()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(3000, 8, 13));
        using WorkingGraph graph = world.Build();
        using var scratch = new GraphScratch();
        scratch.PrepareQuery(world.Layout.QueryByteLength);
        GraphQuery query = world.Codes.Load(5, scratch.Query);
        Assert.True(graph.TryGetEntry(out int level, out uint entry));
        var space = new WorkingSpace(graph.Rows, graph.Capacity);
        Assert.False(GraphSearch.Run(space, graph.UpperLevels, level, entry, new AcceptMarked([]), world.Codes, query, scratch, 10, 500));
        Assert.InRange(scratch.TrailCount, 500, 600);

        // What is left over does not show in the next search.
        Assert.True(GraphSearch.Run(space, graph.UpperLevels, level, entry, default(AcceptAll), world.Codes, query, scratch, 10, 3000));
        Assert.Equal(5u, Candidate.NodeOf(*(long*)scratch.Pool));
    }

    /// <summary>Rows that hold anything: numbers past the end, cycles, itself.</summary>
    [Fact]
    public void AnyLinksAreWalked()
    {
        using var world = new GraphWorld(GraphWorld.Clusters(2000, 8, 14));
        var random = new Random(15);
        for (int round = 0; round < 50; round++)
        {
            using WorkingGraph graph = world.Build(2, GraphWorld.Parameters with { EfConstruction = 10 });
            Spoil(graph, random);
            List<int> found = world.Search(graph, world.Vectors[round], 20);
            Assert.All(found, i => Assert.InRange(i, 0, 1999));
            Assert.Equal(found.Count, found.Distinct().Count());
        }
    }

    [Theory]
    [InlineData(-3.5f, 7u, -3.25f, 6u)]
    [InlineData(-1f, 7u, 0f, 6u)]
    [InlineData(0f, 1u, 1e-30f, 0u)]
    [InlineData(2f, 5u, 2f, 6u)]
    [InlineData(float.NegativeInfinity, 5u, -1e30f, 0u)]
    public void CandidatesOrderByDistanceThenNode(float near, uint first, float far, uint second)
    {
        long a = Candidate.Pack(near, first);
        long b = Candidate.Pack(far, second);
        Assert.True(a < b);
        Assert.Equal(near, Candidate.DistanceOf(a | Candidate.Accepted | Candidate.Expanded));
        Assert.Equal(first, Candidate.NodeOf(a | Candidate.Accepted | Candidate.Expanded));
        Assert.Equal(Candidate.NodeLimit - 1, Candidate.NodeOf(Candidate.Pack(near, Candidate.NodeLimit - 1)));
    }

    private static void Spoil(WorkingGraph graph, Random random)
    {
        for (int i = 0; i < 2000; i++)
        {
            var row = (uint*)graph.Rows.Writable((uint)i);
            for (int j = 0; j < graph.Rows.RowLength; j++)
            {
                row[j] = random.Next(4) switch { 0 => (uint)random.Next(), 1 => (uint)i, 2 => row[j], _ => (uint)random.Next(2000) };
            }
        }

        foreach (UpperLevel level in graph.UpperLevels)
        {
            for (uint i = 0; i < level.Count; i++)
            {
                var entry = (uint*)level.Entry(i);
                for (int j = 0; j < level.RowLength + 2; j++)
                {
                    entry[j] = random.Next(3) == 0 ? (uint)random.Next() : entry[j];
                }
            }
        }
    }

    private static ulong[] Marks(int count, Func<int, bool> isSet)
    {
        var words = new ulong[(count + 63) / 64];
        for (int i = 0; i < count; i++)
        {
            words[i / 64] |= isSet(i) ? 1UL << (i % 64) : 0;
        }

        return words;
    }
}
