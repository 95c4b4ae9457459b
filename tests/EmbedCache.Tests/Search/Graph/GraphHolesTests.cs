using EmbedCache.Search.Graph;

namespace EmbedCache.Tests.Search.Graph;

/// <summary>
/// Holes that deletes leave in a graph: dead nodes that crowd are found and scattered ones are not; mended, a walk whose query stands in a hole goes past it and finds what
/// is around it, nothing that lives is lost, and mending that was stopped goes on.
/// </summary>
public sealed unsafe class GraphHolesTests
{
    private const int Count = 4000;
    private const int HoleCount = 800;
    private static readonly float[][] s_vectors = GraphWorld.Clusters(Count, 8, 31);

    [Fact]
    public void CrowdedDeadAreFoundAndScatteredAreNot()
    {
        using var world = new GraphWorld(s_vectors);
        using WorkingGraph graph = world.Build(2);
        WorkingSpace space = SpaceOf(graph);
        HashSet<int> dead = [.. world.Exact(s_vectors[77], HoleCount)];
        ulong[] live = Marks(i => !dead.Contains(i));
        Assert.True(GraphHoles.AreLikely(space, live));
        var holes = GraphHoles.Find(space, live);
        Assert.InRange(holes.Nodes.Length, HoleCount * 8 / 10, HoleCount);
        Assert.All(holes.Nodes, node => Assert.True(dead.Contains((int)node) && holes.Contains(node)));
        Assert.NotEmpty(holes.Around);
        Assert.All(holes.Around, node => Assert.Contains(GraphWorld.Neighbours(graph.Rows.Row(node), graph.Rows.RowLength), neighbour => neighbour < Count && holes.Contains(neighbour)));

        var random = new Random(8);
        bool[] isDead = [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble() < 0.3)];
        ulong[] scattered = Marks(i => !isDead[i]);
        Assert.False(GraphHoles.AreLikely(space, scattered));
        Assert.Empty(GraphHoles.Find(space, scattered).Nodes);
        Assert.False(GraphHoles.AreLikely(space, Marks(static _ => true)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void MendedHolesAreWalkedPastAndNothingIsLost(int threads)
    {
        using var world = new GraphWorld(s_vectors);
        using WorkingGraph graph = world.Build(2);
        float[] query = s_vectors[77];
        HashSet<int> dead = [.. world.Exact(query, HoleCount)];
        ulong[] live = Marks(i => !dead.Contains(i));
        Assert.InRange(CountDeadMet(world, graph, live, 77), HoleCount * 9 / 10, HoleCount);

        var holes = GraphHoles.Find(SpaceOf(graph), live);
        new GraphBuilder(graph, world.Codes).Mend(holes, threads, ThreadPriority.Normal, static () => false);
        Assert.InRange(CountDeadMet(world, graph, live, 77), 0, HoleCount / 5);
        Assert.Empty(GraphHoles.Find(SpaceOf(graph), live).Around);
        List<int> found = world.Search(graph, query, 80, new AcceptMarked(live));
        Assert.InRange(found.Intersect(world.Exact(query, 10, i => !dead.Contains(i))).Count(), 9, 10);
        Assert.All(holes.Around.Where((_, index) => index % 7 == 0), node => Assert.Contains((int)node, world.Search(graph, s_vectors[node], 60, new AcceptMarked(live))));
        AssertWellFormed(graph);
    }

    [Fact]
    public void MendingThatWasStoppedGoesOn()
    {
        using var world = new GraphWorld(s_vectors);
        using WorkingGraph graph = world.Build(2);
        HashSet<int> dead = [.. world.Exact(s_vectors[77], HoleCount)];
        ulong[] live = Marks(i => !dead.Contains(i));
        int before = GraphHoles.Find(SpaceOf(graph), live).Around.Length;
        for (int rounds = 0; GraphHoles.Find(SpaceOf(graph), live) is { Nodes.Length: > 0 } holes; rounds++)
        {
            Assert.InRange(rounds, 0, before);
            int asked = 0;
            new GraphBuilder(graph, world.Codes).Mend(holes, 2, ThreadPriority.Normal, () => Interlocked.Increment(ref asked) > 20);
            AssertWellFormed(graph);
        }

        Assert.InRange(CountDeadMet(world, graph, live, 77), 0, HoleCount / 5);
    }

    /// <summary>Live copies hang below a dead original; cut off, they would be lost.</summary>
    [Fact]
    public void DeadOriginalsOfCopiesStay()
    {
        float[][] vectors = [.. s_vectors];
        for (int i = 3000; i < 3200; i++)
        {
            vectors[i] = vectors[77];
        }

        using var world = new GraphWorld(vectors);
        using WorkingGraph graph = world.Build(2);
        HashSet<int> dead = [.. world.Exact(vectors[77], HoleCount)];
        dead.ExceptWith(Enumerable.Range(3000, 200));
        ulong[] live = Marks(i => !dead.Contains(i));
        var holes = GraphHoles.Find(SpaceOf(graph), live);
        Assert.NotEmpty(holes.Nodes);
        new GraphBuilder(graph, world.Codes).Mend(holes, 2, ThreadPriority.Normal, static () => false);
        Assert.Equal(200, world.Search(graph, vectors[77], 200, new AcceptMarked(live)).Intersect(Enumerable.Range(3000, 200)).Count());
    }

    /// <summary>Rows that name anything, of a file whose CRCs are right, end the search for holes and their mending like any other.</summary>
    [Fact]
    public void AnyLinksAreMended()
    {
        using var world = new GraphWorld(s_vectors);
        using WorkingGraph graph = world.Build(2);
        var random = new Random(9);
        for (uint node = 0; node < Count; node++)
        {
            var row = new Span<uint>((void*)graph.Rows.Writable(node), graph.Rows.RowLength);
            foreach (ref uint link in row)
            {
                link = random.Next(5) switch { 0 => (uint)random.Next(), 1 => node, 2 => link, _ => (uint)random.Next(Count) };
            }
        }

        ulong[] live = Marks(static i => i % 5 == 0);
        var holes = GraphHoles.Find(SpaceOf(graph), live);
        new GraphBuilder(graph, world.Codes).Mend(holes, 2, ThreadPriority.Normal, static () => false);
        Assert.All(world.Search(graph, s_vectors[3], 20, new AcceptMarked(live)), i => Assert.Equal(0, i % 5));
    }

    private static WorkingSpace SpaceOf(WorkingGraph graph) => new(graph.Rows, graph.Capacity);

    /// <summary>Dead nodes among the candidates of a walk to the 60 nearest live ones.</summary>
    private static int CountDeadMet(GraphWorld world, WorkingGraph graph, ulong[] live, uint query)
    {
        using var scratch = new GraphScratch();
        scratch.PrepareQuery(world.Layout.QueryByteLength);
        GraphQuery prepared = world.Codes.Load(query, scratch.Query);
        Assert.True(graph.TryGetEntry(out int level, out uint entry));
        GraphSearch.Run(SpaceOf(graph), graph.UpperLevels, level, entry, new AcceptMarked(live), world.Codes, prepared, scratch, 60, int.MaxValue);
        return scratch.Count - scratch.Accepted;
    }

    /// <summary>Neighbours from the front, each once, copies from the back, nothing between.</summary>
    private static void AssertWellFormed(WorkingGraph graph)
    {
        for (uint node = 0; node < Count; node++)
        {
            uint[] row = GraphWorld.Neighbours(graph.Rows.Row(node), graph.Rows.RowLength);
            uint[] neighbours = [.. row.TakeWhile(static other => other < Count)];
            Assert.Equal(neighbours.Length, neighbours.Distinct().Count());
            Assert.DoesNotContain(node, neighbours);
            int copies = CopyLinks.CountOf((uint*)graph.Rows.Row(node), graph.Rows.RowLength);
            Assert.All(row.Skip(neighbours.Length).Take(row.Length - neighbours.Length - copies), static link => Assert.Equal(CopyLinks.Unused, link));
        }
    }

    private static ulong[] Marks(Func<int, bool> isSet)
    {
        var words = new ulong[(Count + 63) / 64];
        for (int i = 0; i < Count; i++)
        {
            words[i / 64] |= isSet(i) ? 1UL << (i % 64) : 0;
        }

        return words;
    }
}
