using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Tests.Engine;
using EmbedCache.Tests.Metadata;

namespace EmbedCache.Tests.Search;

/// <summary>
/// Search with a filter against brute force: the results are the best of those records that pass, never fewer than there are, at every selectivity, through checkpoints,
/// removals, updates, expiry and damage.
/// </summary>
public sealed class FilteredSearchTests
{
    private const int Dimension = 24;

    [Theory]
    [InlineData(Metric.Cosine, 10, 1)]
    [InlineData(Metric.Dot, 10, 1)]
    [InlineData(Metric.L2, 10, 2)]
    [InlineData(Metric.Cosine, 1_000_000, 1)]
    public void Every_selectivity_gives_the_best_that_pass(Metric metric, long threshold, int threads)
    {
        using var store = new TestStore(codesThreshold: threshold);
        using EmbeddingCache cache = Fill(store, metric, 3000, threads);
        Assert.Equal(threshold == 10, cache.GetInfo().CodedCount > 0);
        foreach (string filter in new[] { "n < 0", "n = 7", "n < 3", "n < 30", "n < 300", "n < 1500", "n < 2970", "n >= 0", "n in (5, 2500, 2999) and not n = 5", "parity = 'even'", "tail exists" })
        {
            AssertBruteForce(cache, Filter.Parse(filter));
        }
    }

    [Fact]
    public void The_plan_follows_the_number_of_matches()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = Fill(store, Metric.Cosine, 2000);
        float[] query = Vector(1);

        cache.FindSimilar(query, new SearchOptions { Filter = Filter.Parse("n < 200") });
        Assert.Equal(CodeKernels.IsAccelerated ? SearchPlanKind.FilteredScan : SearchPlanKind.FloatScan, cache.LastSearchPlan!.Kind);
        Assert.Equal(200, cache.LastSearchPlan.FilterMatchCount);
        Assert.InRange(cache.LastSearchPlan.ScoredCount, 10, 200);
        Assert.Contains("200", cache.LastSearchPlan.ToString(), StringComparison.Ordinal);

        cache.FindSimilar(query, new SearchOptions { Filter = Filter.Parse("n < 1900") });
        Assert.Equal(CodeKernels.IsAccelerated ? SearchPlanKind.BoundScan : SearchPlanKind.FloatScan, cache.LastSearchPlan!.Kind);
        Assert.Equal(1900, cache.LastSearchPlan.FilterMatchCount);

        // Rows one by one cost seven times rows in passing.
        cache.FindSimilar(query, new SearchOptions { Filter = Filter.Parse("n < 280") });
        Assert.Equal(CodeKernels.IsAccelerated ? SearchPlanKind.FilteredScan : SearchPlanKind.FloatScan, cache.LastSearchPlan!.Kind);
        cache.FindSimilar(query, new SearchOptions { Filter = Filter.Parse("n < 290") });
        Assert.Equal(CodeKernels.IsAccelerated ? SearchPlanKind.BoundScan : SearchPlanKind.FloatScan, cache.LastSearchPlan!.Kind);

        cache.FindSimilar(query, new SearchOptions());
        Assert.Null(cache.LastSearchPlan!.FilterMatchCount);
        Assert.Null(cache.LastSearchPlan.FilterReadCount);
    }

    [Fact]
    public void Random_walk_with_expiry()
    {
        var random = new Random(9);
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        for (int round = 0; round < 30; round++)
        {
            for (int i = 0; i < 60; i++)
            {
                string key = $"k{random.Next(700)}";
                switch (random.Next(8))
                {
                    case 0:
                        cache.Remove(key);
                        break;
                    case 1:
                        cache.Touch(key, store.Time.AddSeconds(random.Next(1, 5)), FilterOracle.RandomRecord(random));
                        break;
                    default:
                        cache.Set(key, Vector(random.Next(200)), FilterOracle.RandomRecord(random), expires: random.Next(4) == 0 ? store.Time.AddSeconds(random.Next(1, 5)) : null);
                        break;
                }
            }

            if (random.Next(3) == 0)
            {
                cache.Checkpoint();
            }

            store.Now += 700;
            for (int i = 0; i < 6; i++)
            {
                AssertBruteForce(cache, FilterOracle.RandomFilter(random, depth: 1));
            }
        }
    }

    /// <summary>Expired records match a filter and are no results: however many there are, those that live are found.</summary>
    [Fact]
    public void Expired_records_crowd_nobody_out()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        cache.Set(Enumerable.Range(0, 500).Select(i => new EmbeddingEntry($"k{i}", Vector(i))
        {
            Metadata = EmbeddingMetadata.Empty.With("n", (long)i),
            Expires = i % 50 == 0 ? null : store.Time.AddSeconds(1),
        }));
        cache.Checkpoint();
        store.Now += 10_000;
        for (int q = 0; q < 20; q++)
        {
            Assert.Equal(5, cache.FindSimilar(Vector(q), new SearchOptions { Filter = Filter.Parse("n < 250") }).Count);
            Assert.Equal(10, cache.FindSimilar(Vector(q), new SearchOptions { Filter = Filter.Parse("n >= 0") }).Count);
        }
    }

    [Fact]
    public void Damaged_codes_cost_time_and_no_results()
    {
        using var store = new TestStore(codesThreshold: 10);
        long offset;
        using (EmbeddingCache cache = Fill(store, Metric.L2, 1000))
        {
            Snapshot snapshot = cache.Store.Acquire();
            offset = snapshot.Index.Derived.Entries.First(entry => entry.Kind == FrameKind.Codes).FrameOffset;
            snapshot.Release();
        }

        byte[] bytes = File.ReadAllBytes(store.Path);
        bytes[offset + SectionFrame.EntriesOffset + 9000] ^= 1;
        File.WriteAllBytes(store.Path, bytes);
        using EmbeddingCache damaged = store.Open();
        foreach (string filter in new[] { "n < 300", "n >= 5 and n < 200", "n < 300" })
        {
            AssertBruteForce(damaged, Filter.Parse(filter));
        }
    }

    [Fact]
    public void Duplicates_and_ties_are_in_record_order()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension, Metric.Dot);
        cache.Set(Enumerable.Range(0, 600).Select(i => new EmbeddingEntry($"k{i}", Vector(0)) { Metadata = EmbeddingMetadata.Empty.With("n", (long)i) }));
        cache.Checkpoint();
        Assert.Equal(
            Enumerable.Range(100, 10).Select(i => $"k{i}"),
            cache.FindSimilar(Vector(0), new SearchOptions { Filter = Filter.Parse("n >= 100 and n < 150") }).Select(hit => hit.Embedding.Key));
        Assert.Equal(50, cache.FindSimilar(Vector(0), new SearchOptions { Top = 1000, Filter = Filter.Parse("n >= 100 and n < 150") }).Count);
    }

    [Fact]
    public void Batches_and_minimum_scores()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = Fill(store, Metric.Cosine, 1000);
        ReadOnlyMemory<float>[] queries = [.. Enumerable.Range(0, 7).Select(i => (ReadOnlyMemory<float>)Vector(i * 31))];
        foreach (string filter in new[] { "n < 100", "n < 900" })
        {
            var options = new SearchOptions { Filter = Filter.Parse(filter), MinimumScore = 0.2, Top = 5 };
            IReadOnlyList<IReadOnlyList<SimilarEmbedding>> batch = cache.FindSimilar(queries, options);
            for (int i = 0; i < queries.Length; i++)
            {
                IReadOnlyList<SimilarEmbedding> one = cache.FindSimilar(queries[i].Span, options);
                Assert.Equal(one.Select(hit => (hit.Embedding.Key, hit.Score)), batch[i].Select(hit => (hit.Embedding.Key, hit.Score)));
                Assert.All(one, hit => Assert.True(hit.Score >= 0.2));
            }
        }
    }

    private static EmbeddingCache Fill(TestStore store, Metric metric, int count, int threads = 1)
    {
        EmbeddingCache cache = store.Create(Dimension, metric, options => options.SearchThreads = threads);
        cache.Set(Enumerable.Range(0, count - 100).Select(i => Entry(i, null)));
        cache.Checkpoint();
        cache.Set(Enumerable.Range(count - 100, 100).Select(i => Entry(i, "tail")));
        return cache;
    }

    private static EmbeddingEntry Entry(int i, string? extra)
    {
        EmbeddingMetadata metadata = EmbeddingMetadata.Empty.With("n", (long)i).With("parity", i % 2 == 0 ? "even" : "odd");
        return new EmbeddingEntry($"k{i}", Vector(i)) { Metadata = extra is null ? metadata : metadata.With(extra, true) };
    }

    private static void AssertBruteForce(EmbeddingCache cache, Filter filter)
    {
        HashSet<string> passing = [.. cache.Enumerate().Where(embedding => filter.Matches(embedding.Metadata)).Select(embedding => embedding.Key!)];
        for (int q = 0; q < 3; q++)
        {
            float[] query = Vector(5000 + q);
            IReadOnlyList<SimilarEmbedding> all = cache.FindSimilar(query, int.MaxValue);
            (string? Key, double Score)[] expected = [.. all.Where(hit => passing.Contains(hit.Embedding.Key!)).Take(10).Select(hit => (hit.Embedding.Key, hit.Score))];
            Assert.Equal(Math.Min(10, passing.Count), expected.Length);
            foreach (bool exact in new[] { true, false })
            {
                Assert.Equal(expected, cache.FindSimilar(query, new SearchOptions { Filter = filter, Exact = exact }).Select(hit => (hit.Embedding.Key, hit.Score)));
            }
        }
    }

    private static float[] Vector(int seed) => TestVectors.Random(new Random(seed), Dimension);
}
