using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Search;
using EmbedCache.Storage;
using EmbedCache.Tests.Metadata;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Filters over a whole file: with columns, partly with columns and without, the answer is that of asking each live record. Verify makes each section again and compares,
/// so that a test which ends in AssertValid has compared them all.
/// </summary>
public sealed class ColumnSectionTests
{
    [Fact]
    public void ColumnsBeginWithMetadataAtTheThreshold()
    {
        using var store = new TestStore(codesThreshold: 100);
        using EmbeddingCache cache = store.Create();
        cache.Set(Entries(0, 150, _ => null));
        cache.Checkpoint();
        Assert.Empty(ColumnEntries(cache));

        cache.Set(Entries(150, 10, i => EmbeddingMetadata.Empty.With("n", (long)i)));
        cache.Checkpoint();
        Assert.Single(ColumnEntries(cache));
        Assert.Equal(160, Read(cache, snapshot => snapshot.Index.Derived.Columns(snapshot.Log, snapshot.PublishedTail, 160).Single().EndOrdinal));
        Assert.Equal(5, Matches(cache, "n >= 155").Count);
        Assert.Equal(0, Matches(cache, "n >= 155").ReadCount);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ModeNoneWritesNoColumns()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create(configure: options => options.Index = IndexMode.None);
        cache.Set(Entries(0, 100, i => EmbeddingMetadata.Empty.With("n", (long)i)));
        cache.Checkpoint();
        Assert.Empty(ColumnEntries(cache));
        Assert.Equal(50, Matches(cache, "n >= 50").Count);
        Assert.Equal(100, Matches(cache, "n >= 50").ReadCount);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_000_000)]
    public void RandomWalk(long threshold)
    {
        var random = new Random((int)threshold);
        using var store = new TestStore(threshold);
        EmbeddingCache cache = store.Create();
        try
        {
            for (int round = 0; round < 60; round++)
            {
                switch (random.Next(8))
                {
                    case 0:
                        cache.Checkpoint();
                        break;
                    case 1:
                        for (int i = 0; i < 20; i++)
                        {
                            cache.Remove($"k{random.Next(600)}");
                        }

                        break;
                    case 2:
                        for (int i = 0; i < 10; i++)
                        {
                            cache.Touch($"k{random.Next(600)}", null, FilterOracle.RandomRecord(random));
                        }

                        break;
                    case 3 when round % 3 == 0:
                        cache.Compact();
                        break;
                    case 4:
                        cache.Dispose();
                        cache = store.Open(configure: options => options.PositionalReads = random.Next(2) == 0);
                        break;
                    case 5:
                        store.Now += 1000;
                        cache.Set($"k{random.Next(600)}", new float[] { 1, 2 }, FilterOracle.RandomRecord(random), expires: store.Time.AddSeconds(2));
                        break;
                    default:
                        cache.Set(Entries(random.Next(500), random.Next(1, 100), _ => random.Next(5) == 0 ? null : FilterOracle.RandomRecord(random)));
                        break;
                }

                AssertAnswers(cache, random);
            }

            StoreContent.AssertValid(cache);
            Assert.Equal(threshold == 10, ColumnEntries(cache).Length > 0);
        }
        finally
        {
            cache.Dispose();
        }
    }

    [Theory]
    [InlineData("header")]
    [InlineData("first block")]
    [InlineData("values")]
    [InlineData("table")]
    public void ADamagedSectionCostsTimeAndNoAnswers(string what)
    {
        var random = new Random(4);
        using var store = new TestStore(codesThreshold: 10);
        CatalogEntry columns;
        using (EmbeddingCache cache = store.Create())
        {
            cache.Set(Entries(0, 1500, i => FilterOracle.RandomRecord(random).With("n", (long)i)));
            cache.Checkpoint();
            columns = Assert.Single(ColumnEntries(cache));
        }

        byte[] bytes = File.ReadAllBytes(store.Path);
        bytes[columns.FrameOffset + what switch
        {
            "header" => SectionFrame.FirstOrdinalOffset,
            "first block" => SectionFrame.EntriesOffset + 3,
            "values" => columns.FrameByteLength / 2,
            _ => SectionFrame.EntriesOffset + (columns.EntryCount * FormatConstants.LineByteLength) + 1,
        }] ^= 0x10;
        File.WriteAllBytes(store.Path, bytes);

        using (EmbeddingCache cache = store.Open())
        {
            Assert.False(cache.Verify().IsValid);
            for (int i = 0; i < 8; i++)
            {
                AssertAnswers(cache, random);
            }

            Assert.Equal(750, Matches(cache, "n < 750").Count);

            // Every name, so that the damage is met wherever it is; then the next checkpoint writes the section anew.
            Matches(cache, "lang exists and year exists and score = 1 or draft = true or seen > date '2000-01-01' or tags contains 'a' or \"a name\" = 'a' or größe = 1 or lang in ('a') or n = 3 or lang = 'x' nocase");
            cache.Set(Entries(5000, 60, _ => FilterOracle.RandomRecord(random)));
            cache.Checkpoint();
            AssertAnswers(cache, random);
            cache.Compact();
            AssertAnswers(cache, random);
            Assert.Equal(0, Matches(cache, "n < 1500").ReadCount);
            StoreContent.AssertValid(cache);
        }
    }

    [Fact]
    public void AFileThatFellBehindCatchesUpInSteps()
    {
        using var store = new TestStore(codesThreshold: 1_000_000);
        using (EmbeddingCache cache = store.Create())
        {
            cache.Set(Entries(0, 70_000, i => EmbeddingMetadata.Empty.With("n", (long)i)));
        }

        var indexing = new EngineEnvironment { CodesThreshold = 10, FileSystem = store.Environment.FileSystem };
        using EmbeddingCache reopened = EmbeddingCache.Open(store.Path, null, indexing);
        reopened.Set("a", new float[] { 1, 2 }, EmbeddingMetadata.Empty.With("n", -1L));
        reopened.Checkpoint();
        Assert.Equal(70_001 - 65_536, Matches(reopened, "n < 100").ReadCount);
        Assert.Equal(101, Matches(reopened, "n < 100").Count);
        reopened.Set("b", new float[] { 1, 2 });
        reopened.Checkpoint();
        Assert.Equal(0, Matches(reopened, "n < 100").ReadCount);
        Assert.Equal(101, Matches(reopened, "n < 100").Count);
        StoreContent.AssertValid(reopened);
    }

    [Fact]
    public void AnswersAreKeptForTheSameFilter()
    {
        using var store = new TestStore(codesThreshold: 10);
        using EmbeddingCache cache = store.Create();
        cache.Set(Entries(0, 100, i => EmbeddingMetadata.Empty.With("n", (long)i)));
        cache.Checkpoint();
        FilterMatches first = Matches(cache, "n < 50");
        Assert.Same(first, Matches(cache, "n<50"));
        for (int i = 0; i < 8; i++)
        {
            Matches(cache, $"n = {i}");
        }

        Assert.NotSame(first, Matches(cache, "n < 50"));
        cache.Set("new", new float[] { 1, 1 }, EmbeddingMetadata.Empty.With("n", 1L));
        Assert.Equal(51, Matches(cache, "n < 50").Count);
    }

    [Fact]
    public void AFilterIsRequired()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create();
        Assert.Throws<ArgumentNullException>(() => cache.Enumerate((Filter)null!));
        Assert.Empty(cache.Enumerate(Filter.Everything));
    }

    private static void AssertAnswers(EmbeddingCache cache, Random random)
    {
        Embedding[] all = [.. cache.Enumerate()];
        for (int i = 0; i < 4; i++)
        {
            Filter filter = FilterOracle.RandomFilter(random, depth: 2);
            string?[] expected = [.. all.Where(embedding => filter.Matches(embedding.Metadata)).Select(embedding => embedding.Key)];
            Assert.Equal(expected, cache.Enumerate(filter).Select(embedding => embedding.Key));
            Assert.Equal(expected.Reverse(), cache.Enumerate(filter, newestFirst: true).Select(embedding => embedding.Key));
        }
    }

    private static IEnumerable<EmbeddingEntry> Entries(int first, int count, Func<int, EmbeddingMetadata?> metadata)
        => Enumerable.Range(first, count).Select(i => new EmbeddingEntry($"k{i}", new float[] { i % 77, 1 }) { Metadata = metadata(i) });

    private static FilterMatches Matches(EmbeddingCache cache, string filter) => Read(cache, snapshot => snapshot.Filters.Get(Filter.Parse(filter)));

    private static CatalogEntry[] ColumnEntries(EmbeddingCache cache)
        => Read(cache, snapshot => snapshot.Index.Derived.Entries.Where(entry => entry.Kind == FrameKind.Columns).ToArray());

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
}
