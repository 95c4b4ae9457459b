using EmbedCache.Numerics;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Search;

/// <summary>The search API: options, batches, and what the plan says.</summary>
public sealed class SearchOptionsTests : IDisposable
{
    private readonly TestStore _store = new(codesThreshold: 100);

    public void Dispose() => _store.Dispose();

    [Fact]
    public void ABatchFindsWhatItsQueriesFind()
    {
        using EmbeddingCache cache = Filled(Metric.Cosine);
        var random = new Random(3);
        ReadOnlyMemory<float>[] queries = [.. Enumerable.Range(0, 11).Select(_ => (ReadOnlyMemory<float>)TestVectors.Random(random, 24))];
        IReadOnlyList<IReadOnlyList<SimilarEmbedding>> batch = cache.FindSimilar(queries, new SearchOptions { Top = 7 });
        Assert.Equal(11, batch.Count);
        Assert.Equal(11, cache.LastSearchPlan!.QueryCount);
        for (int i = 0; i < queries.Length; i++)
        {
            IReadOnlyList<SimilarEmbedding> one = cache.FindSimilar(queries[i].Span, 7);
            Assert.Equal(one.Select(hit => (hit.Embedding.Key, hit.Score)), batch[i].Select(hit => (hit.Embedding.Key, hit.Score)));
        }

        Assert.Empty(cache.FindSimilar(Array.Empty<ReadOnlyMemory<float>>(), new SearchOptions()));
    }

    [Fact]
    public void VectorsComeWhereTheyAreAskedFor()
    {
        using EmbeddingCache cache = Filled(Metric.Cosine);
        float[] query = TestVectors.Random(new Random(3), 24);
        foreach (bool exact in new[] { true, false })
        {
            IReadOnlyList<SimilarEmbedding> without = cache.FindSimilar(query, new SearchOptions { Exact = exact });
            IReadOnlyList<SimilarEmbedding> with = cache.FindSimilar(query, new SearchOptions { Exact = exact, IncludeVectors = true });
            Assert.Equal(with.Select(hit => (hit.Embedding.Key, hit.Score, hit.Embedding.Created)), without.Select(hit => (hit.Embedding.Key, hit.Score, hit.Embedding.Created)));
            Assert.All(without, hit => Assert.True(hit.Embedding.Vector.IsEmpty));
            Assert.All(with, hit => Assert.Equal(cache.Get(hit.Embedding.Key!)!.Vector.ToArray(), hit.Embedding.Vector.ToArray()));
        }
    }

    [Fact]
    public void ThePlanSaysWhatWasDone()
    {
        using EmbeddingCache cache = _store.Create(24);
        Assert.Null(cache.LastSearchPlan);
        cache.Set("a", new float[24]);
        cache.FindSimilar(new float[24], 1);
        Assert.Equal(SearchPlanKind.FloatScan, cache.LastSearchPlan!.Kind);
        Fill(cache, 300);
        cache.Checkpoint();
        cache.FindSimilar(TestVectors.Random(new Random(1), 24), new SearchOptions { Top = 5 });
        SearchPlan plan = cache.LastSearchPlan;
        Assert.Equal(CodeKernels.IsAccelerated ? SearchPlanKind.BoundScan : SearchPlanKind.FloatScan, plan.Kind);
        Assert.Equal((301, 301), (plan.OrdinalCount, plan.CodedCount));
        Assert.InRange(plan.ScoredCount, 5, 301);
        Assert.StartsWith(plan.Kind.ToString(), plan.ToString(), StringComparison.Ordinal);

        // Bounds tell nothing of a query that scores 0 everywhere.
        cache.FindSimilar(new float[24], 3);
        Assert.Equal(SearchPlanKind.FloatScan, cache.LastSearchPlan.Kind);
    }

    [Fact]
    public void OptionsOutOfRangeAreRefused()
    {
        using EmbeddingCache cache = Filled(Metric.L2);
        float[] query = new float[24];
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.FindSimilar(query, new SearchOptions { Top = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.FindSimilar(query, new SearchOptions { Top = -3 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.FindSimilar(query, new SearchOptions { EfSearch = 0 }));
        Assert.Throws<ArgumentNullException>(() => cache.FindSimilar(query, null!));
        Assert.Throws<InvalidEmbeddingException>(() => cache.FindSimilar(new float[23], new SearchOptions()));
        Assert.Throws<InvalidEmbeddingException>(() => cache.FindSimilar([new float[24], new float[25]], new SearchOptions()));
        Assert.Equal(400, cache.FindSimilar(query, new SearchOptions { Top = int.MaxValue, EfSearch = 1 }).Count);
        Assert.Empty(cache.FindSimilar(query, new SearchOptions { MinimumScore = double.PositiveInfinity }));
        Assert.Empty(cache.FindSimilar(query, new SearchOptions { MinimumScore = double.NaN }));
    }

    /// <summary>The search that meets a damaged block still answers rightly, and those after it do without codes.</summary>
    [Fact]
    public void DamagedCodesCostTimeAndNotAnswers()
    {
        float[] query = TestVectors.Random(new Random(9), 24);
        (string?, double)[] expected;
        long codes;
        using (EmbeddingCache cache = Filled(Metric.Cosine))
        {
            expected = [.. cache.FindSimilar(query, 20).Select(hit => (hit.Embedding.Key, hit.Score))];
            using Snapshots snapshots = new(cache);
            codes = snapshots.Current.Codes!.Runs[0].Section.Offset;
        }

        byte[] bytes = File.ReadAllBytes(_store.Path);
        bytes[codes + 64 + 10_000] ^= 1;
        File.WriteAllBytes(_store.Path, bytes);
        using EmbeddingCache reopened = _store.Open(readOnly: true);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(expected, reopened.FindSimilar(query, 20).Select(hit => (hit.Embedding.Key, hit.Score)));
        }

        Assert.Equal(SearchPlanKind.FloatScan, reopened.LastSearchPlan!.Kind);
    }

    private EmbeddingCache Filled(Metric metric)
    {
        EmbeddingCache cache = _store.Create(24, metric);
        Fill(cache, 400);
        cache.Checkpoint();
        return cache;
    }

    private static void Fill(EmbeddingCache cache, int count)
    {
        var random = new Random(2);
        cache.Set(Enumerable.Range(0, count).Select(i => new EmbeddingEntry($"k{i}", TestVectors.Random(random, 24))));
    }

    private sealed class Snapshots(EmbeddingCache cache) : IDisposable
    {
        public EmbedCache.Engine.Snapshot Current { get; } = cache.Store.Acquire();

        public void Dispose() => Current.Release();
    }
}
