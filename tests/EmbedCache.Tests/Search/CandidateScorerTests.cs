using EmbedCache.Tests.Engine;
using EmbedCache.Tests.Search.Graph;

namespace EmbedCache.Tests.Search;

/// <summary>How many of a walk's candidates are scored from their vectors: few where codes tell them apart, and more where they do not.</summary>
public sealed class CandidateScorerTests
{
    private const int Count = 3000;
    private const int Dimension = 24;
    private const int Ef = 80;
    private const int Top = 5;

    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Dot)]
    public void FewAreScoredWhereCodesTellThemApart(Metric metric)
    {
        using TestStore store = Filled(GraphWorld.Clusters(Count, Dimension, 21), metric);
        using EmbeddingCache cache = store.Open(readOnly: true);

        Assert.InRange(ScoredOf(cache, GraphWorld.Clusters(20, Dimension, 22), out int right), 8, 20);
        Assert.InRange(right, 20 * Top * 0.95, 20 * Top);
    }

    /// <summary>One element is so much larger than the others that their codes are all zero.</summary>
    [Fact]
    public void MoreAreScoredWhereCodesDoNot()
    {
        var random = new Random(3);
        float[][] vectors = GraphWorld.Clusters(Count, Dimension, 21);
        foreach (float[] vector in vectors)
        {
            vector[0] = random.Next(2) == 0 ? 5000 : -5000;
        }

        using TestStore store = Filled(vectors, Metric.L2);
        using EmbeddingCache cache = store.Open(readOnly: true);

        Assert.InRange(ScoredOf(cache, vectors.Take(20), out _), 25, 2 * Ef);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void OneResultIsTheBestOfSeveralThatWereScored(int top)
    {
        float[][] vectors = GraphWorld.Clusters(Count, Dimension, 21);
        using TestStore store = Filled(vectors, Metric.Cosine);
        using EmbeddingCache cache = store.Open(readOnly: true);

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal($"{i}", cache.FindSimilar(vectors[i], new SearchOptions { Top = top, EfSearch = Ef })[0].Embedding.Key);
            Assert.InRange(cache.LastSearchPlan!.ScoredCount, 8, Ef);
        }
    }

    /// <summary>Vectors scored for a query, on average, and how many of the best were found.</summary>
    private static double ScoredOf(EmbeddingCache cache, IEnumerable<float[]> queries, out int right)
    {
        long scored = 0;
        int count = 0;
        right = 0;
        foreach (float[] query in queries)
        {
            IEnumerable<string?> found = [.. cache.FindSimilar(query, new SearchOptions { Top = Top, EfSearch = Ef }).Select(hit => hit.Embedding.Key)];
            Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
            scored += cache.LastSearchPlan.ScoredCount;
            right += found.Intersect(cache.FindSimilar(query, Top).Select(hit => hit.Embedding.Key)).Count();
            count++;
        }

        return scored / (double)count;
    }

    private static TestStore Filled(float[][] vectors, Metric metric)
    {
        var store = new TestStore(codesThreshold: 16, graphThreshold: 64);
        using EmbeddingCache cache = store.Create(Dimension, metric, options => options.IndexingTimeout = TimeSpan.FromMinutes(2));
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = 0; i < vectors.Length; i++)
        {
            transaction.Set($"{i}", vectors[i]);
        }

        transaction.Commit();
        return store;
    }
}
