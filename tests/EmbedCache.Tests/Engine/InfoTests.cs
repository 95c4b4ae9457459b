namespace EmbedCache.Tests.Engine;

/// <summary>What Info says of the index and of searches.</summary>
public sealed class InfoTests
{
    [Fact]
    public void SectionsAddUpToTheIndex()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(4, Metric.Cosine);
        Assert.Empty(cache.GetInfo().Sections);

        for (int round = 0; round < 3; round++)
        {
            cache.Set(Enumerable.Range(0, 40).Select(i => new EmbeddingEntry($"k{round} {i}", new float[] { 1, i, round, 0 })));
            cache.Checkpoint();
        }

        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.Equal(info.IndexByteLength, info.Sections.Sum(section => section.ByteLength));
        Assert.Equal(["Codebook", "Codes", "Keys", "Live", "Ordinals"], info.Sections.Select(section => section.Kind).Order());
        Assert.All(info.Sections, section => Assert.InRange(section.Count, 1, 3));
        Assert.Equal(1, info.Sections.Single(section => section.Kind == "Codebook").Count);
    }

    [Fact]
    public void TheLastSearchIsTold()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(4, Metric.Cosine);
        cache.Set("k", [1, 0, 0, 0]);
        Assert.Null(cache.GetInfo().LastSearchPlan);
        cache.FindSimilar([1f, 0, 0, 0]);
        Assert.Equal(SearchPlanKind.FloatScan, cache.GetInfo().LastSearchPlan!.Kind);
        Assert.Same(cache.LastSearchPlan, cache.GetInfo().LastSearchPlan);
    }
}
