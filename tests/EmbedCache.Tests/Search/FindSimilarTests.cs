using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Search;

/// <summary>
/// Proves that FindSimilar is exact: against a plain computation in double over a model of the store, on random and on integer vectors (where every
/// score is exact, so that ties are real and must break by record order), with records that were overwritten, touched, removed and expired, in
/// tail, index and both, for each metric, with any number of threads.
/// </summary>
public sealed class FindSimilarTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(Metric.Cosine, 1)]
    [InlineData(Metric.Dot, 1)]
    [InlineData(Metric.L2, 1)]
    [InlineData(Metric.Cosine, 3)]
    [InlineData(Metric.Dot, 3)]
    [InlineData(Metric.L2, 3)]
    [InlineData(Metric.Cosine, 65)]
    [InlineData(Metric.Dot, 65)]
    [InlineData(Metric.L2, 65)]
    [InlineData(Metric.Cosine, 512)]
    public void EqualsBruteForceThroughEveryKindOfChange(Metric metric, int dimension)
    {
        var random = new Random((dimension * 10) + (int)metric);
        var model = new List<(string Key, float[] Vector, long Expires)>();
        using EmbeddingCache cache = _store.Create(dimension, metric);
        using EmbeddingCache threads2 = _store.Open(readOnly: true, configure: static options => options.SearchThreads = 2);
        using EmbeddingCache threads5 = _store.Open(readOnly: true, configure: static options => options.SearchThreads = 5);
        for (int round = 0; round < 8; round++)
        {
            for (int i = 0; i < 60; i++)
            {
                Change(cache, model, random, dimension);
            }

            if (round % 3 == 1)
            {
                cache.Checkpoint();
            }

            if (round == 6)
            {
                cache.Compact();
            }

            _store.Now += 10;
            model.RemoveAll(record => record.Expires != 0 && record.Expires <= _store.Now);
            for (int q = 0; q < 4; q++)
            {
                float[] query = q % 2 == 0 ? TestVectors.Integers(random, dimension) : TestVectors.Random(random, dimension);
                int top = random.Next(1, 60);
                IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, top);
                AssertEqual(Reference(model, query, metric), hits, top, metric);
                AssertSame(hits, threads2.FindSimilar(query, top));
                AssertSame(hits, threads5.FindSimilar(query, top));
            }
        }
    }

    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    [InlineData(Metric.L2)]
    public void TiesBreakByRecordOrderAndTopMayExceedTheCount(Metric metric)
    {
        using EmbeddingCache cache = _store.Create(2, metric);
        for (int i = 0; i < 30; i++)
        {
            cache.Set($"{i:00}", [3, 4]);
            if (i == 13)
            {
                cache.Checkpoint();
            }
        }

        cache.Set("05", [3, 4]);
        string[] expected = [.. Enumerable.Range(0, 30).Where(static i => i != 5).Select(static i => $"{i:00}"), "05"];
        Assert.Equal(expected, cache.FindSimilar([3, 4], 1000).Select(static hit => hit.Embedding.Key));
        Assert.Equal(expected.Take(7), cache.FindSimilar([3, 4], 7).Select(static hit => hit.Embedding.Key));
        Assert.Equal(expected, cache.FindSimilar([3, 4], int.MaxValue).Select(static hit => hit.Embedding.Key));
    }

    [Fact]
    public void ScoresAndDistancesAreThoseOfTheMetric()
    {
        foreach ((Metric metric, double score, double distance) in new[] { (Metric.Cosine, 0.96, 0.04), (Metric.Dot, 24.0, -24.0), (Metric.L2, -Math.Sqrt(2), Math.Sqrt(2)) })
        {
            using EmbeddingCache cache = _store.Create(2, metric, static options => options.Overwrite = true);
            cache.Set("a", [3, 4]);
            SimilarEmbedding hit = Assert.Single(cache.FindSimilar([4, 3]));
            Assert.Equal(score, hit.Score, 5);
            Assert.Equal(distance, hit.Distance, 5);
            Assert.Equal([3, 4], hit.Embedding.Vector.ToArray());
        }
    }

    [Fact]
    public void MinimumScoreCutsAndIncludesEquals()
    {
        using EmbeddingCache cache = _store.Create(1, Metric.Dot);
        cache.Set(Enumerable.Range(-5, 11).Select(static i => new EmbeddingEntry($"{i}", new float[] { i })));
        Assert.Equal(["5", "4", "3"], cache.FindSimilar([1], 10, 3).Select(static hit => hit.Embedding.Key));
        Assert.Equal(["5", "4"], cache.FindSimilar([1], 2, 3).Select(static hit => hit.Embedding.Key));
        Assert.Empty(cache.FindSimilar([1], 10, 5.5));
        Assert.Empty(cache.FindSimilar([1], 10, double.PositiveInfinity));
        Assert.Equal(11, cache.FindSimilar([1], 100, -5).Count);
    }

    [Fact]
    public void EmptyStoreHasNoHits()
    {
        using EmbeddingCache cache = _store.Create(2, Metric.Cosine);
        Assert.Empty(cache.FindSimilar([1, 2]));
        cache.Set("a", [1, 2]);
        cache.Remove("a");
        Assert.Empty(cache.FindSimilar([1, 2]));
        cache.Checkpoint();
        Assert.Empty(cache.FindSimilar([1, 2]));
    }

    /// <summary>Magnitudes whose squares overflow or vanish in a float, mixed with ordinary ones.</summary>
    [Theory]
    [InlineData(Metric.Cosine, 1e20f)]
    [InlineData(Metric.Dot, 1e20f)]
    [InlineData(Metric.L2, 1e20f)]
    [InlineData(Metric.Cosine, 1e-24f)]
    [InlineData(Metric.Dot, 1e-24f)]
    [InlineData(Metric.L2, 1e-24f)]
    [InlineData(Metric.Cosine, 1e37f)]
    [InlineData(Metric.Dot, 1e37f)]
    [InlineData(Metric.L2, 1e37f)]
    [InlineData(Metric.Dot, 1e-43f)]
    [InlineData(Metric.L2, 1e-43f)]
    public void ExtremeMagnitudesAreScoredRight(Metric metric, float scale)
    {
        const int Dimension = 7;
        var random = new Random(11);
        var model = new List<(string Key, float[] Vector, long Expires)>();
        using EmbeddingCache cache = _store.Create(Dimension, metric);
        for (int i = 0; i < 80; i++)
        {
            // Only the scale itself and 1, so that no difference drowns.
            float factor = i % 4 == 0 ? 1 : scale;
            float[] vector = [.. TestVectors.Integers(random, Dimension, 9).Select(element => element * factor)];
            cache.Set($"{i}", vector);
            model.Add(($"{i}", vector, 0));
        }

        cache.Checkpoint();
        foreach (float queryScale in new[] { scale, 1f })
        {
            float[] query = [.. TestVectors.Integers(random, Dimension, 9).Select(element => element * queryScale)];
            AssertEqual(Reference(model, query, metric), cache.FindSimilar(query, 80), 80, metric);
        }
    }

    [Fact]
    public void LargestFloatsHaveFiniteScores()
    {
        using EmbeddingCache cache = _store.Create(1, Metric.Cosine);
        cache.Set("max", [float.MaxValue]);
        cache.Set("min", [float.MinValue]);
        cache.Set("smallest", [1.17549435e-38f]);
        IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar([float.MaxValue]);
        Assert.Equal(["max", "smallest", "min"], hits.Select(static hit => hit.Embedding.Key));
        Assert.Equal([1, 1, -1], hits.Select(static hit => hit.Score));
    }

    private void Change(EmbeddingCache cache, List<(string Key, float[] Vector, long Expires)> model, Random random, int dimension)
    {
        string key = $"{random.Next(150)}";
        int at = model.FindIndex(record => record.Key == key);
        switch (random.Next(8))
        {
            case 0:
                Assert.Equal(at >= 0, cache.Remove(key));
                if (at >= 0)
                {
                    model.RemoveAt(at);
                }

                return;
            case 1:
                long touched = random.Next(2) == 0 ? 0 : _store.Now + random.Next(1, 50);
                Assert.Equal(at >= 0, cache.Touch(key, touched == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(touched)));
                if (at >= 0)
                {
                    (string Key, float[] Vector, long Expires) record = model[at];
                    model.RemoveAt(at);
                    model.Add(record with { Expires = touched });
                }

                return;
            default:
                float[] vector = random.Next(3) switch
                {
                    0 => TestVectors.Integers(random, dimension),
                    1 when model.Count > 0 => model[random.Next(model.Count)].Vector,
                    _ => TestVectors.Random(random, dimension),
                };
                long expires = random.Next(5) == 0 ? _store.Now + random.Next(1, 60) : 0;
                cache.Set(key, vector, expires: expires == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(expires));
                if (at >= 0)
                {
                    model.RemoveAt(at);
                }

                model.Add((key, vector, expires));
                return;
        }
    }

    private static List<(string Key, double Score)> Reference(List<(string Key, float[] Vector, long Expires)> model, float[] query, Metric metric)
    {
        var scored = new List<(string Key, double Score)>();
        foreach ((string key, float[] vector, _) in model)
        {
            double dot = 0;
            double vectors = 0;
            double queries = 0;
            double squared = 0;
            for (int i = 0; i < query.Length; i++)
            {
                dot += (double)vector[i] * query[i];
                vectors += (double)vector[i] * vector[i];
                queries += (double)query[i] * query[i];
                squared += ((double)vector[i] - query[i]) * ((double)vector[i] - query[i]);
            }

            double score = metric switch
            {
                Metric.Cosine => dot / Math.Sqrt(vectors) / Math.Sqrt(queries),
                Metric.Dot => dot,
                _ => -Math.Sqrt(squared),
            };
            scored.Add((key, score));
        }

        // A stable sort: ties stay in record order.
        return [.. scored.OrderByDescending(static pair => pair.Score)];
    }

    /// <summary>The same scores to float's rounding, in descending order; and no record that is left out is clearly better than one that is in.</summary>
    private static void AssertEqual(List<(string Key, double Score)> reference, IReadOnlyList<SimilarEmbedding> hits, int top, Metric metric)
    {
        Assert.Equal(Math.Min(top, reference.Count), hits.Count);
        double largest = reference.Count == 0 ? 0 : reference.Max(static pair => Math.Abs(pair.Score));
        double tolerance = metric == Metric.Cosine ? 3e-6 : largest * 3e-6;
        var scores = reference.ToDictionary(static pair => pair.Key, static pair => pair.Score, StringComparer.Ordinal);
        for (int i = 0; i < hits.Count; i++)
        {
            Assert.InRange(hits[i].Score, reference[i].Score - tolerance, reference[i].Score + tolerance);
            Assert.InRange(hits[i].Score, scores[hits[i].Embedding.Key!] - tolerance, scores[hits[i].Embedding.Key!] + tolerance);
            Assert.True(i == 0 || hits[i - 1].Score >= hits[i].Score);
            Assert.Equal(metric == Metric.Cosine ? 1 - hits[i].Score : -hits[i].Score, hits[i].Distance);
        }

        Assert.Equal(hits.Count, hits.Select(static hit => hit.Embedding.Key).Distinct().Count());
    }

    private static void AssertSame(IReadOnlyList<SimilarEmbedding> expected, IReadOnlyList<SimilarEmbedding> actual)
        => Assert.Equal(
            expected.Select(static hit => (hit.Embedding.Key, hit.Score, hit.Embedding.Offset)),
            actual.Select(static hit => (hit.Embedding.Key, hit.Score, hit.Embedding.Offset)));
}
