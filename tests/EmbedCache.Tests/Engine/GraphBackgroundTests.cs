namespace EmbedCache.Tests.Engine;

/// <summary>The thread that builds a graph behind the writer's back: it is started where there is something to build, and whatever it meets, it ends nothing but itself.</summary>
public sealed class GraphBackgroundTests
{
    private const int CodesThreshold = 32;
    private const int GraphThreshold = 64;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Every checkpoint and close of a store that is too small for a graph started a thread, which found nothing to do.</summary>
    [Fact]
    public void SmallStoreStartsNoThread()
    {
        using var store = new TestStore(new MemoryFileSystem(), CodesThreshold, GraphThreshold);
        using (EmbeddingCache cache = store.Create())
        {
            for (int i = 0; i < GraphThreshold - 1; i++)
            {
                cache.Set($"{i}", [i, 1]);
                if (i % 8 == 0)
                {
                    cache.Checkpoint();
                }
            }

            cache.Checkpoint();
        }

        using (EmbeddingCache cache = store.Open())
        {
            cache.Set("0", [9, 1]);
            cache.Compact();
        }

        Assert.Equal(0, store.BackgroundThreadCount);
        using (EmbeddingCache cache = store.Open())
        {
            cache.Set("more", [1, 2]);
            cache.Set("and more", [1, 3]);
            cache.Checkpoint();
        }

        Assert.NotEqual(0, store.BackgroundThreadCount);
    }

    /// <summary>A graph that has all its codes gives the closes of those who change nothing no thread to start.</summary>
    [Fact]
    public void FinishedGraphStartsNoThread()
    {
        using var store = new TestStore(new MemoryFileSystem(), CodesThreshold, GraphThreshold);
        using (EmbeddingCache cache = store.Create(configure: static options => options.IndexingTimeout = s_patience))
        {
            Fill(cache, 0, 2 * GraphThreshold);
            cache.Checkpoint();
        }

        int count = store.BackgroundThreadCount;
        Assert.NotEqual(0, count);
        using (EmbeddingCache cache = store.Open())
        {
            cache.Set("one", [1, 2]);
            cache.Checkpoint();
        }

        Assert.Equal(count, store.BackgroundThreadCount);
    }

    /// <summary>An exception that nobody expected ended the process where it came on the background's thread.</summary>
    [Theory]
    [InlineData(Change.Write)]
    [InlineData(Change.Flush)]
    internal void UnexpectedFailureAtTheCloseEndsNothing(Change change)
    {
        var memory = new MemoryFileSystem();
        using var store = new TestStore(memory, CodesThreshold, GraphThreshold);
        int failures = FailInTheBackground(memory, change, null, () =>
        {
            using EmbeddingCache cache = store.Create(configure: static options => options.IndexingTimeout = s_patience);
            Fill(cache, 0, 2 * GraphThreshold);
            cache.Checkpoint();
        });
        Assert.NotEqual(0, failures);
        AssertGoesOn(store, 2 * GraphThreshold);
    }

    /// <summary>The same while the store is in use: reading, writing and searching go on in the same handle.</summary>
    [Theory]
    [InlineData(Change.Write)]
    [InlineData(Change.Flush)]
    internal void UnexpectedFailureWhileTheStoreIsInUseEndsNothing(Change change)
    {
        var memory = new MemoryFileSystem();
        using var store = new TestStore(memory, CodesThreshold, GraphThreshold);
        using var failed = new ManualResetEventSlim();
        FailInTheBackground(memory, change, failed, () =>
        {
            using EmbeddingCache cache = store.Create(configure: static options => options.IndexingTimeout = s_patience);
            Fill(cache, 0, 2 * GraphThreshold);
            cache.Checkpoint();

            // The background writes down what it has once nothing has come for a while.
            Assert.True(failed.Wait(s_patience));
            Fill(cache, 2 * GraphThreshold, 3 * GraphThreshold);
            cache.Checkpoint();
            Assert.Equal("100", cache.FindSimilar([100, 1000], 1)[0].Embedding.Key);
            Assert.Empty(cache.Verify().Problems);
        });
        AssertGoesOn(store, 3 * GraphThreshold);
    }

    /// <summary>Runs something while each call of a kind fails that the background makes; returns how many did.</summary>
    private static int FailInTheBackground(MemoryFileSystem memory, Change change, ManualResetEventSlim? failed, Action run)
    {
        int count = 0;
        memory.OnChange = (asked, _) =>
        {
            if (asked != change || Thread.CurrentThread.Name != "EmbedCache graph")
            {
                return Fault.None;
            }

            count++;
            failed?.Set();
            throw new ArithmeticException("Nobody expects this.");
        };
        run();
        memory.OnChange = static (_, _) => Fault.None;
        return count;
    }

    /// <summary>Opened again, the store holds everything, is whole, and gets its graph.</summary>
    private static void AssertGoesOn(TestStore store, int count)
    {
        using (EmbeddingCache cache = store.Open(configure: static options => options.IndexingTimeout = s_patience))
        {
            Assert.Equal(count, cache.GetInfo().Count);
            Assert.Equal(count, cache.Enumerate().Count());
            StoreContent.AssertValid(cache);
            Fill(cache, count, 2 * count);
            cache.Checkpoint();
        }

        using EmbeddingCache reader = store.Open(readOnly: true);
        Assert.Equal(2 * count, reader.Enumerate().Count());
        StoreContent.AssertValid(reader);
        reader.FindSimilar([1, 1000], new SearchOptions { Top = 1 });
        Assert.Equal(2L * count, reader.GetInfo().GraphedCount);
    }

    /// <summary>Vectors whose nearest to (i, 1000) under the dot product cannot be told by length alone.</summary>
    private static void Fill(EmbeddingCache cache, int from, int to)
        => cache.Set(Enumerable.Range(from, to - from).Select(static i => new EmbeddingEntry($"{i}", new float[] { 2 * i, -i * i / 1000f })));
}
