using EmbedCache.Search.Graph;

namespace EmbedCache.Tests.Search.Graph;

/// <summary>The walk that goes step by step, which the first search of a process takes, ends with the same candidates as the other, in the same order: whatever is accepted, however wide, and where it gives up.</summary>
public sealed unsafe class PlainWalkTests
{
    [Theory]
    [InlineData(Metric.Cosine, 24)]
    [InlineData(Metric.L2, 100)]
    [InlineData(Metric.Dot, 33)]
    public void BothWalksEndWithTheSameCandidates(Metric metric, int dimension)
    {
        using var world = new GraphWorld(GraphWorld.Clusters(2000, dimension, seed: 3), metric);
        using WorkingGraph graph = world.Build();
        var random = new Random(4);
        ulong[] some = [.. Enumerable.Range(0, 32).Select(_ => (ulong)random.NextInt64() & (ulong)random.NextInt64())];
        for (int i = 0; i < 20; i++)
        {
            float[] query = GraphWorld.Near(random, world.Vectors[random.Next(world.Vectors.Length)], 0.5);
            foreach (int ef in new[] { 1, 3, 40, 700, 3000 })
            {
                foreach (int maxVisited in new[] { int.MaxValue, 50, 600 })
                {
                    AssertSame(world, graph, query, default(AcceptAll), ef, maxVisited);
                    AssertSame(world, graph, query, new AcceptMarked(some), ef, maxVisited);
                }
            }
        }
    }

    private static void AssertSame<TAcceptance>(GraphWorld world, WorkingGraph graph, float[] query, TAcceptance acceptance, int ef, int maxVisited)
        where TAcceptance : struct, IAcceptance
    {
        using var scratch = new GraphScratch();
        var space = new WorkingSpace(graph.Rows, graph.Capacity);
        GraphQuery prepared = world.Prepare(query, scratch);
        (bool IsDone, long[] Pool, int Accepted, int Visited) Walk(bool plainly)
        {
            scratch.Begin(space.Count, ef, space.RowLength);
            GraphWalk.Start(7, world.Codes.DistanceWithoutKernel(prepared, scratch.Query, 7), acceptance, scratch);
            bool isDone = plainly
                ? GraphWalk.RunPlainly(space, acceptance, world.Codes, prepared, scratch, ef, maxVisited)
                : GraphWalk.Run(space, acceptance, world.Codes, prepared, scratch, ef, maxVisited);
            return (isDone, new ReadOnlySpan<long>((void*)scratch.Pool, scratch.Count).ToArray(), scratch.Accepted, scratch.TrailCount);
        }

        var plain = Walk(plainly: true);
        var other = Walk(plainly: false);
        Assert.Equal(other.IsDone, plain.IsDone);
        Assert.Equal(other.Pool, plain.Pool);
        Assert.Equal((other.Accepted, other.Visited), (plain.Accepted, plain.Visited));
    }
}
