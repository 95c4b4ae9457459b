using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Codes beside the vectors: when writers make them, that each row is its record's whatever runs were merged, and that damage to them costs no record.
/// Verify makes every row again and compares, so that a test which ends in AssertValid has compared them all.
/// </summary>
public sealed class CodeSectionTests
{
    private const int Dimension = 40;

    [Fact]
    public void CodesBeginAtTheThresholdAndNotBefore()
    {
        using var store = new TestStore(codesThreshold: 300);
        using EmbeddingCache cache = store.Create(Dimension);
        Fill(cache, 0, 299);
        cache.Checkpoint();
        Assert.Equal(0, cache.GetInfo().CodedCount);

        Fill(cache, 299, 1);
        cache.Checkpoint();
        Assert.Equal(300, cache.GetInfo().CodedCount);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void TheFormatsThresholdIs1024()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(Dimension);
        Fill(cache, 0, 1023);
        cache.Checkpoint();
        Assert.Equal(0, cache.GetInfo().CodedCount);
        Fill(cache, 1023, 1);
        cache.Checkpoint();
        Assert.Equal(1024, cache.GetInfo().CodedCount);
        Assert.Equal(1024, EngineEnvironment.Default.CodesThreshold);
    }

    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    [InlineData(Metric.L2)]
    public void EveryRowIsItsRecordsThroughManyCheckpoints(Metric metric)
    {
        using var store = new TestStore(codesThreshold: 10);
        using (EmbeddingCache cache = store.Create(Dimension, metric))
        {
            for (int round = 0; round < 40; round++)
            {
                // Overlapping keys: a third of the rounds' records replace older ones.
                Fill(cache, round * 20, 30 + (round * 7 % 50), seed: round);
                cache.Checkpoint();
            }

            EmbeddingCacheInfo info = cache.GetInfo();
            Assert.Equal(info.Count + info.DeadCount, info.CodedCount);
            Assert.InRange(Codes(cache).Runs.Length, 1, 31);
        }

        using EmbeddingCache reopened = store.Open(readOnly: true);
        StoreContent.AssertValid(reopened);
    }

    /// <summary>Codes are made when records are appended. What becomes of the records until the checkpoint must become of their codes.</summary>
    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    public void CodesMadeInAdvanceFollowTheirRecords(Metric metric)
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension, metric);
        Fill(cache, 0, 50);
        cache.Checkpoint();

        // Rolled back, so that others come to stand at the same offsets.
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            Fill(transaction, 100, 20, seed: 1);
        }

        Fill(cache, 100, 15, seed: 2);

        // Another handle's have none, and a refused record leaves its place to the next.
        using (EmbeddingCache another = store.Open())
        {
            Fill(another, 200, 5, seed: 3);
        }

        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            Assert.Throws<InvalidEmbeddingException>(() => transaction.Set("bad", Enumerable.Repeat(float.NaN, Dimension).ToArray()));
            Fill(transaction, 300, 20, seed: 4);
            transaction.Commit();
        }

        // The caller's array is his own again once Set has returned.
        float[] vector = Vector("changed afterwards", 5);
        cache.Set("changed afterwards", vector);
        vector[0] += 1;
        Assert.True(cache.Touch("k3", null));
        cache.Remove("k4");
        cache.Checkpoint();
        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.Equal(50 + 15 + 5 + 20 + 1 + 1, info.CodedCount);
        Assert.Equal(info.Count + info.DeadCount, info.CodedCount);
        StoreContent.AssertValid(cache);
    }

    /// <summary>A checkpoint within a transaction, and what follows it in the same one.</summary>
    [Fact]
    public void CodesMadeInAdvanceOutliveACheckpointInTheMiddleOfATransaction()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension);
        Fill(cache, 0, 50);
        cache.Checkpoint();
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            Fill(transaction, 1000, 2 * WriteTransaction.MaxUnindexedCount + 100, seed: 1);
            transaction.Commit();
        }

        cache.Checkpoint();
        Assert.Equal(50 + (2 * WriteTransaction.MaxUnindexedCount) + 100, cache.GetInfo().CodedCount);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void TouchesHaveTheCodeOfTheVectorTheyKeep()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension);
        Fill(cache, 0, 50);
        cache.Checkpoint();
        Assert.True(cache.Touch("k7", null, EmbeddingMetadata.Empty.With("a", 1L)));
        cache.Checkpoint();
        CodeRuns codes = Codes(cache);
        Assert.Equal(51, codes.Count);
        Assert.Equal(codes.Coarse(7).ToArray(), codes.Coarse(50).ToArray());
        Assert.Equal(codes.Fine(7).ToArray(), codes.Fine(50).ToArray());
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ModeNoneWritesNoCodesAndIsKept()
    {
        using var store = new TestStore(codesThreshold: 10);
        using (EmbeddingCache cache = store.Create(Dimension, configure: options => options.Index = IndexMode.None))
        {
            Fill(cache, 0, 100);
            cache.Checkpoint();
        }

        using EmbeddingCache reopened = store.Open();
        Fill(reopened, 100, 100);
        reopened.Checkpoint();
        Assert.Equal(IndexMode.None, reopened.GetInfo().Index);
        Assert.Equal(0, reopened.GetInfo().CodedCount);
        Assert.DoesNotContain((byte)FrameKind.Codes, KindsOf(reopened));
    }

    [Fact]
    public void AModeThatIsNoneOfThemIsRefused()
    {
        using var store = new TestStore();
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Create(configure: options => options.Index = (IndexMode)3));
    }

    [Fact]
    public void CompactionMakesThemAnew()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension, Metric.L2);
        Fill(cache, 0, 200);
        cache.Checkpoint();
        for (int i = 0; i < 100; i++)
        {
            cache.Remove($"k{i * 2}");
        }

        cache.Compact();
        Assert.Equal(100, cache.GetInfo().CodedCount);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ReplacedRunsAreRetiredAndReleased()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension);
        for (int round = 0; round < 40; round++)
        {
            Fill(cache, round * 100, 100);
            cache.Checkpoint();
        }

        // What is still retired is of the last checkpoints; the rest has been given back.
        Read(cache, snapshot =>
        {
            Assert.All(snapshot.Index.Derived.Entries, entry => Assert.False(entry.IsRetired));
            Assert.InRange(snapshot.Index.Retired.Count(entry => entry.Kind == FrameKind.Codes), 0, 32);
            Assert.Single(snapshot.Index.Derived.Entries, entry => entry.Kind == FrameKind.Codebook);
            return 0;
        });
        StoreContent.AssertValid(cache);
    }

    /// <summary>Without fsyncs nothing that was replaced may be given back; a catalog names it all, and each open would read that.</summary>
    [Fact]
    public void ACloseLeavesACatalogThatNamesLittle()
    {
        using var store = new TestStore(codesThreshold: 10);
        using (EmbeddingCache cache = store.Create(Dimension, Metric.Dot, static options => options.Durability = Durability.Normal))
        {
            for (int round = 0; round < 40; round++)
            {
                Fill(cache, round * 4200, 4200);
            }

            Assert.InRange(Read(cache, static snapshot => snapshot.Index.Retired.Length), store.Environment.Limits.CloseRetiredThreshold, int.MaxValue);
        }

        using EmbeddingCache opened = store.Open();
        Assert.InRange(Read(opened, static snapshot => snapshot.Index.Retired.Length), 0, store.Environment.Limits.CloseRetiredThreshold - 1);
        Assert.Equal(168_000, opened.GetInfo().Count);
        StoreContent.AssertValid(opened);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("block")]
    [InlineData("table")]
    [InlineData("codebook")]
    public void ADamagedRunIsReportedAndMadeAnewAndCostsNoRecord(string what)
    {
        using var store = new TestStore(codesThreshold: 10);
        CatalogEntry codes;
        CatalogEntry codebook;
        SortedDictionary<string, string> before;
        using (EmbeddingCache cache = store.Create(Dimension))
        {
            Fill(cache, 0, 200);
            cache.Checkpoint();
            before = StoreContent.Of(cache);
            (codes, codebook) = Read(cache, snapshot => (
                snapshot.Index.Derived.Entries.Single(entry => entry.Kind == FrameKind.Codes),
                snapshot.Index.Derived.Entries.Single(entry => entry.Kind == FrameKind.Codebook)));
        }

        Flip(store.Path, what switch
        {
            "header" => codes.FrameOffset + SectionFrame.FirstOrdinalOffset,
            "block" => codes.FrameOffset + SectionFrame.EntriesOffset + 5000,
            "table" => codes.FrameOffset + SectionFrame.EntriesOffset + (codes.EntryCount * FormatConstants.LineByteLength) + 1,
            _ => codebook.FrameOffset + SectionFrame.EntriesOffset + CodebookHeader.DimensionOffset,
        });

        using (EmbeddingCache cache = store.Open())
        {
            Assert.False(cache.Verify().IsValid);
            Assert.Equal(before, StoreContent.Of(cache));
            Assert.Equal(5, cache.FindSimilar(Vector("q"), 5).Count);
            Fill(cache, 1000, 60);
            cache.Checkpoint();
            Assert.Equal(260, cache.GetInfo().CodedCount);
            cache.FindSimilar(Vector("q"), 5);
            cache.Compact();
            StoreContent.AssertValid(cache);
            Assert.Equal(260, cache.GetInfo().Count);
        }
    }

    /// <summary>A file that has no codes yet gets them in steps, not all in one checkpoint.</summary>
    [Fact]
    public void AFileThatFellBehindCatchesUpInSteps()
    {
        using var store = new TestStore(codesThreshold: 100_000);
        using (EmbeddingCache cache = store.Create(2))
        {
            cache.Set(Enumerable.Range(0, 70_000).Select(i => new EmbeddingEntry($"k{i}", new float[] { i % 77, 1 })));
        }

        var coding = new EngineEnvironment { CodesThreshold = 10, FileSystem = store.Environment.FileSystem };
        using EmbeddingCache reopened = EmbeddingCache.Open(store.Path, null, coding);
        reopened.Set("a", new float[] { 1, 2 });
        reopened.Checkpoint();
        Assert.Equal(65_536, reopened.GetInfo().CodedCount);
        reopened.Set("b", new float[] { 1, 2 });
        reopened.Checkpoint();
        Assert.Equal(70_002, reopened.GetInfo().CodedCount);
        StoreContent.AssertValid(reopened);
    }

    [Fact]
    public void TheLocatorFindsEveryRowOfEveryRun()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(Dimension);
        int next = 0;
        foreach (int count in new[] { 1500, 1030, 40, 30 })
        {
            Fill(cache, next, count);
            next += count;
            cache.Checkpoint();
        }

        CodeRuns codes = Codes(cache);
        Assert.True(codes.Runs.Length > 1);
        Assert.Equal(next, codes.Count);
        byte[] coarse = new byte[codes.Layout.CoarseByteLength];
        byte[] fine = new byte[codes.Layout.FineByteLength];
        for (int i = 0; i < next; i++)
        {
            ScalarQuantizer.Encode(Vector($"k{i}"), Metric.Dot, [], coarse, fine);
            Assert.Equal(coarse, codes.Coarse(i).ToArray());
            Assert.Equal(fine, codes.Fine(i).ToArray());
            Assert.Same(codes.Runs.Single(run => i >= run.FirstOrdinal && i < run.EndOrdinal), codes.RunOf(i));
            codes.PrefetchCoarse(i);
        }

        Assert.Throws<CorruptFileException>(() => codes.Coarse(-1).Length);
        Assert.Throws<CorruptFileException>(() => codes.Fine(next).Length);
        Assert.Throws<CorruptFileException>(() => codes.Coarse(long.MaxValue / 100).Length);
        codes.PrefetchCoarse(-1);
        codes.PrefetchCoarse(next);
    }

    [Fact]
    public void TwoMachinesWriteTheSameBytes()
    {
        byte[] Write()
        {
            using var store = new TestStore(codesThreshold: 10);
            using (EmbeddingCache cache = store.Create(Dimension, Metric.Cosine))
            {
                Fill(cache, 0, 100);
                cache.Checkpoint();
                Fill(cache, 50, 100, seed: 4);
                cache.Checkpoint();
            }

            return store.Bytes();
        }

        Assert.Equal(Convert.ToHexString(Write()), Convert.ToHexString(Write()));
    }

    private static void Fill(EmbeddingCache cache, int first, int count, int seed = 0)
        => cache.Set(Enumerable.Range(first, count).Select(i => new EmbeddingEntry($"k{i}", Vector($"k{i}", seed))));

    private static void Fill(EmbeddingTransaction transaction, int first, int count, int seed)
    {
        for (int i = first; i < first + count; i++)
        {
            transaction.Set($"k{i}", Vector($"k{i}", seed));
        }
    }

    private static float[] Vector(string key, int seed = 0)
    {
        int hash = seed;
        foreach (char c in key)
        {
            hash = unchecked((hash * 31) + c);
        }

        return TestVectors.Random(new Random(hash), Dimension);
    }

    private static T Read<T>(EmbeddingCache cache, Func<Snapshot, T> use)
    {
        Snapshot snapshot = cache.Store.Acquire();
        try
        {
            return use(snapshot);
        }
        finally
        {
            snapshot.Release();
        }
    }

    private static CodeRuns Codes(EmbeddingCache cache) => Read(cache, snapshot => snapshot.Codes!);

    private static IEnumerable<byte> KindsOf(EmbeddingCache cache) => Read(cache, snapshot => snapshot.Index.ToCatalog().Sections.Select(entry => (byte)entry.Kind).ToArray());

    private static void Flip(string path, long offset)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }
}
