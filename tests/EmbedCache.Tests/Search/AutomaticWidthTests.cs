using EmbedCache.Tests.Engine;
using EmbedCache.Tests.Search.Graph;

namespace EmbedCache.Tests.Search;

/// <summary>
/// Nobody chose EfSearch: a search is as wide as its query needs. On sets where a walk of the usual width finds half of the best it walks wider, or goes through all codes; on
/// those where it finds nearly all of them it stays as it is. Recall is over forty queries, against a comparison with every record.
/// </summary>
public sealed class AutomaticWidthTests
{
    private const int Count = 8000;
    private const int QueryCount = 40;
    private const int Usual = 64;

    /// <summary>Noise in many dimensions has no clusters to walk along.</summary>
    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.L2)]
    public void NoiseIsWalkedWider(Metric metric)
    {
        var random = new Random(71);
        AssertBetterThanUsual(Noise(random, Count, 80), Noise(random, QueryCount, 80), metric, atMostUsual: 0.9);
    }

    /// <summary>Queries from another distribution than the records: none is near any, and the best stand far apart.</summary>
    [Fact]
    public void QueriesFromElsewhereAreWalkedWider()
    {
        var random = new Random(72);
        float[] away = Gaussian(random, 64, 3);
        float[][] records = [.. Noise(random, Count, 64).Select(noise => Add(noise, away, 1))];
        float[][] queries = [.. Noise(random, QueryCount, 64).Select(noise => Add(noise, away, -1))];

        AssertBetterThanUsual(records, queries, Metric.Cosine, atMostUsual: 0.9);
    }

    /// <summary>One cluster, so tight that codes without a mean do not tell its records apart.</summary>
    [Fact]
    public void RecordsWhoseCodesCollideAreCompared()
    {
        var random = new Random(73);
        float[] centre = Gaussian(random, 64, 10);
        float[][] records = [.. Enumerable.Range(0, Count + QueryCount).Select(_ => Add(centre, Gaussian(random, 64, 1e-4), 1))];

        AssertBetterThanUsual([.. records.Take(Count)], [.. records.Skip(Count)], Metric.Dot, atMostUsual: 0.7);
    }

    /// <summary>Two elements have fewer directions than there are records.</summary>
    [Theory]
    [InlineData(2, Metric.Cosine)]
    [InlineData(3, Metric.Cosine)]
    [InlineData(2, Metric.L2)]
    public void VectorsOfFewElementsAreScanned(int dimension, Metric metric)
    {
        var random = new Random(74);
        using TestStore store = Filled(Noise(random, Count, dimension), metric);
        using EmbeddingCache cache = store.Open(readOnly: true);

        Assert.Equal(1, RecallOf(cache, Noise(random, QueryCount, dimension), null));
        // Which scan it is depends on the kernels of the machine and the runtime.
        Assert.NotEqual(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
        cache.FindSimilar(Gaussian(random, dimension, 1), new SearchOptions { EfSearch = Usual });
        Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan.Kind);
    }

    /// <summary>Clusters, as embeddings have: hardly a query is searched for more than once.</summary>
    [Fact]
    public void WalksAreNotWidenedWithoutNeed()
    {
        float[][] vectors = GraphWorld.Clusters(Count + QueryCount, 24, 75);
        using TestStore store = Filled([.. vectors.Take(Count)], Metric.Cosine);
        using EmbeddingCache cache = store.Open(readOnly: true);

        long scored = 0;
        foreach (float[] query in vectors.Skip(Count))
        {
            cache.FindSimilar(query, new SearchOptions());
            scored += cache.LastSearchPlan!.ScoredCount;
        }

        Assert.InRange(scored, 10 * QueryCount, 30 * QueryCount);
        Assert.InRange(RecallOf(cache, [.. vectors.Skip(Count)], null), 0.97, 1);
    }

    private static void AssertBetterThanUsual(float[][] records, float[][] queries, Metric metric, double atMostUsual)
    {
        using TestStore store = Filled(records, metric);
        using EmbeddingCache cache = store.Open(readOnly: true);

        Assert.InRange(RecallOf(cache, queries, Usual), 0, atMostUsual);
        Assert.InRange(RecallOf(cache, queries, null), 0.95, 1);
        Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
        AssertScanned(cache, queries, null, atLeast: 1);
        AssertScanned(cache, queries, Usual, atLeast: 0, atMost: 0);
    }

    /// <summary>The plan says for how many queries all codes were compared.</summary>
    private static void AssertScanned(EmbeddingCache cache, float[][] queries, int? efSearch, int atLeast, int atMost = QueryCount)
    {
        cache.FindSimilar((ReadOnlyMemory<float>[])[.. queries.Select(query => new ReadOnlyMemory<float>(query))], new SearchOptions { EfSearch = efSearch });
        SearchPlan plan = cache.LastSearchPlan!;

        Assert.InRange(plan.ScannedQueryCount, atLeast, atMost);
        Assert.Equal(plan.ScannedQueryCount > 0, plan.ToString().Contains("that walks did not settle"));
    }

    private static double RecallOf(EmbeddingCache cache, float[][] queries, int? efSearch)
    {
        int right = 0;
        foreach (float[] query in queries)
        {
            double last = cache.FindSimilar(query)[9].Score;
            IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, new SearchOptions { EfSearch = efSearch });
            Assert.Equal(10, hits.Select(hit => hit.Embedding.Key).Distinct().Count());
            right += hits.Count(hit => hit.Score >= last);
        }

        return right / (10.0 * queries.Length);
    }

    private static float[][] Noise(Random random, int count, int dimension) => [.. Enumerable.Range(0, count).Select(_ => Gaussian(random, dimension, 1))];

    private static float[] Gaussian(Random random, int dimension, double deviation)
        => [.. Enumerable.Range(0, dimension).Select(_ => (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];

    private static float[] Add(float[] vector, float[] other, float times) => [.. vector.Select((x, i) => x + (times * other[i]))];

    private static TestStore Filled(float[][] vectors, Metric metric)
    {
        var store = new TestStore(codesThreshold: 16, graphThreshold: 64);
        using EmbeddingCache cache = store.Create(vectors[0].Length, metric, options => options.IndexingTimeout = TimeSpan.FromMinutes(2));
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = 0; i < vectors.Length; i++)
        {
            transaction.Set($"{i}", vectors[i]);
        }

        transaction.Commit();
        return store;
    }
}
