using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Search.Graph;
using EmbedCache.Tests.Search.Graph;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// The graph of a store, from the first record to the search: it is built behind the writer's back and at the close, goes on where it ended, survives deletes,
/// updates and damage, and never makes a search return less than a scan would.
/// </summary>
public sealed class GraphStoreTests
{
    private const int Dimension = 24;

    private static readonly float[][] s_vectors = GraphWorld.Clusters(6000, Dimension, 21);

    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Dot)]
    public void ClosedStoreHasAGraphThatSearchesUse(Metric metric)
    {
        using TestStore store = Filled(3000, metric);
        using EmbeddingCache cache = store.Open(readOnly: true);
        Assert.InRange(RecallOf(cache, 30), 0.95, 1);
        Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
        Assert.Empty(cache.Verify().Problems);
        Assert.Equal(3000u, GraphOf(cache)!.Count);
    }

    [Fact]
    public void ExactSearchesPassTheGraphOver()
    {
        using TestStore store = Filled(3000);
        using EmbeddingCache cache = store.Open(readOnly: true);
        cache.FindSimilar(s_vectors[0], new SearchOptions { Exact = true });
        Assert.NotEqual(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
    }

    [Fact]
    public void WithoutAMappingTheGraphIsSearchedAllTheSame()
    {
        using TestStore store = Filled(3000);
        using EmbeddingCache cache = store.Open(readOnly: true, options => options.PositionalReads = true);
        Assert.InRange(RecallOf(cache, 20), 0.95, 1);
        Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
    }

    [Fact]
    public void WritersGoOnWhereTheLastOneEnded()
    {
        using TestStore store = Filled(2000);
        for (int from = 2000; from < 6000; from += 500)
        {
            using EmbeddingCache writer = store.Open(configure: Patiently);
            Put(writer, from, from + 500);
        }

        using (EmbeddingCache cache = store.Open(readOnly: true))
        {
            PersistedGraph graph = GraphOf(cache)!;
            Assert.Equal(6000u, graph.Count);
            Assert.InRange(graph.Layers.Length, 1, 12);
            Assert.InRange(graph.Layers.Skip(1).Sum(layer => layer.Header.RowCount), 0, graph.BaseCount * 0.6);
            Assert.InRange(RecallOf(cache, 40), 0.95, 1);
            Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
            Assert.Empty(cache.Verify().Problems);
        }

        using (EmbeddingCache writer = store.Open())
        {
            writer.Optimize(new OptimizeOptions { Compact = false }, null, default);
            PersistedGraph graph = GraphOf(writer)!;
            Assert.Single(graph.Layers);
            Assert.All(Enumerable.Range(0, (int)graph.Levels[0].Count), node => Assert.InRange(graph.Levels[0].Neighbours((uint)node)[0], 0u, graph.Levels[0].Count - 1));
            Assert.InRange(RecallOf(writer, 40), 0.95, 1);
            Assert.Empty(writer.Verify().Problems);
        }
    }

    [Fact]
    public void OptimizeBuildsTheGraphOfTheCompactedFile()
    {
        using TestStore store = Filled(3000);
        using EmbeddingCache cache = store.Open();
        for (int i = 0; i < 1000; i++)
        {
            cache.Remove($"{i}");
        }

        cache.Optimize(new OptimizeOptions { Compact = true }, null, default);
        Assert.Equal(2000u, GraphOf(cache)!.Count);
        Assert.InRange(RecallOf(cache, 20, first: 1000, last: 3000), 0.95, 1);
        Assert.Empty(cache.Verify().Problems);
    }

    [Fact]
    public void CancelledOptimizeKeepsWhatItBuilt()
    {
        using TestStore store = Filled(3000, configure: options => options.IndexingTimeout = TimeSpan.Zero, waits: false);
        using EmbeddingCache cache = store.Open();
        uint before = GraphOf(cache)?.Count ?? 0;
        using var source = new CancellationTokenSource();
        var progress = new SynchronousProgress(p =>
        {
            if (p.Stage == OptimizeStage.Linking)
            {
                source.Cancel();
            }
        });
        try
        {
            cache.Optimize(new OptimizeOptions { Compact = false }, progress, source.Token);
        }
        catch (OperationCanceledException)
        {
        }

        Assert.InRange(GraphOf(cache)?.Count ?? 0, Math.Max(1, before), 3000u);
        cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
        Assert.Equal(3000u, GraphOf(cache)!.Count);
        Assert.Empty(cache.Verify().Problems);
    }

    [Fact]
    public void RemovedAndReplacedRecordsAreNotFoundAndTheRestAre()
    {
        using TestStore store = Filled(4000);
        using EmbeddingCache cache = store.Open();
        float[] query = s_vectors[1234];
        List<int> nearest = [.. Exact(query, 1000, 0, 4000)];
        foreach (int i in nearest)
        {
            cache.Remove($"{i}");
        }

        List<int> expected = [.. Exact(query, 1010, 0, 4000).Skip(1000)];
        List<int> found = Find(cache, query, 10);
        Assert.Equal(10, found.Count);
        Assert.Empty(found.Intersect(nearest));
        // Several threads built the graph: what a walk past a thousand dead records misses is not the same each time.
        Assert.InRange(found.Intersect(expected).Count(), 7, 10);

        // Other records move to where those were.
        for (int i = 0; i < 500; i++)
        {
            cache.Set($"{i}", s_vectors[nearest[i]]);
        }

        Assert.All(Find(cache, s_vectors[nearest[7]], 1), i => Assert.Equal(7, i));
        cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
        Assert.All(Find(cache, s_vectors[nearest[7]], 1), i => Assert.Equal(7, i));
        Assert.Empty(cache.Verify().Problems);
    }

    [Fact]
    public void WhereAllNearAQueryIsDeletedTheRestIsFound()
    {
        using TestStore store = Filled(6000);
        float[] query = s_vectors[123];
        using EmbeddingCache cache = store.Open();
        RemoveNearest(cache, query, 1500);
        string[] expected = [.. cache.FindSimilar(query, 10).Select(hit => hit.Embedding.Key!)];
        string[] found = [.. cache.FindSimilar(query, new SearchOptions()).Select(hit => hit.Embedding.Key!)];
        Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
        Assert.Equal(10, found.Length);
        Assert.InRange(found.Intersect(expected).Count(), 9, 10);
    }

    /// <summary>
    /// Where the nearest records of a query were deleted, what is left stands on all sides of it, about as far, also in a graph that was built without them: the width that
    /// finds 0.99 of the best elsewhere found 0.4 of them. Here records stand on a shell, and queries near its middle.
    /// </summary>
    [Fact]
    public void AQueryThatStandsAwayFromAllRecordsIsSearchedWider()
    {
        const int Records = 3000;
        const int Queries = 20;
        var random = new Random(17);
        using var store = new TestStore(codesThreshold: 16, graphThreshold: 64);
        using EmbeddingCache cache = store.Create(Dimension, Metric.L2, Patiently);
        cache.Set(Enumerable.Range(0, Records).Select(i => new EmbeddingEntry($"{i}", Scaled(GraphWorld.Near(random, new float[Dimension], 1), 1 + (0.1 * random.NextDouble())))));
        cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
        int chosen = 0;
        int byDefault = 0;
        for (int i = 0; i < Queries; i++)
        {
            float[] query = Scaled(GraphWorld.Near(random, new float[Dimension], 1), 0.01);
            string[] exact = [.. cache.FindSimilar(query, new SearchOptions { Exact = true }).Select(hit => hit.Embedding.Key!)];
            chosen += cache.FindSimilar(query, new SearchOptions { EfSearch = 64 }).Select(hit => hit.Embedding.Key!).Intersect(exact).Count();
            byDefault += cache.FindSimilar(query, new SearchOptions()).Select(hit => hit.Embedding.Key!).Intersect(exact).Count();
            Assert.Equal(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
        }

        Assert.InRange(chosen / (10.0 * Queries), 0, 0.8);
        Assert.InRange(byDefault / (10.0 * Queries), 0.9, 1);
    }

    /// <summary>What takes holes out of the graph: Optimize, and a writer's background, also where no record is missing from it. Once is enough.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HolesAreMendedOnce(bool optimizes)
    {
        using TestStore store = Filled(6000);
        float[] query = s_vectors[123];
        using (EmbeddingCache cache = store.Open(configure: optimizes ? static options => options.IndexingTimeout = TimeSpan.Zero : Patiently))
        {
            RemoveNearest(cache, query, 1500);
            if (optimizes)
            {
                cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
            }
        }

        using EmbeddingCache writer = store.Open();
        PersistedGraph graph = GraphOf(writer)!;
        Assert.Equal(6000u, graph.Count);
        Assert.Empty(HolesOf(writer));
        Assert.InRange(RecallOf(writer, 30), 0.95, 1);
        Assert.Empty(writer.Verify().Problems);
        long[] layers = [.. graph.Layers.Select(layer => layer.Section.Offset)];
        writer.Optimize(new OptimizeOptions { Compact = false }, null, default);
        long folded = Assert.Single(GraphOf(writer)!.Layers).Section.Offset;
        Assert.Equal(layers.Length == 1, layers.Contains(folded));
    }

    [Fact]
    public void ExpiredRecordsNeverMakeAResultShort()
    {
        using TestStore store = new(codesThreshold: 16, graphThreshold: 64);
        using (EmbeddingCache cache = store.Create(Dimension, Metric.Cosine, Patiently))
        {
            using EmbeddingTransaction transaction = cache.BeginTransaction();
            for (int i = 0; i < 3000; i++)
            {
                transaction.Set($"{i}", s_vectors[i], expires: i % 10 == 0 ? null : store.Time.AddMinutes(1));
            }

            transaction.Commit();
        }

        store.Now += 120_000;
        using EmbeddingCache reader = store.Open(readOnly: true);
        List<int> found = Find(reader, s_vectors[55], 20);
        Assert.Equal(20, found.Count);
        Assert.All(found, i => Assert.Equal(0, i % 10));
    }

    [Fact]
    public void DamagedGraphCostsNothingButTime()
    {
        using TestStore store = Filled(3000);
        long offset;
        using (EmbeddingCache cache = store.Open(readOnly: true))
        {
            offset = GraphOf(cache)!.Layers[0].Section.Offset;
        }

        byte[] bytes = store.Bytes();
        for (int i = 0; i < 3000 * 128; i += 4096)
        {
            bytes[offset + 128 + i] ^= 0x10;
        }

        File.WriteAllBytes(store.Path, bytes);
        using (EmbeddingCache cache = store.Open(readOnly: true))
        {
            Assert.Equal(Exact(s_vectors[3], 10, 0, 3000), Find(cache, s_vectors[3], 10));
            Assert.NotEqual(SearchPlanKind.Graph, cache.LastSearchPlan!.Kind);
            Assert.NotEmpty(cache.Verify().Problems);
        }
    }

    /// <summary>A section whose CRCs are right and whose links are anything.</summary>
    [Fact]
    public void ForgedLinksAreSearchedWithoutHarm()
    {
        using TestStore store = Filled(3000);
        using (EmbeddingCache cache = store.Open())
        {
            Forge(cache);
        }

        using EmbeddingCache reader = store.Open(readOnly: true);
        for (int i = 0; i < 50; i++)
        {
            List<int> found = Find(reader, s_vectors[i], 10);
            Assert.Equal(10, found.Distinct().Count());
        }

        Assert.Contains(reader.Verify().Problems, problem => problem.Description.Contains("links to no node", StringComparison.Ordinal));
    }

    [Fact]
    public void NoGraphIsBuiltWhereTheStoreSaysSo()
    {
        using TestStore store = Filled(3000, configure: options => ((EmbeddingCacheCreateOptions)options).Index = IndexMode.Codes);
        using EmbeddingCache cache = store.Open();
        cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
        Assert.Null(GraphOf(cache));
        Assert.Equal(Exact(s_vectors[3], 10, 0, 3000), Find(cache, s_vectors[3], 10));
    }

    [Fact]
    public void TwoWritersDoNotBuildTheSame()
    {
        using TestStore store = Filled(2000);
        using EmbeddingCache first = store.Open();
        Put(first, 2000, 2600);
        using GraphSession? session = GraphSession.TryBegin(StoreOf(first), least: 0);
        using EmbeddingCache second = store.Open();
        bool isHeld = session is not null;
        Assert.True(isHeld ? GraphSession.TryBegin(StoreOf(second), least: 0) is null : GraphOf(first)!.Count >= 2000);
    }

    private static void Patiently(EmbeddingCacheOptions options) => options.IndexingTimeout = TimeSpan.FromMinutes(2);

    private static TestStore Filled(int count, Metric metric = Metric.Cosine, Action<EmbeddingCacheOptions>? configure = null, bool waits = true)
    {
        var store = new TestStore(codesThreshold: 16, graphThreshold: 64);
        using EmbeddingCache cache = store.Create(Dimension, metric, options =>
        {
            if (waits)
            {
                Patiently(options);
            }

            configure?.Invoke(options);
        });
        Put(cache, 0, count);
        return store;
    }

    private static void Put(EmbeddingCache cache, int from, int to)
    {
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = from; i < to; i++)
        {
            transaction.Set($"{i}", s_vectors[i]);
        }

        transaction.Commit();
    }

    /// <summary>The vector at a length.</summary>
    private static float[] Scaled(float[] vector, double length)
    {
        double scale = length / Math.Sqrt(vector.Sum(x => (double)x * x));
        return [.. vector.Select(x => (float)(scale * x))];
    }

    private static void RemoveNearest(EmbeddingCache cache, float[] query, int count)
    {
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        foreach (SimilarEmbedding hit in cache.FindSimilar(query, count))
        {
            transaction.Remove(hit.Embedding.Key!);
        }

        transaction.Commit();
    }

    private static List<int> Find(EmbeddingCache cache, float[] query, int top)
        => [.. cache.FindSimilar(query, new SearchOptions { Top = top }).Select(hit => int.Parse(hit.Embedding.Key!, System.Globalization.CultureInfo.InvariantCulture))];

    private static IEnumerable<int> Exact(float[] query, int top, int first, int last)
    {
        using var world = new GraphWorld(s_vectors[first..last]);
        return world.Exact(query, top).Select(i => first + i);
    }

    private static double RecallOf(EmbeddingCache cache, int queries, int first = 0, int last = int.MaxValue)
    {
        var random = new Random(5);
        int hits = 0;
        for (int i = 0; i < queries; i++)
        {
            float[] query = GraphWorld.Near(random, s_vectors[random.Next(s_vectors.Length)], 0.3);
            IEnumerable<string?> found = cache.FindSimilar(query, new SearchOptions { EfSearch = 80 }).Select(hit => hit.Embedding.Key);
            hits += found.Intersect(cache.FindSimilar(query, new SearchOptions { Exact = true }).Select(hit => hit.Embedding.Key)).Count();
            cache.FindSimilar(query, new SearchOptions { EfSearch = 80 });
        }

        return hits / (10.0 * queries);
    }

    private static EmbedCache.Engine.Store StoreOf(EmbeddingCache cache) => cache.Store;

    private static PersistedGraph? GraphOf(EmbeddingCache cache)
    {
        Snapshot snapshot = StoreOf(cache).Acquire();
        try
        {
            return snapshot.Graph?.Graph;
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>The nodes of holes that live nodes still lead to.</summary>
    private static uint[] HolesOf(EmbeddingCache cache)
    {
        Snapshot snapshot = StoreOf(cache).Acquire();
        try
        {
            return GraphHoles.Find(new PersistedSpace(snapshot.Graph!.Graph), snapshot.Live.Live.Of(snapshot.Live).Words).Nodes;
        }
        finally
        {
            snapshot.Release();
        }
    }

    private static void Forge(EmbeddingCache cache)
    {
        using WriteTransaction transaction = StoreOf(cache).BeginWrite();
        CatalogEntry[] old = transaction.Snapshot.Index.Derived.GraphEntries;
        var section = transaction.Snapshot.Graph!.Graph.Layers[0].Section;
        byte[] entries = section.Range(0, (int)section.Frame.EntriesByteLength).ToArray();
        var random = new Random(7);
        GraphHeader.TryRead(entries, out GraphHeader header);
        for (long i = header.RowsPosition; i < entries.Length; i++)
        {
            if ((i < header.LevelCountsPosition || i >= header.LevelsPosition) && random.Next(3) == 0)
            {
                entries[i] = (byte)random.Next(256);
            }
        }

        transaction.ReplaceDerived(old, section.Frame, writer => writer.Write(entries));
        transaction.Commit();
    }

    private sealed class SynchronousProgress(Action<OptimizeProgress> report) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => report(value);
    }
}
