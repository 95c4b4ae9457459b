using System.Globalization;
using EmbedCache.Numerics;
using EmbedCache.Tests.Engine;
using EmbedCache.Tests.Numerics;

namespace EmbedCache.Tests.Search;

/// <summary>
/// Short codes beside the vectors: searches that need not be exact find nearly all that exact ones find, with the same scores, never fewer records than there are; what was set later, removed,
/// expired or damaged is met rightly.
/// </summary>
public sealed class ShortCodeTests
{
    private const int Dimension = 48;
    private const int Count = 4000;

    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    [InlineData(Metric.L2)]
    public void NearlyAllIsFoundWithTheRightScores(Metric metric)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Fill(store, metric);
        Assert.Equal(Count / 32 * 32, cache.GetInfo().ShortCodeCount);
        double found = 0;
        var random = new Random(1);
        for (int round = 0; round < 40; round++)
        {
            float[] query = Vector(random.Next(Count), metric, noise: 0.5f);
            IReadOnlyList<SimilarEmbedding> exact = cache.FindSimilar(query, new SearchOptions { Exact = true });
            Assert.NotEqual(SearchPlanKind.CodeScan, cache.LastSearchPlan!.Kind);
            IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, new SearchOptions());
            Assert.Equal(SearchPlanKind.CodeScan, cache.LastSearchPlan!.Kind);
            Assert.InRange(cache.LastSearchPlan.ScoredCount, 100, 132);
            Assert.Equal(10, hits.Count);
            var scores = exact.ToDictionary(hit => hit.Embedding.Key!, hit => hit.Score);
            foreach (SimilarEmbedding hit in hits.Where(hit => scores.ContainsKey(hit.Embedding.Key!)))
            {
                found++;
                Assert.Equal(scores[hit.Embedding.Key!], hit.Score);
            }
        }

        Assert.InRange(found / 400, 0.97, 1);
    }

    /// <summary>Measured was an exact search, twice, where searches read short codes.</summary>
    [Fact]
    public void MeasuredIsTheSearchThatSearchesAre()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Fill(store, Metric.Cosine);
        RecallReport report = cache.MeasureRecall(new RecallOptions { SampleCount = 5, EfSearch = [500] }, null, default);
        Assert.NotEqual(SearchPlanKind.CodeScan, report.Exact.Plan!.Kind);
        Assert.All(report.Points, static point => Assert.Equal(SearchPlanKind.CodeScan, point.Plan!.Kind));
        Assert.True(report.Points[1].Plan!.ScoredCount > report.Points[0].Plan!.ScoredCount);
    }

    [Fact]
    public void WhatChangedSinceIsMetRightly()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Fill(store, Metric.Cosine);
        float[] query = Vector(5, Metric.Cosine);
        List<string> before = [.. cache.FindSimilar(query, new SearchOptions()).Select(hit => hit.Embedding.Key!)];
        Assert.Equal("5", before[0]);
        foreach (string key in before.Take(5))
        {
            Assert.True(cache.Remove(key));
        }

        cache.Set("later", query);
        IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, new SearchOptions());
        Assert.Equal(SearchPlanKind.CodeScan, cache.LastSearchPlan!.Kind);
        Assert.Equal("later", hits[0].Embedding.Key);
        Assert.Equal(10, hits.Count);
        Assert.DoesNotContain(hits, hit => before.Take(5).Contains(hit.Embedding.Key));
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ExpiredRecordsTakeNobodysPlace()
    {
        using var store = new TestStore();
        using (EmbeddingCache cache = store.Create(Dimension, Metric.Cosine))
        {
            cache.Set(Enumerable.Range(0, 400).Select(i => new EmbeddingEntry($"{i}", Vector(i, Metric.Cosine)) { Expires = i < 390 ? store.Time.AddDays(1) : null }));
            cache.Optimize(new OptimizeOptions { ShortCodes = true }, null, default);
            store.Now += (long)TimeSpan.FromDays(2).TotalMilliseconds;
            Assert.Equal(10, cache.FindSimilar(Vector(3, Metric.Cosine), new SearchOptions { Top = 20 }).Count);
            Assert.Equal(10, cache.FindSimilar(Vector(3, Metric.Cosine), new SearchOptions { Top = 10 }).Count);
        }
    }

    [Fact]
    public void EveryRecordCanBeAskedFor()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Fill(store, Metric.L2);
        Assert.Equal(Count, cache.FindSimilar(Vector(1, Metric.L2), new SearchOptions { Top = int.MaxValue }).Count);
        Assert.Equal(Count - 1, cache.FindSimilar(Vector(1, Metric.L2), new SearchOptions { Top = Count - 1 }).Count);
        IReadOnlyList<SimilarEmbedding> near = cache.FindSimilar(Vector(1, Metric.L2), new SearchOptions { MinimumScore = -0.5, EfSearch = 500 });
        Assert.All(near, hit => Assert.True(hit.Score >= -0.5));
        Assert.InRange(cache.LastSearchPlan!.ScoredCount, 500, 532);
    }

    [Fact]
    public void CompactionsKeepThemUntilTheyAreSwitchedOff()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Fill(store, Metric.Cosine);
        cache.Set("later", Vector(1, Metric.Cosine));
        cache.Compact();
        Assert.Equal((Count + 1) / 32 * 32, cache.GetInfo().ShortCodeCount);
        StoreContent.AssertValid(cache);
        cache.Optimize(new OptimizeOptions { ShortCodes = false }, null, default);
        Assert.Equal(0, cache.GetInfo().ShortCodeCount);
        cache.FindSimilar(Vector(1, Metric.Cosine), new SearchOptions());
        Assert.NotEqual(SearchPlanKind.CodeScan, cache.LastSearchPlan!.Kind);
    }

    [Fact]
    public void TheyServeCompressedFilesToo()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Fill(store, Metric.Cosine);
        cache.Optimize(new OptimizeOptions { Compression = VectorCompression.Int8 }, null, default);
        Assert.Equal(Count / 32 * 32, cache.GetInfo().ShortCodeCount);
        StoreContent.AssertValid(cache);
        Assert.Equal("77", cache.FindSimilar(Vector(77, Metric.Cosine), new SearchOptions())[0].Embedding.Key);
        Assert.Equal(SearchPlanKind.CodeScan, cache.LastSearchPlan!.Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(63)]
    public void TooFewVectorsHaveNone(int count)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        cache.Set(Enumerable.Range(0, count).Select(i => new EmbeddingEntry($"{i}", Vector(i, Metric.Cosine))));
        cache.Optimize(new OptimizeOptions { ShortCodes = true }, null, default);
        Assert.Equal(0, cache.GetInfo().ShortCodeCount);
        Assert.Equal(Math.Min(10, count), cache.FindSimilar(Vector(0, Metric.Cosine), new SearchOptions()).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(31)]
    public void AnyDimensionAndIdenticalVectorsWork(int dimension)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(dimension, Metric.L2);
        float[] vector = [.. Enumerable.Range(1, dimension).Select(i => (float)i)];
        cache.Set(Enumerable.Range(0, 100).Select(i => new EmbeddingEntry($"{i}", vector)));
        cache.Optimize(new OptimizeOptions { ShortCodes = true }, null, default);
        Assert.Equal(96, cache.GetInfo().ShortCodeCount);
        IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(vector, new SearchOptions());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), hits.Select(hit => hit.Embedding.Key));
        Assert.All(hits, hit => Assert.Equal(0, hit.Score));
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void DamagedOnesAreDoneWithoutAndReported()
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine).Dispose();
        byte[] bytes = store.Bytes();

        // The last Codes section of the file; its header is at a unit, its kind 21, its codebook 3.
        int frame = Enumerable.Range(0, bytes.Length / 64).Select(unit => unit * 64).Last(offset => bytes[offset] == 21 && bytes[offset + 22] == 64 && bytes[offset + 54] == 3);
        bytes[frame + 64 + 5000] ^= 0x40;
        File.WriteAllBytes(store.Path, bytes);
        using EmbeddingCache cache = store.Open();
        float[] query = Vector(8, Metric.Cosine);
        Assert.Equal("8", cache.FindSimilar(query, new SearchOptions())[0].Embedding.Key);
        Assert.NotEqual(SearchPlanKind.CodeScan, cache.LastSearchPlan!.Kind);
        Assert.Contains(cache.Verify().Problems, problem => problem.Description.Contains("Codes section is damaged", StringComparison.Ordinal));
        cache.Compact();
        StoreContent.AssertValid(cache);
        cache.FindSimilar(query, new SearchOptions());
        Assert.Equal(SearchPlanKind.CodeScan, cache.LastSearchPlan!.Kind);
    }

    [Fact]
    public void TablesOfBytesStandForProductsWithinHalfAStepForEachSubspace()
    {
        float[] sample = TestData.Directions(200, Dimension, 2);
        ProductQuantizer quantizer = new ProductTrainer(Dimension, 23, 4, 1).Train(sample);
        float[] query = TestVectors.Random(new Random(3), Dimension);
        var tables = new NibbleTables(quantizer, query);
        byte[] code = new byte[quantizer.CodeByteLength];
        float[] decoded = new float[Dimension];
        for (int row = 0; row < 200; row++)
        {
            quantizer.Encode(sample.AsSpan(row * Dimension, Dimension).ToArray(), code);
            quantizer.Decode(code, decoded);
            int sum = 0;
            for (int m = 0; m < 23; m++)
            {
                sum += tables.Bytes[(m * 16) + quantizer.CodeAt(code, m)];
            }

            Assert.Equal(WideKernels.Dot(query, decoded), tables.Start + (tables.Step * sum), (23 * 0.51 * tables.Step) + 1e-5);
        }
    }

    private static EmbeddingCache Fill(TestStore store, Metric metric)
    {
        EmbeddingCache cache = store.Create(Dimension, metric);
        cache.Set(Enumerable.Range(0, Count).Select(i => new EmbeddingEntry(i.ToString(CultureInfo.InvariantCulture), Vector(i, metric))));
        cache.Optimize(new OptimizeOptions { ShortCodes = true }, null, default);
        return cache;
    }

    /// <summary>Around forty centres.</summary>
    private static float[] Vector(int number, Metric metric, float noise = 0.4f)
    {
        float[] centre = TestVectors.Random(new Random(1000 + (number % 40)), Dimension);
        float[] own = TestVectors.Random(new Random(number), Dimension);
        float length = metric == Metric.Cosine ? 1 : 1 + (number % 3 * 0.1f);
        return [.. centre.Select((element, i) => (element + (noise * own[i])) * length)];
    }
}
