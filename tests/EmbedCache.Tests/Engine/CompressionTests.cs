using System.Globalization;
using EmbedCache.Numerics;
using EmbedCache.Tests.Numerics;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Files that keep codes instead of vectors: what Get gives is near what was set, search finds what brute force over the decoded vectors finds, the loss is what can be measured from
/// outside, everything else about the records stays, and compressing again costs nothing again.
/// </summary>
public sealed class CompressionTests
{
    private const int Dimension = 30;
    private const int Count = 1300;

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

    private static Dictionary<string, float[]> Fill(TestStore store, Metric metric)
    {
        using EmbeddingCache cache = store.Create(Dimension, metric, options => options.Model = "m");
        return Set(cache, Enumerable.Range(0, Count), metric);
    }

    private static Dictionary<string, float[]> Set(EmbeddingCache cache, IEnumerable<int> numbers, Metric metric)
    {
        var vectors = numbers.ToDictionary(number => number.ToString(CultureInfo.InvariantCulture), number => Vector(number, metric));
        cache.Set(vectors.Select(pair => new EmbeddingEntry(pair.Key, pair.Value)));
        return vectors;
    }

    /// <summary>Around ten centres; of any length where length counts.</summary>
    private static float[] Vector(int number, Metric metric)
    {
        float[] centre = TestVectors.Random(new Random(1000 + (number % 10)), Dimension);
        float[] noise = TestVectors.Random(new Random(number), Dimension);
        float length = metric == Metric.Cosine ? 1 : 1 + (number % 7);
        return [.. centre.Select((element, i) => (element + (0.4f * noise[i])) * length)];
    }

    private static float[] Repeat(float element) => [.. Enumerable.Repeat(element, Dimension)];

    private static OptimizeReport Compress(EmbeddingCache cache, VectorCompression compression, double? bits = null)
        => cache.Optimize(new OptimizeOptions { Compression = compression, BitsPerElement = bits }, null, default);

    private static double Score(Metric metric, float[] query, float[] vector) => metric switch
    {
        Metric.Cosine => WideKernels.Dot(query, vector) / VectorNorm.Norm(query) / VectorNorm.Norm(vector),
        Metric.Dot => WideKernels.Dot(query, vector),
        _ => -Math.Sqrt(WideKernels.SquaredL2(query, vector)),
    };

    private sealed class Handler(Action<OptimizeStage> handle) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => handle(value.Stage);
    }
}
