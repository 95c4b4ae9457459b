using EmbedCache.Numerics;
using EmbedCache.Tests.Numerics;
using static EmbedCache.Tests.Engine.CompressionWorld;

namespace EmbedCache.Tests.Engine;

/// <summary>PQ of rotated vectors, and what may be changed of a compression without naming it again.</summary>
public sealed class RotatedCompressionTests
{
    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    [InlineData(Metric.L2)]
    public void SearchFindsWhatBruteForceFindsInTheDecodedVectors(Metric metric)
    {
        using var store = new TestStore();
        Fill(store, metric);
        using EmbeddingCache cache = store.Open();
        cache.Optimize(Rotated(), null, default);
        Assert.True(cache.GetInfo().IsRotated);
        Set(cache, Enumerable.Range(Count, 40), metric);
        StoreContent.AssertValid(cache);
        float[][] kept = [.. cache.Enumerate().Select(static record => record.Vector.ToArray())];
        var random = new Random(7);
        for (int round = 0; round < 10; round++)
        {
            float[] query = TestVectors.Random(random, Dimension);
            double[] expected = [.. kept.Select(vector => Score(metric, query, vector)).OrderByDescending(static score => score).Take(10)];
            IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, 10);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], hits[i].Score, 2e-5 * Math.Max(1, Math.Abs(expected[i])));
            }
        }
    }

    [Fact]
    public void ItStaysUntilItIsTakenBack()
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using EmbeddingCache cache = store.Open();
        cache.Optimize(Rotated(), null, default);
        SortedDictionary<string, string> content = StoreContent.Of(cache);
        cache.Compact();
        Compress(cache, VectorCompression.PQ);
        Assert.Equal(content, StoreContent.Of(cache));
        Assert.True(cache.GetInfo().IsRotated);

        cache.Optimize(new OptimizeOptions { Rotate = false }, null, default);
        Assert.False(cache.GetInfo().IsRotated);
        Assert.NotEqual(content, StoreContent.Of(cache));
        Compress(cache, VectorCompression.None);
        Assert.False(cache.GetInfo().IsRotated);
        StoreContent.AssertValid(cache);
    }

    /// <summary>
    /// What it is for: a vector with all of its length in one element comes after centroids were learned from vectors whose elements are alike. As it is it is like none of these, and is
    /// kept whole; rotated it is like any other.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void VectorsUnlikeThoseLearnedFromAreCodesToo(bool rotate)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        cache.Set(Enumerable.Range(0, Count).Select(static i => new EmbeddingEntry($"{i}", TestVectors.Random(new Random(i), Dimension))));
        double most = cache.Optimize(new OptimizeOptions { Compression = VectorCompression.PQ, Rotate = rotate }, null, default).Loss!.MaxResidual;
        for (int at = 0; at < Dimension; at++)
        {
            float[] spike = [.. Enumerable.Range(0, Dimension).Select(i => i == at ? 1f : 0f)];
            cache.Set($"spike {at}", spike);
            double residual = Math.Sqrt(WideKernels.SquaredL2(spike, cache.Get($"spike {at}")!.Vector.Span));
            Assert.True(rotate ? residual > 0 && residual < 1.5 * most : residual == 0, $"{at}: {residual}, {most} at most among those learned from");
        }
    }

    [Theory]
    [InlineData(VectorCompression.None, "each element by itself")]
    [InlineData(VectorCompression.Int8, "each element by itself")]
    [InlineData(VectorCompression.Binary, "always rotates")]
    public void NothingElseTakesIt(VectorCompression compression, string says)
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using EmbeddingCache cache = store.Open();
        var error = Assert.Throws<ArgumentException>(() => cache.Optimize(new OptimizeOptions { Compression = compression, Rotate = true }, null, default));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, cache.GetInfo().Generation);
    }

    /// <summary>Other bits without the compression named again were written down, and the codes left as they were.</summary>
    [Theory]
    [InlineData(VectorCompression.PQ, 4)]
    [InlineData(VectorCompression.Binary, 4)]
    public void OtherBitsAreOtherCodes(VectorCompression compression, double bits)
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using EmbeddingCache cache = store.Open();
        Compress(cache, compression, 1);
        int before = CodeLength(cache);
        cache.Optimize(new OptimizeOptions { BitsPerElement = bits }, null, default);
        Assert.Equal(bits, cache.GetInfo().BitsPerElement);
        Assert.True(CodeLength(cache) > before);
        StoreContent.AssertValid(cache);
    }

    private static OptimizeOptions Rotated() => new() { Compression = VectorCompression.PQ, BitsPerElement = 4, Rotate = true };

    private static int CodeLength(EmbeddingCache cache)
    {
        EmbedCache.Engine.Snapshot snapshot = cache.Store.Acquire();
        try
        {
            return snapshot.Log.Codebook.CodeByteLength;
        }
        finally
        {
            snapshot.Release();
        }
    }
}
