using EmbedCache.Numerics;
using EmbedCache.Search;
using EmbedCache.Tests.Engine;
using EmbedCache.Tests.Search.Graph;

namespace EmbedCache.Tests.Search;

/// <summary>
/// Filtered searches of a store with a graph, against exact ones: whether what passes is spread evenly, near the query or far from it, the results pass, are never fewer
/// than there are, and are nearly those of the exact search; where the walk would be longer than a scan, they are those.
/// </summary>
public sealed class FilteredGraphTests
{
    private const int Dimension = 32;
    private const int Count = 6000;
    private const int Top = 10;

    private static readonly float[][] s_vectors = Vectors(Count, 31);

    /// <summary>The direction that <c>side</c> goes along.</summary>
    private static readonly float[] s_direction = Vectors(1, 32)[0];

    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Dot)]
    public void What_passes_evenly_is_found(Metric metric)
    {
        using TestStore store = Filled(metric);
        using EmbeddingCache cache = store.Open(readOnly: true);
        foreach ((int limit, SearchPlanKind kind) in new[]
        {
            (0, SearchPlanKind.FilteredScan), (1, SearchPlanKind.FilteredScan), (9, SearchPlanKind.FilteredScan), (50, SearchPlanKind.FilteredScan),
            (400, SearchPlanKind.Graph), (700, SearchPlanKind.Graph), (1000, SearchPlanKind.Graph),
        })
        {
            double recall = RecallOf(cache, Filter.Less("slot", limit), Vectors(30, 33));
            Assert.Equal(kind == SearchPlanKind.FilteredScan && !CodeKernels.IsAccelerated ? SearchPlanKind.FloatScan : kind, cache.LastSearchPlan!.Kind);
            Assert.InRange(recall, kind == SearchPlanKind.Graph ? 0.95 : 1, 1);
        }
    }

    /// <summary>All that is near the query passes and little of the rest: the few that a walk looks for stand close together, and it goes on until it is as wide as any other.</summary>
    [Fact]
    public void What_passes_near_the_query_is_found()
    {
        using TestStore store = Filled(Metric.Cosine);
        using EmbeddingCache cache = store.Open(readOnly: true);
        float[][] queries = [.. Vectors(60, 34).Select(noise => Along(noise, 1.5f))];
        double recall = RecallOf(cache, Filter.GreaterOrEqual("side", 0.1), queries);
        Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
        Assert.InRange(cache.LastSearchPlan.FilterMatchCount!.Value, Count / 5, Count / 2);
        double unfiltered = RecallOf(cache, null, queries);
        Assert.InRange(recall, unfiltered - 0.02, 1);
    }

    /// <summary>Nothing near the query passes: the walk goes far, and gives up for a scan when that has become cheaper.</summary>
    [Fact]
    public void What_passes_far_from_the_query_is_found()
    {
        using TestStore store = Filled(Metric.Cosine);
        using EmbeddingCache cache = store.Open(readOnly: true);
        float[][] queries = [.. Vectors(60, 35).Select(noise => Along(noise, -1.5f))];
        Assert.InRange(RecallOf(cache, Filter.GreaterOrEqual("side", 0.1), queries), 0.97, 1);
    }

    /// <summary>What passes was set after the graph was built, or expired since: no walk finds it.</summary>
    [Fact]
    public void What_no_walk_finds_is_found()
    {
        using TestStore store = Filled(Metric.Cosine);
        using EmbeddingCache cache = store.Open(configure: options => options.IndexingTimeout = TimeSpan.Zero);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            for (int i = 0; i < Count; i++)
            {
                if (i % 2 == 0)
                {
                    transaction.Set($"{i}", s_vectors[i], EmbeddingMetadata.Empty.With("slot", (long)i), expires: i % 40 == 0 ? null : store.Time.AddMinutes(1));
                }
            }

            transaction.Commit();
        }

        store.Now += 120_000;
        foreach (float[] query in Vectors(20, 36))
        {
            IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, new SearchOptions { Top = 200, Filter = Filter.Parse("side not exists") });
            Assert.Equal(Count / 40, hits.Count);
        }
    }

    [Fact]
    public void Wide_walks_are_for_filters_that_let_much_through()
    {
        var usual = new SearchOptions { Top = Top };
        Assert.Equal(new WalkLimits(91, 91, 250_000) { IsEfChosenHere = true }, GraphPlan.TryPlan(1_000_000, null, 1_000_000, usual));
        Assert.Equal(new WalkLimits(91, 91, 250_000), GraphPlan.TryPlan(1_000_000, 1_000_000, 1_000_000, usual));
        Assert.Equal(new WalkLimits(46, 91, 250_000), GraphPlan.TryPlan(1_000_000, 500_000, 1_000_000, usual));
        Assert.Equal(new WalkLimits(31, 91, 100_000), GraphPlan.TryPlan(1_000_000, 100_000, 1_000_000, usual));
        Assert.Equal(new WalkLimits(20, 64, 20_000), GraphPlan.TryPlan(100_000, 20_000, 100_000, usual));
        Assert.Null(GraphPlan.TryPlan(1_000_000, 10_000, 1_000_000, usual));
        Assert.Null(GraphPlan.TryPlan(1_000_000, Top, 1_000_000, usual));
        Assert.Null(GraphPlan.TryPlan(1_000_000, 0, 1_000_000, usual));
        Assert.Null(GraphPlan.TryPlan(1_000_000, 500_000, 200_000, usual));
        Assert.Null(GraphPlan.TryPlan(0, 0, 0, usual));

        // Who chooses EfSearch gets as many that match, or a scan where that is cheaper.
        Assert.Equal(new WalkLimits(200, 200, 250_000), GraphPlan.TryPlan(1_000_000, 500_000, 1_000_000, new SearchOptions { Top = Top, EfSearch = 200 }));
        Assert.Null(GraphPlan.TryPlan(1_000_000, 50_000, 1_000_000, new SearchOptions { Top = Top, EfSearch = 200 }));
        Assert.Null(GraphPlan.TryPlan(1_000_000, 500_000, 1_000_000, new SearchOptions { Top = int.MaxValue }));
    }

    [Theory]
    [InlineData(null, 10, 1, 64)]
    [InlineData(null, 10, 100_000, 64)]
    [InlineData(null, 10, 200_000, 72)]
    [InlineData(null, 10, 1_000_000, 91)]
    [InlineData(null, 32, 100_000, 64)]
    [InlineData(null, 100, 100_000, 200)]
    [InlineData(null, 100, 1_600_000, 300)]
    [InlineData(null, int.MaxValue, 1_000_000, int.MaxValue)]
    [InlineData(40, 10, 1_000_000, 40)]
    [InlineData(4, 10, 1_000_000, 10)]
    public void Walks_are_wider_among_more_records_unless_someone_chose(int? efSearch, int top, long count, int expected)
        => Assert.Equal(expected, GraphScan.ChooseEf(efSearch, top, count));

    private static double RecallOf(EmbeddingCache cache, Filter? filter, float[][] queries)
    {
        int hits = 0;
        int wanted = 0;
        foreach (float[] query in queries)
        {
            string[] expected = Find(cache, query, filter, exact: true);
            string[] found = Find(cache, query, filter, exact: false);
            Assert.Equal(expected.Length, found.Distinct().Count());
            hits += found.Intersect(expected).Count();
            wanted += expected.Length;
        }

        return wanted == 0 ? 1 : hits / (double)wanted;
    }

    private static string[] Find(EmbeddingCache cache, float[] query, Filter? filter, bool exact)
    {
        IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, new SearchOptions { Top = Top, Filter = filter, Exact = exact });
        Assert.All(hits, hit => Assert.True(filter is null || filter.Matches(hit.Embedding.Metadata)));
        return [.. hits.Select(hit => hit.Embedding.Key!)];
    }

    private static TestStore Filled(Metric metric)
    {
        var store = new TestStore(codesThreshold: 16, graphThreshold: 64);
        using EmbeddingCache cache = store.Create(Dimension, metric, options => options.IndexingTimeout = TimeSpan.FromMinutes(2));
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = 0; i < Count; i++)
        {
            transaction.Set($"{i}", s_vectors[i], EmbeddingMetadata.Empty.With("slot", i * 7919L % 1000).With("side", Side(s_vectors[i])));
        }

        transaction.Commit();
        return store;
    }

    /// <summary>Cosine to the direction.</summary>
    private static double Side(float[] vector)
        => vector.Zip(s_direction, (a, b) => (double)a * b).Sum() / Math.Sqrt(vector.Sum(x => (double)x * x) * s_direction.Sum(x => (double)x * x));

    private static float[] Along(float[] noise, float weight) => [.. noise.Select((x, i) => x + (weight * s_direction[i]))];

    private static float[][] Vectors(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => GraphWorld.Near(random, new float[Dimension], 1))];
    }
}
