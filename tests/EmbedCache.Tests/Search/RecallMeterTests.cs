using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Search;

/// <summary>Measuring recall: what serves as a query, what is counted, what is refused.</summary>
public sealed class RecallMeterTests
{
    private const int Dimension = 8;

    [Fact]
    public void SearchesThatLookAtEverythingFindEverything()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        Fill(cache, 200);

        RecallReport report = cache.MeasureRecall(new RecallOptions { SampleCount = 30, Top = 7, EfSearch = [20, 5, 20] }, null, default);

        Assert.Equal((30, 7, store.Path), (report.QueryCount, report.Top, report.Path));
        Assert.True(report.Exact.IsExact);
        Assert.Equal(1, report.Exact.Recall);
        Assert.Equal([null, 5, 20], report.Points.Select(point => point.EfSearch));
        Assert.All(report.Points, point =>
        {
            Assert.Equal(1, point.Recall);
            Assert.False(point.IsExact);
            Assert.NotNull(point.Plan);
            Assert.True(point.MedianMilliseconds <= point.SlowestMilliseconds);
            Assert.True(point.MeanMilliseconds <= point.SlowestMilliseconds && point.QueriesPerSecond > 0);
        });
    }

    [Fact]
    public void OnlyLiveRecordsServeAsQueriesAndEachOnce()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        Fill(cache, 40);
        for (int i = 0; i < 25; i++)
        {
            cache.Remove($"k{i}");
        }

        cache.Set("k39", Vector(39), expires: store.Time.AddSeconds(1));
        store.Now += 2000;

        Assert.Equal(14, cache.MeasureRecall(new RecallOptions { SampleCount = 100 }, null, default).QueryCount);
    }

    [Fact]
    public void AnEmptyFileHasNothingToMeasure()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension);
        RecallReport report = cache.MeasureRecall(new RecallOptions(), null, default);
        Assert.Equal(0, report.QueryCount);
        Assert.Null(report.Exact.Plan);
    }

    [Fact]
    public void OneRecordHasNoOtherToBeFound()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension);
        Fill(cache, 1);
        RecallReport report = cache.MeasureRecall(new RecallOptions(), null, default);
        Assert.Equal(1, report.QueryCount);
        Assert.Equal(1, report.Exact.Recall);
    }

    [Fact]
    public void GivenQueriesTakeThePlaceOfRecords()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        Fill(cache, 40);
        Assert.Equal(2, cache.MeasureRecall(new RecallOptions { Queries = [Vector(1), Vector(1000)] }, null, default).QueryCount);
        Assert.Throws<InvalidEmbeddingException>(() => cache.MeasureRecall(new RecallOptions { Queries = [new float[Dimension + 1]] }, null, default));
    }

    [Fact]
    public void ValuesBelowOneAreRefusedByName()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension);
        void Refused(string name, RecallOptions options)
            => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => cache.MeasureRecall(options, null, default)).ParamName);
        Refused("SampleCount", new RecallOptions { SampleCount = 0 });
        Refused("Top", new RecallOptions { Top = -1 });
        Refused("EfSearch", new RecallOptions { EfSearch = [10, 0] });
    }

    [Fact]
    public void ProgressEndsAtOneAndACancelledMeasurementEnds()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension, Metric.Cosine);
        Fill(cache, 40);
        using var source = new CancellationTokenSource();
        var seen = new Recorder();
        cache.MeasureRecall(new RecallOptions { SampleCount = 10 }, seen, source.Token);
        Assert.Equal(seen.Values.OrderBy(value => value), seen.Values);
        Assert.Equal(1, seen.Values[^1], 9);

        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => cache.MeasureRecall(new RecallOptions(), null, source.Token));
    }

    private static void Fill(EmbeddingCache cache, int count)
        => cache.Set(Enumerable.Range(0, count).Select(i => new EmbeddingEntry($"k{i}", Vector(i))));

    private static float[] Vector(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Dimension).Select(_ => (float)random.NextDouble() - 0.5f)];
    }

    private sealed class Recorder : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value) => Values.Add(value);
    }
}
