using System.Globalization;
using EmbedCache.Numerics;
using EmbedCache.Tests.Numerics;
using static EmbedCache.Tests.Engine.CompressionWorld;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Files that keep codes instead of vectors: what Get gives is near what was set, search finds what brute force over the decoded vectors finds, the loss is what can be measured from
/// outside, everything else about the records stays, and compressing again costs nothing again.
/// </summary>
public sealed class CompressionTests
{
    public static TheoryData<VectorCompression, double?, Metric, double> Kinds
    {
        get
        {
            var data = new TheoryData<VectorCompression, double?, Metric, double>();
            foreach (Metric metric in new[] { Metric.Cosine, Metric.Dot, Metric.L2 })
            {
                data.Add(VectorCompression.Float16, null, metric, 0.0005);
                data.Add(VectorCompression.Int8, null, metric, 0.01);
                data.Add(VectorCompression.PQ, null, metric, 0.35);
                data.Add(VectorCompression.PQ, 4, metric, 0.2);
                data.Add(VectorCompression.Binary, 1, metric, 0.6);
                data.Add(VectorCompression.Binary, null, metric, 0.4);
                data.Add(VectorCompression.Binary, 4, metric, 0.12);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void WhatIsKeptIsNearAndTheLossIsMeasured(VectorCompression compression, double? bits, Metric metric, double bound)
    {
        using var store = new TestStore();
        Dictionary<string, float[]> given = Fill(store, metric);
        long before = new FileInfo(store.Path).Length;
        using EmbeddingCache cache = store.Open();
        OptimizeReport report = Compress(cache, compression, bits);
        StoreContent.AssertValid(cache);

        double residuals = 0;
        double largest = 0;
        double cosines = 0;
        foreach ((string key, float[] vector) in given)
        {
            float[] kept = cache.Get(key)!.Vector.ToArray();
            double norm = VectorNorm.Norm(vector);
            double residual = Math.Sqrt(WideKernels.SquaredL2(vector, kept)) / norm;
            residuals += residual;
            largest = Math.Max(largest, residual);
            cosines += WideKernels.Dot(vector, kept) / norm / VectorNorm.Norm(kept);
        }

        Assert.InRange(residuals / Count, 1e-9, bound);
        foreach (CompressionLoss? loss in new[] { report.Loss, cache.GetInfo().Loss })
        {
            Assert.NotNull(loss);
            Assert.Equal(Count, loss.Count);
            Assert.Equal(residuals / Count, loss.MeanResidual, 1e-9);
            Assert.Equal(largest, loss.MaxResidual, 1e-9);
            Assert.Equal(cosines / Count, loss.MeanCosine, 1e-9);
        }

        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.Equal(compression, report.Compression);
        Assert.Equal(compression, info.Compression);
        Assert.Equal(bits ?? (compression == VectorCompression.Float16 ? 16 : compression == VectorCompression.Int8 ? 8 : 2), info.BitsPerElement);
        Assert.Equal("m", cache.Model);
        Assert.True(compression is VectorCompression.PQ || report.ByteLengthAfter < before, $"{before} to {report.ByteLengthAfter}");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void SearchFindsWhatBruteForceFindsInTheDecodedVectors(VectorCompression compression, double? bits, Metric metric, double bound)
    {
        _ = bound;
        using var store = new TestStore();
        Fill(store, metric);
        using EmbeddingCache cache = store.Open();
        Compress(cache, compression, bits);
        Set(cache, Enumerable.Range(Count, 40), metric);
        var kept = cache.Enumerate().Select(record => (record.Key!, Vector: record.Vector.ToArray())).ToList();
        Assert.Equal(Count + 40, kept.Count);
        var random = new Random(7);
        for (int round = 0; round < 20; round++)
        {
            float[] query = round % 2 == 0 ? TestVectors.Random(random, Dimension) : kept[random.Next(kept.Count)].Vector;
            List<(string Key, double Score)> expected = [.. kept.Select(record => (record.Item1, Score(metric, query, record.Vector))).OrderByDescending(pair => pair.Item2)];
            foreach (int top in new[] { 1, 10, 100 })
            {
                IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, top);
                Assert.Equal(top, hits.Count);
                for (int i = 0; i < top; i++)
                {
                    // Records with one code have one score, and change places with rounding.
                    Assert.Equal(expected[i].Score, hits[i].Score, 2e-5 * Math.Max(1, Math.Abs(expected[i].Score)));
                }
            }
        }
    }

    [Theory]
    [InlineData(VectorCompression.Float16)]
    [InlineData(VectorCompression.Int8)]
    [InlineData(VectorCompression.PQ)]
    [InlineData(VectorCompression.Binary)]
    public void EverythingElseAboutRecordsStays(VectorCompression compression)
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using EmbeddingCache cache = store.Open();
        var metadata = new EmbeddingMetadata([new("lang", "de"), new("year", 2024L)]);
        cache.Set("role", TestVectors.Random(new Random(1), Dimension), metadata, EmbeddingRole.Query, store.Time.AddDays(3));
        cache.Set("touched", TestVectors.Random(new Random(2), Dimension));
        store.Now += 1000;
        Assert.True(cache.Touch("touched", store.Time.AddDays(2), metadata));
        Assert.True(cache.Remove("5"));
        var before = cache.Enumerate().Select(record => $"{record.Key} {record.Role} {record.Metadata} {record.Created:O} {record.Expires:O}").ToList();
        Compress(cache, compression);
        Assert.Equal(before, cache.Enumerate().Select(record => $"{record.Key} {record.Role} {record.Metadata} {record.Created:O} {record.Expires:O}"));
        StoreContent.AssertValid(cache);

        Assert.True(cache.Touch("7", null, metadata));
        Assert.Equal(metadata, cache.Get("7")!.Metadata);
        float[] copied = new float[Dimension];
        Assert.True(cache.TryGet("7", copied));
        Assert.Equal(cache.Get("7")!.Vector.ToArray(), copied);
        Assert.True(cache.TryGet("7", out EmbeddingLease lease));
        Assert.Equal(copied, lease.Vector.ToArray());
        lease.Dispose();
        StoreContent.AssertValid(cache);
    }

    [Theory]
    [InlineData(VectorCompression.Float16)]
    [InlineData(VectorCompression.Int8)]
    [InlineData(VectorCompression.PQ)]
    [InlineData(VectorCompression.Binary)]
    public void CompressingAgainLosesNothingAgain(VectorCompression compression)
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using EmbeddingCache cache = store.Open();
        Compress(cache, compression);
        SortedDictionary<string, string> content = StoreContent.Of(cache);
        CompressionLoss loss = cache.GetInfo().Loss!;

        cache.Compact();
        Assert.Equal(content, StoreContent.Of(cache));
        Compress(cache, compression);
        Assert.Equal(content, StoreContent.Of(cache));
        Assert.Equal(loss.MeanResidual, cache.GetInfo().Loss!.MeanResidual, 1e-12);
        Assert.Equal(loss.Count, cache.GetInfo().Loss!.Count);

        OptimizeReport report = Compress(cache, VectorCompression.None);
        Assert.Equal(content, StoreContent.Of(cache));
        Assert.Null(report.Loss);
        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.Equal((VectorCompression.None, 32.0), (info.Compression, info.BitsPerElement));
        Assert.Null(info.Loss);
        StoreContent.AssertValid(cache);

        // From here on vectors are kept as they are given.
        float[] vector = TestVectors.Random(new Random(3), Dimension);
        cache.Set("new", vector);
        Assert.Equal(vector, cache.Get("new")!.Vector.ToArray());
    }

    [Fact]
    public void OneCompressionFollowsAnother()
    {
        using var store = new TestStore();
        Fill(store, Metric.L2);
        using EmbeddingCache cache = store.Open();
        foreach ((VectorCompression compression, double? bits) in new (VectorCompression, double?)[]
        {
            (VectorCompression.Int8, null), (VectorCompression.PQ, 4), (VectorCompression.PQ, 8), (VectorCompression.Binary, 4), (VectorCompression.Float16, null),
        })
        {
            Compress(cache, compression, bits);
            StoreContent.AssertValid(cache);
            Assert.Equal(compression, cache.GetInfo().Compression);
            Assert.Equal(Count, cache.GetInfo().Count);
        }
    }

    [Theory]
    [InlineData(VectorCompression.Float16)]
    [InlineData(VectorCompression.Int8)]
    [InlineData(VectorCompression.PQ)]
    [InlineData(VectorCompression.Binary)]
    public void LaterRecordsAreEncodedLikewise(VectorCompression compression)
    {
        using var store = new TestStore();
        Fill(store, Metric.Cosine);
        using (EmbeddingCache cache = store.Open())
        {
            Compress(cache, compression);
        }

        float[] vector = Vector(Count + 5, Metric.Cosine);
        using (EmbeddingCache cache = store.Open())
        {
            cache.Set("later", vector);
            float[] kept = cache.Get("later")!.Vector.ToArray();
            Assert.NotEqual(vector, kept);
            Assert.InRange(WideKernels.Dot(vector, kept) / VectorNorm.Norm(vector) / VectorNorm.Norm(kept), 0.8, 0.99999999);
        }

        using (EmbeddingCache cache = store.Open(readOnly: true))
        {
            Assert.NotEqual(vector, cache.Get("later")!.Vector.ToArray());
            StoreContent.AssertValid(cache);
        }
    }

    [Fact]
    public void WhatACodebookWasNotLearnedForIsKeptAsItIs()
    {
        using var store = new TestStore();
        using (EmbeddingCache cache = store.Create(Dimension, Metric.Cosine))
        {
            // All in one plane: the codebook knows no other direction.
            cache.Set(Enumerable.Range(0, Count).Select(i =>
            {
                float[] vector = new float[Dimension];
                (vector[0], vector[1]) = (1 + (i % 50), 1 + (i / 50));
                return new EmbeddingEntry($"{i}", vector);
            }));
            Compress(cache, VectorCompression.PQ);
            float[] other = TestVectors.Random(new Random(4), Dimension);
            cache.Set("other", other);
            Assert.Equal(other, cache.Get("other")!.Vector.ToArray());
            StoreContent.AssertValid(cache);
            Assert.Equal("other", Assert.Single(cache.FindSimilar(other, 1)).Embedding.Key);

            // Once compacted with the same codebook it is still one that the codebook does not fit, and learning anew takes it in.
            cache.Compact();
            Assert.Equal(Count + 1, cache.GetInfo().Count);
            StoreContent.AssertValid(cache);
        }
    }

    [Theory]
    [InlineData(VectorCompression.Float16)]
    [InlineData(VectorCompression.Int8)]
    [InlineData(VectorCompression.PQ)]
    [InlineData(VectorCompression.Binary)]
    public void ExtremesAreKeptOneWayOrTheOther(VectorCompression compression)
    {
        foreach (Metric metric in new[] { Metric.Cosine, Metric.Dot, Metric.L2 })
        {
            using var store = new TestStore();
            Fill(store, metric);
            using EmbeddingCache cache = store.Open();
            Compress(cache, compression);
            var given = new Dictionary<string, float[]>
            {
                ["huge"] = Repeat(1e37f),
                ["greatest"] = [float.MaxValue, .. new float[Dimension - 1]],
                ["small"] = Repeat(1e-30f),
                ["least"] = Repeat(float.Epsilon * 1000),
            };
            if (metric == Metric.Cosine)
            {
                given["least"] = Repeat(1e-37f);
            }
            else
            {
                given["zero"] = new float[Dimension];
            }

            foreach ((string key, float[] vector) in given)
            {
                cache.Set(key, vector);
                float[] kept = cache.Get(key)!.Vector.ToArray();
                Assert.All(kept, element => Assert.True(float.IsFinite(element)));
                Assert.InRange(Math.Sqrt(WideKernels.SquaredL2(vector, kept)), 0, 0.95 * VectorNorm.Norm(vector));
            }

            StoreContent.AssertValid(cache);
            Assert.Equal(Count + given.Count, cache.FindSimilar(Repeat(1), int.MaxValue).Count);
            Compress(cache, compression, compression is VectorCompression.PQ or VectorCompression.Binary ? 4 : null);
            StoreContent.AssertValid(cache);
            Assert.Equal(Count + given.Count, cache.GetInfo().Count);
        }
    }

    [Fact]
    public void TheSameFileCompressesToTheSameBytes()
    {
        var files = new List<byte[]>();
        for (int round = 0; round < 2; round++)
        {
            using var store = new TestStore();
            Fill(store, Metric.Cosine);
            using (EmbeddingCache cache = store.Open())
            {
                Compress(cache, VectorCompression.PQ);
            }

            files.Add(store.Bytes());
        }

        Assert.Equal(files[0], files[1]);
    }
}
