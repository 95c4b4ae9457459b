namespace EmbedCache.Tests.Engine;

/// <summary>
/// Optimize: what it leaves, what it tells, who goes on meanwhile, and when it refuses. The file in its place afterwards, or the one before, whole.
/// </summary>
public sealed class OptimizeTests
{
    [Fact]
    public void DropsWhatIsDeadAndTellsOfIt()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        long generation = cache.GetInfo().Generation;
        OptimizeReport report = cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        Assert.True(report.IsCompacted);
        Assert.Equal(cache.Path, report.Path);
        Assert.Equal(cache.GetInfo().FileByteLength, report.ByteLengthAfter);
        Assert.True(report.ByteLengthAfter < report.ByteLengthBefore);
        Assert.Equal(150, report.RecordCount);
        Assert.Equal(50, report.ExpiredCount);
        Assert.Equal(generation + 1, cache.GetInfo().Generation);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void WithoutCompactionOnlyIndexes()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        EmbeddingCacheInfo before = cache.GetInfo();
        OptimizeReport report = cache.Optimize(new OptimizeOptions { Compact = false }, null, CancellationToken.None);
        EmbeddingCacheInfo after = cache.GetInfo();
        Assert.False(report.IsCompacted);
        Assert.NotEqual(0, before.UnindexedCount);
        Assert.Equal(0, after.UnindexedCount);
        Assert.Equal(before.Generation, after.Generation);
        Assert.Equal(before.Count, after.Count);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ProgressRisesToTheEnd()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        var seen = new Recorder();
        cache.Optimize(new OptimizeOptions(), seen, CancellationToken.None);
        Assert.Equal(OptimizeStage.Compacting, seen.Values[0].Stage);
        Assert.Equal(OptimizeStage.Swapping, seen.Values[^1].Stage);
        Assert.Equal(1, seen.Values[^1].Fraction);
        Assert.Equal(seen.Values.Select(static value => value.Fraction).Order(), seen.Values.Select(static value => value.Fraction));
    }

    /// <summary>Linking came after the compaction had said that all was done, and began at nothing again.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ProgressIsOfAllTheWorkWhereAGraphIsBuilt(bool compact)
    {
        using var store = new TestStore(new MemoryFileSystem(), codesThreshold: 64, graphThreshold: 64);
        using EmbeddingCache cache = store.Create(4);
        cache.Set(Enumerable.Range(0, 3000).Select(static i => new EmbeddingEntry($"k{i}", new float[] { i % 7, i % 11, i % 13, 1 + (i % 17) })));
        var seen = new Recorder();
        cache.Optimize(new OptimizeOptions { Compact = compact }, seen, CancellationToken.None);
        double[] fractions = [.. seen.Values.Select(static value => value.Fraction)];
        Assert.Equal(fractions.Order(), fractions);
        Assert.Equal((OptimizeStage.Linking, 1.0), (seen.Values[^1].Stage, seen.Values[^1].Fraction));
        Assert.All(seen.Values.Where(static value => value.Stage != OptimizeStage.Linking), static value => Assert.InRange(value.Fraction, 0, 0.5));
        Assert.Equal(3000, cache.GetInfo().GraphedCount);
    }

    [Fact]
    public void StagesAreToldApart() => Assert.Equal(Enum.GetNames(typeof(OptimizeStage)).Length, Enum.GetValues(typeof(OptimizeStage)).Cast<OptimizeStage>().Distinct().Count());

    [Fact]
    public void WithoutCompactionTheReportTellsWhatTheFileKeeps()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        cache.Optimize(new OptimizeOptions { Compression = VectorCompression.Int8 }, null, CancellationToken.None);
        OptimizeReport report = cache.Optimize(new OptimizeOptions { Compact = false }, null, CancellationToken.None);
        Assert.Equal(VectorCompression.Int8, report.Compression);
        Assert.Equal(cache.GetInfo().Loss!.ToString(), report.Loss!.ToString());
    }

    [Fact]
    public void CancellationLeavesTheFileAsItWas()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        SortedDictionary<string, string> content = StoreContent.Of(cache);
        using var source = new CancellationTokenSource();
        var cancelling = new Recorder { OnReport = value => Assert.Equal(OptimizeStage.Compacting, value.Stage) };
        cancelling.OnReport += _ => source.Cancel();
        Assert.Throws<OperationCanceledException>(() => cache.Optimize(new OptimizeOptions(), cancelling, source.Token));
        Assert.Equal(1, cache.GetInfo().Generation);
        Assert.Equal(content, StoreContent.Of(cache));
        Assert.Equal([store.Path], Directory.GetFiles(Path.GetDirectoryName(store.Path)!));
        cache.Set("after", [1, 2]);
    }

    [Fact]
    public void WaitsForAWriterNoLongerThanItMay()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        using EmbeddingCache other = store.Open();
        using EmbeddingTransaction held = other.BeginTransaction();
        var seen = new Recorder();
        FileBusyException e = Assert.Throws<FileBusyException>(() => cache.Optimize(new OptimizeOptions { BusyTimeout = TimeSpan.FromMilliseconds(400) }, seen, CancellationToken.None));
        Assert.Contains("0.4 s", e.Message, StringComparison.Ordinal);
        Assert.All(seen.Values, static value => Assert.Equal(OptimizeStage.Waiting, value.Stage));
    }

    [Fact]
    public void WaitingEndsWithTheToken()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        using EmbeddingCache other = store.Open();
        using EmbeddingTransaction held = other.BeginTransaction();
        using var source = new CancellationTokenSource();
        var cancelling = new Recorder { OnReport = _ => source.Cancel() };
        Assert.Throws<OperationCanceledException>(() => cache.Optimize(new OptimizeOptions { BusyTimeout = Timeout.InfiniteTimeSpan }, cancelling, source.Token));
        Assert.NotEmpty(cancelling.Values);
    }

    /// <summary>A reader that had the file open, and a search that was under way, keep what they saw; the next look is at the new file.</summary>
    [Fact]
    public void ReadersGoOnMeanwhile()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        using EmbeddingCache reader = store.Open(readOnly: true);
        using IEnumerator<Embedding> under = reader.Enumerate().GetEnumerator();
        Assert.True(under.MoveNext());
        cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        int count = 1;
        while (under.MoveNext())
        {
            count++;
        }

        Assert.Equal(150, count);
        Assert.Equal(2, reader.GetInfo().Generation);
        Assert.Equal(StoreContent.Of(cache), StoreContent.Of(reader));
    }

    /// <summary>Regression: a compaction renamed its file over whatever stood at the path by then, another store included.</summary>
    [Fact]
    public void Regression_AFileThatTookThePathMeanwhileIsNotOverwritten()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        string moved = store.PathTo("moved.edb");
        bool isMoved = false;
        var moving = new Recorder
        {
            OnReport = _ =>
            {
                if (!isMoved)
                {
                    isMoved = true;
                    File.Move(store.Path, moved);
                    EmbeddingCache.Create(store.Path, new EmbeddingCacheCreateOptions { Dimension = 7 }).Dispose();
                }
            },
        };
        Assert.Throws<FileNotFoundException>(() => cache.Optimize(new OptimizeOptions(), moving, CancellationToken.None));
        Assert.True(isMoved);
        using EmbeddingCache other = EmbeddingCache.Open(store.Path);
        Assert.Equal(7, other.Dimension);
        using EmbeddingCache kept = EmbeddingCache.Open(moved);
        Assert.Equal(1, kept.GetInfo().Generation);
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(store.Path)!).Length);
    }

    /// <summary>300 records: 100 replaced, 50 removed, 50 expired.</summary>
    private static EmbeddingCache Filled(TestStore store)
    {
        EmbeddingCache cache = store.Create();
        cache.Set(Enumerable.Range(0, 200).Select(i => new EmbeddingEntry($"k{i}", new float[] { i, 1 }) { Expires = i < 50 ? store.Time.AddSeconds(1) : null }));
        cache.Set(Enumerable.Range(100, 100).Select(static i => new EmbeddingEntry($"k{i}", new float[] { -i, 1 })));
        cache.Set(Enumerable.Range(200, 50).Select(static i => new EmbeddingEntry($"k{i}", new float[] { i, 1 })));
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            for (int i = 200; i < 250; i++)
            {
                transaction.Remove($"k{i}");
            }

            transaction.Commit();
        }

        store.Now += 2000;
        return cache;
    }

    private sealed class Recorder : IProgress<OptimizeProgress>
    {
        public List<OptimizeProgress> Values { get; } = [];

        public Action<OptimizeProgress>? OnReport { get; set; }

        public void Report(OptimizeProgress value)
        {
            Values.Add(value);
            OnReport?.Invoke(value);
        }
    }
}
