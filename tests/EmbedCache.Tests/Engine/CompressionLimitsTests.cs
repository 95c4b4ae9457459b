using System.Globalization;
using EmbedCache.Numerics;
using EmbedCache.Tests.Numerics;
using static EmbedCache.Tests.Engine.CompressionWorld;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Compressing where it is hardly or not at all possible: too few vectors, any dimension, options that there are not, cancelled, with a damaged codebook, with other handles open,
/// with the power lost at any call.
/// </summary>
public sealed class CompressionLimitsTests
{
    [Fact]
    public void TooFewVectorsForACodebookAreAClearErrorAndCostNothing()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension);
        Set(cache, Enumerable.Range(0, 10), Metric.Dot);
        byte[] before = store.Bytes();
        var error = Assert.Throws<CompressionException>(() => Compress(cache, VectorCompression.PQ));
        Assert.Contains("at least 64", error.Message, StringComparison.Ordinal);
        Assert.Contains("has 10", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, store.Bytes());
        Assert.Equal(10, cache.GetInfo().Count);
        Compress(cache, VectorCompression.Binary);
        Assert.Equal(10, cache.GetInfo().Loss!.Count);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void AFewVectorsAreCutFinerWithFewerCentroids()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        Set(cache, Enumerable.Range(0, 64), Metric.Cosine);
        Assert.InRange(Compress(cache, VectorCompression.PQ).Loss!.MeanResidual, 0.01, 0.35);
        Set(cache, Enumerable.Range(64, 10), Metric.Cosine);
        StoreContent.AssertValid(cache);
        Assert.Equal("3", Assert.Single(cache.FindSimilar(Vector(3, Metric.Cosine), 1)).Embedding.Key);
    }

    [Fact]
    public void AnEmptyFileTakesWhatNeedsNoLearning()
    {
        foreach (VectorCompression compression in new[] { VectorCompression.Float16, VectorCompression.Int8, VectorCompression.Binary })
        {
            using var store = new TestStore();
            using EmbeddingCache cache = store.Create(Dimension);
            Assert.Null(Compress(cache, compression).Loss);
            Assert.Equal(compression, cache.GetInfo().Compression);
            float[] vector = Vector(1, Metric.Dot);
            cache.Set("a", vector);
            Assert.NotEqual(vector, cache.Get("a")!.Vector.ToArray());
            Assert.Equal("a", Assert.Single(cache.FindSimilar(vector)).Embedding.Key);
            StoreContent.AssertValid(cache);
        }
    }

    [Fact]
    public void IdenticalVectorsAreKeptAlmostExactly()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.L2);
        float[] vector = TestVectors.Random(new Random(5), Dimension);
        cache.Set(Enumerable.Range(0, 1100).Select(i => new EmbeddingEntry($"{i}", vector)));
        foreach (VectorCompression compression in new[] { VectorCompression.PQ, VectorCompression.Binary })
        {
            OptimizeReport report = Compress(cache, compression);
            Assert.InRange(report.Loss!.MaxResidual, 0, 1e-6);
            Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), cache.FindSimilar(vector, 10).Select(hit => hit.Embedding.Key));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(13)]
    [InlineData(65)]
    public void AnyDimensionCanBeCut(int dimension)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(dimension, Metric.L2);
        var random = new Random(6);
        cache.Set(Enumerable.Range(0, 1100).Select(i => new EmbeddingEntry($"{i}", TestVectors.Random(random, dimension))));
        foreach ((VectorCompression compression, double? bits) in new (VectorCompression, double?)[] { (VectorCompression.PQ, null), (VectorCompression.PQ, 8), (VectorCompression.Binary, 1) })
        {
            Compress(cache, compression, bits);
            StoreContent.AssertValid(cache);
            Assert.Equal(5, cache.FindSimilar(TestVectors.Random(random, dimension), 5).Count);
        }
    }

    [Theory]
    [InlineData(VectorCompression.PQ, 0.0)]
    [InlineData(VectorCompression.PQ, 8.5)]
    [InlineData(VectorCompression.PQ, double.NaN)]
    [InlineData(VectorCompression.Binary, 3.0)]
    [InlineData(VectorCompression.Int8, 8.0)]
    [InlineData(VectorCompression.None, 2.0)]
    [InlineData((VectorCompression)9, null)]
    public void WhatCannotBeIsRefused(VectorCompression compression, double? bits)
    {
        using var store = new TestStore();
        Fill(store, Metric.Dot);
        using EmbeddingCache cache = store.Open();
        byte[] before = store.Bytes();
        Assert.Throws<ArgumentOutOfRangeException>(() => Compress(cache, compression, bits));
        Assert.Equal(before, store.Bytes());
    }

    [Fact]
    public void CompressionNeedsACompaction()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create();
        Assert.Throws<ArgumentException>(() => cache.Optimize(new OptimizeOptions { Compact = false, Compression = VectorCompression.Int8 }, null, default));
    }

    [Fact]
    public void CancellingWhileLearningLeavesTheFile()
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using EmbeddingCache cache = store.Open();
        byte[] before = store.Bytes();
        using var source = new CancellationTokenSource();
        var progress = new Handler(stage =>
        {
            if (stage == OptimizeStage.Learning)
            {
                source.Cancel();
            }
        });
        Assert.ThrowsAny<OperationCanceledException>(() => cache.Optimize(new OptimizeOptions { Compression = VectorCompression.PQ }, progress, source.Token));
        Assert.Equal(before, store.Bytes());
        Assert.False(File.Exists(store.Path + ".compact"));
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ADamagedCodebookIsReportedAndTheRestIsStillThere()
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using (EmbeddingCache cache = store.Open())
        {
            Compress(cache, VectorCompression.PQ);
        }

        byte[] bytes = store.Bytes();
        bytes[12_288 + 64 + 64 + 5000] ^= 1;
        File.WriteAllBytes(store.Path, bytes);
        using (EmbeddingCache cache = store.Open())
        {
            Assert.Equal(Count, cache.GetInfo().Count);
            Assert.Throws<CorruptFileException>(() => cache.Get("3"));
            Assert.Throws<CorruptFileException>(() => cache.FindSimilar(Vector(1, Metric.Cosine)));
            Assert.Throws<CorruptFileException>(() => cache.Set("new", Vector(2, Metric.Cosine)));
            VerifyReport report = cache.Verify();
            Assert.Contains(report.Problems, problem => problem.Description.Contains("Codebook", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void OtherHandlesGoOverToTheCompressedFile()
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using EmbeddingCache reader = store.Open(readOnly: true);
        float[] before = reader.Get("9")!.Vector.ToArray();
        using EmbeddingCache writer = store.Open();
        Compress(writer, VectorCompression.PQ);
        Assert.Equal(VectorCompression.PQ, reader.GetInfo().Compression);
        Assert.NotEqual(before, reader.Get("9")!.Vector.ToArray());
        Compress(writer, VectorCompression.Binary, 4);
        Assert.Equal(writer.Get("9")!.Vector.ToArray(), reader.Get("9")!.Vector.ToArray());
    }

    /// <summary>A compression that dies anywhere leaves the file as it was or compressed, each whole.</summary>
    [Theory]
    [InlineData(VectorCompression.PQ)]
    [InlineData(VectorCompression.Binary)]
    public void CompressionMayLosePowerAtAnyCall(VectorCompression compression)
    {
        var memory = new MemoryFileSystem();
        var first = new TestStore(memory);
        using (EmbeddingCache cache = first.Create(Dimension, Metric.Cosine))
        {
            Set(cache, Enumerable.Range(0, 64), Metric.Cosine);
        }

        byte[] bytes = memory.Read(first.Path);
        var seen = new HashSet<VectorCompression>();
        for (int at = 1; at < 40; at++)
        {
            var failing = new MemoryFileSystem { PowerLossAt = at };
            failing.Put(first.Path, bytes);
            try
            {
                using EmbeddingCache cache = new TestStore(failing).Open();
                cache.Optimize(new OptimizeOptions { Compression = compression, ShortCodes = true }, null, default);
            }
            catch (PowerLostException)
            {
            }

            MemoryFileSystem disk = failing.Survivor(new Random(at));
            using (EmbeddingCache cache = new TestStore(disk).Open())
            {
                EmbeddingCacheInfo info = cache.GetInfo();
                seen.Add(info.Compression);
                Assert.Equal(64, info.Count);
                Assert.Equal(info.Compression == compression ? 64 : 0, info.ShortCodeCount);
                Assert.Equal(info.Compression == compression, !cache.Get("7")!.Vector.Span.SequenceEqual(Vector(7, Metric.Cosine)));
                cache.Set("after", Vector(99, Metric.Cosine));
                StoreContent.AssertValid(cache);
            }
        }

        Assert.Equal([VectorCompression.None, compression], seen.Order());
    }
}
