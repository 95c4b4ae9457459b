using EmbedCache.Engine;
using EmbedCache.Numerics;
using EmbedCache.Search;
using EmbedCache.Tests.Engine;
using EmbedCache.Vectors;

namespace EmbedCache.Tests.Search;

/// <summary>
/// Proves that a search by bounds gives the records and scores, bit for bit, of a scan of the vectors: on data that suits codes and on data that defeats them
/// (ties, duplicates, tight clusters, elements and lengths of any magnitude), with dead, replaced, touched and expired records, codes in several runs, records
/// without codes, for every metric, alone and in batches, on any number of threads.
/// </summary>
public sealed class BoundScanTests : IDisposable
{
    private readonly TestStore _store = new(codesThreshold: 16);

    public static TheoryData<string> Kinds =>
        ["random", "integers", "one point", "tight cluster", "outlier elements", "duplicates", "tiny", "huge", "any length", "ascending", "near the query", "antipodes"];

    public void Dispose() => _store.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void FindsWhatAScanOfTheVectorsFinds(string kind)
    {
        foreach (Metric metric in new[] { Metric.Cosine, Metric.Dot, Metric.L2 })
        {
            foreach (int dimension in new[] { 1, 3, 48, 100, 160 })
            {
                using var store = new TestStore(codesThreshold: 16);
                using EmbeddingCache cache = store.Create(dimension, metric);
                var random = new Random(dimension + (int)metric);
                float[] centre = TestVectors.Random(random, dimension);
                int next = 0;
                foreach (int count in new[] { 700, 300, 90, 40 })
                {
                    cache.Set(Enumerable.Range(next, count).Select(i => Entry(kind, i, dimension, random, centre, metric, store.Time)));
                    next += count;
                    for (int i = 0; i < count / 10; i++)
                    {
                        cache.Remove($"k{random.Next(next)}");
                        cache.Touch($"k{random.Next(next)}", null, EmbeddingMetadata.Empty.With("n", (long)i));
                        cache.Set($"k{random.Next(next)}", Vector(kind, next + i, dimension, random, centre, metric));
                    }

                    if (count != 40)
                    {
                        cache.Checkpoint();
                    }
                }

                store.Now += 1000;
                using EmbeddingCache reader = store.Open(readOnly: true);
                AssertAgree(reader, kind, Queries(kind, dimension, random, centre, metric));
            }
        }
    }

    /// <summary>
    /// A record and a query that are further from the mean than the largest float: the norm of the record's code was infinite, its least possible distance too, and the
    /// very record that was asked for was left out.
    /// </summary>
    [Fact]
    public void Regression_VectorsFurtherFromTheMeanThanAFloatCanSayAreFound()
    {
        using EmbeddingCache cache = _store.Create(2, Metric.L2);
        cache.Set(Enumerable.Range(0, 200).Select(i => new EmbeddingEntry($"k{i}", new[] { -2.4e38f, -2.3e38f + (i * 1e34f) })));
        cache.Set("far", [2.4e38f, 2.3e38f]);
        cache.Set(Enumerable.Range(200, 200).Select(i => new EmbeddingEntry($"k{i}", new[] { -2.4e38f, -2.3e38f + (i * 1e34f) })));
        cache.Checkpoint();
        foreach (float[] query in new float[][] { [2.4e38f, 2.3e38f], [-2.4e38f, -2.3e38f], [2.4e38f, 0] })
        {
            SimilarEmbedding expected = cache.FindSimilar(query, new SearchOptions { Top = 1000, Exact = true })[0];
            SimilarEmbedding found = cache.FindSimilar(query, new SearchOptions { Top = 1, Exact = true })[0];
            Assert.Equal((expected.Embedding.Key, expected.Score), (found.Embedding.Key, found.Score));
        }
    }

    [Fact]
    public void RecordsWithoutCodesAreFoundToo()
    {
        using EmbeddingCache cache = _store.Create(48, Metric.Cosine);
        var random = new Random(1);
        cache.Set(Enumerable.Range(0, 100).Select(i => new EmbeddingEntry($"k{i}", TestVectors.Random(random, 48))));
        cache.Checkpoint();
        cache.Set(Enumerable.Range(100, 100).Select(i => new EmbeddingEntry($"k{i}", TestVectors.Random(random, 48))));
        Read(cache, (set, codes) =>
        {
            Assert.Equal((100, 200), (codes.Count, set.OrdinalCount));
            return 0;
        });
        AssertAgree(cache, "tail", [.. Enumerable.Range(0, 9).Select(_ => TestVectors.Random(random, 48))]);
    }

    [Fact]
    public void FewVectorsAreReadWhereCodesSuit()
    {
        const int Count = 20_000;
        using EmbeddingCache cache = _store.Create(64, Metric.Cosine, static options => options.Durability = Durability.Normal);
        var random = new Random(1);
        cache.Set(Enumerable.Range(0, Count).Select(i => new EmbeddingEntry($"k{i}", TestVectors.Random(random, 64))));
        cache.Checkpoint();
        float[] query = TestVectors.Random(random, 64);
        BoundResult found = Read(cache, (set, codes) => BoundScan.Run(set, codes, [new Query(query, 64, Metric.Cosine, "")], 10, double.NegativeInfinity, 1, Fail)[0]);
        Assert.Equal(10, found.Best.Length);
        Assert.InRange(found.ScoredCount, 10, Count / 20);
    }

    [Fact]
    public void AFilterLetsItsMatchesThroughAlone()
    {
        using EmbeddingCache cache = _store.Create(32, Metric.L2);
        var random = new Random(1);
        cache.Set(Enumerable.Range(0, 900).Select(i => new EmbeddingEntry($"k{i}", TestVectors.Random(random, 32))));
        cache.Checkpoint();
        cache.Set(Enumerable.Range(900, 50).Select(i => new EmbeddingEntry($"k{i}", TestVectors.Random(random, 32))));
        var query = new Query(TestVectors.Random(random, 32), 32, Metric.L2, "");
        Read(cache, (set, codes) =>
        {
            ulong[] every7 = new ulong[15];
            for (int i = 0; i < 950; i += 7)
            {
                every7[i / 64] |= 1UL << (i % 64);
            }

            ScanSet some = set with { Matching = every7 };
            ScoredOrdinal[] expected = [.. ExactScan.Run(set, query, 950, double.NegativeInfinity, 1).Where(hit => hit.Ordinal % 7 == 0)];
            Assert.Equal(136, expected.Length);
            Assert.Equal(expected, ExactScan.Run(some, query, 1000, double.NegativeInfinity, 1));
            Assert.Equal(expected.Take(10), BoundScan.Run(some, codes, [query], 10, double.NegativeInfinity, 2, Fail)[0].Best);
            Assert.Equal(expected, BoundScan.Run(some, codes, [query], 1000, double.NegativeInfinity, 1, Fail)[0].Best);
            return 0;
        });
    }

    private static void AssertAgree(EmbeddingCache cache, string kind, float[][] vectors)
        => Read(cache, (set, codes) =>
        {
            Query[] queries = [.. vectors.Select(vector => new Query(vector, cache.Dimension, cache.Metric, ""))];
            foreach (int top in new[] { 1, 10, 120, 100_000 })
            {
                ScoredOrdinal[][] expected = [.. queries.Select(query => ExactScan.Run(set, query, top, double.NegativeInfinity, 1))];
                for (int threads = 1; threads <= 3; threads++)
                {
                    BoundResult[] batch = BoundScan.Run(set, codes, queries, top, double.NegativeInfinity, threads, Fail);
                    for (int i = 0; i < queries.Length; i++)
                    {
                        AssertSame(expected[i], batch[i].Best, $"{kind} {cache.Metric} {cache.Dimension} top {top} threads {threads} query {i} of a batch");
                    }
                }

                for (int i = 0; i < queries.Length; i++)
                {
                    AssertSame(expected[i], BoundScan.Run(set, codes, [queries[i]], top, double.NegativeInfinity, 1, Fail)[0].Best, $"{kind} {cache.Metric} {cache.Dimension} top {top} query {i}");
                    double minimum = expected[i][expected[i].Length / 2].Score;
                    AssertSame(
                        ExactScan.Run(set, queries[i], top, minimum, 1),
                        BoundScan.Run(set, codes, [queries[i]], top, minimum, 2, Fail)[0].Best,
                        $"{kind} {cache.Metric} {cache.Dimension} top {top} query {i} minimum {minimum:R}");
                }
            }

            return 0;
        });

    private static void AssertSame(ScoredOrdinal[] expected, ScoredOrdinal[] actual, string what)
    {
        for (int i = 0; i < Math.Min(expected.Length, actual.Length); i++)
        {
            Assert.True(expected[i].Equals(actual[i]), $"{what}: hit {i} is {actual[i]} and should be {expected[i]}");
        }

        Assert.True(expected.Length == actual.Length, $"{what}: {actual.Length} hits instead of {expected.Length}");
    }

    private static float[][] Queries(string kind, int dimension, Random random, float[] centre, Metric metric) =>
    [
        TestVectors.Random(random, dimension),
        Vector(kind, 5, dimension, random, centre, metric),
        Vector(kind, 50, dimension, random, centre, metric),
        TestVectors.Integers(random, dimension),
        [.. centre],
        [.. TestVectors.Random(random, dimension).Select(x => x * 1e-30f)],
    ];

    private static EmbeddingEntry Entry(string kind, int i, int dimension, Random random, float[] centre, Metric metric, DateTimeOffset now)
        => new($"k{i}", Vector(kind, i, dimension, random, centre, metric)) { Expires = i % 13 == 0 ? now.AddMilliseconds(random.Next(1, 2000)) : null };

    private static float[] Vector(string kind, int i, int dimension, Random random, float[] centre, Metric metric)
    {
        float[] vector = kind switch
        {
            "integers" => TestVectors.Integers(random, dimension, 2),
            "one point" => [.. centre],
            "tight cluster" => [.. centre.Select(x => x + (float)((random.NextDouble() - 0.5) * 1e-5))],
            "outlier elements" => [.. TestVectors.Random(random, dimension).Select((x, k) => k % 37 == 0 ? x * 1000 : x)],
            "duplicates" => TestVectors.Random(new Random(i % 40), dimension),
            "tiny" => [.. TestVectors.Random(random, dimension).Select(x => x * 1e-24f)],
            "huge" => [.. TestVectors.Random(random, dimension).Select(x => x * 1e36f)],
            "any length" => [.. TestVectors.Random(random, dimension).Select((x, k) => x * (float)Math.Pow(10, (i % 60) - 30))],
            "ascending" => [.. centre.Select((x, k) => x + ((k % 2 == 0 ? 1 : -1) * 3f / (i + 1)))],
            "near the query" => [.. centre.Select(x => x + (float)((random.NextDouble() - 0.5) * Math.Pow(10, -(i % 9))))],
            "antipodes" => [.. centre.Select(x => i % 2 == 0 ? x : -x)],
            _ => TestVectors.Random(random, dimension),
        };
        vector[0] += metric == Metric.Cosine && vector.All(static x => x == 0) ? 1 : 0;
        return vector;
    }

    private static T Read<T>(EmbeddingCache cache, Func<ScanSet, CodeRuns, T> use)
    {
        Snapshot snapshot = cache.Store.Acquire();
        try
        {
            return use(LiveRecords.Of(snapshot, cache.Store.Now), snapshot.Codes!);
        }
        finally
        {
            snapshot.Release();
        }
    }

    private static void Fail() => Assert.Fail("No code is damaged");
}
