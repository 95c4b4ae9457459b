using System.Runtime.InteropServices;
using EmbedCache.Format;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves that a transaction is all or nothing: for the handle that makes it, for a second handle and for other threads; that it sees its own
/// writes however large it grows; and that a rollback leaves no trace that could come back.
/// </summary>
public sealed class TransactionTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void OthersSeeNothingBeforeTheCommitAndEverythingAfter()
    {
        using EmbeddingCache cache = _store.Create();
        using EmbeddingCache other = _store.Open(readOnly: true);
        cache.Set("kept", [1, 1]);
        cache.Set("removed", [1, 1]);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("new", [2, 2]);
            transaction.Remove("removed");
            Assert.Equal([2, 2], transaction.Get("new")!.Vector.ToArray());
            Assert.Null(transaction.Get("removed"));
            foreach (EmbeddingCache reader in new[] { cache, other })
            {
                Assert.False(reader.Contains("new"));
                Assert.True(reader.Contains("removed"));
                Assert.Equal(2, reader.GetInfo().Count);
            }

            transaction.Commit();
        }

        foreach (EmbeddingCache reader in new[] { cache, other })
        {
            Assert.True(reader.Contains("new"));
            Assert.False(reader.Contains("removed"));
            Assert.Equal(2, reader.GetInfo().Count);
        }
    }

    /// <summary>Regression: what a rollback took back counted as checked when it had not left the buffer, and with it what another handle then put in its place.</summary>
    [Fact]
    public void WhatStandsInThePlaceOfARolledBackRecordIsChecked()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("kept", [1, 1]);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("other", [2, 2]);
        }

        using (EmbeddingCache another = _store.Open())
        {
            another.Set("other", [3, 7]);
        }

        int vector = _store.Bytes().AsSpan().IndexOf(MemoryMarshal.AsBytes(new[] { 3f, 7f }.AsSpan()));
        using (var file = new FileStream(_store.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Position = vector;
            file.WriteByte(1);
        }

        Assert.Throws<CorruptFileException>(() => cache.Get("other"));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 30_000)]
    [InlineData(true, 30_000)]
    public void RollbackAndDisposeLeaveNoTrace(bool dispose, int count)
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("kept", [1, 1]);
        SortedDictionary<string, string> before = StoreContent.Of(cache);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            for (int i = 0; i < count; i++)
            {
                transaction.Set($"lost {i}", [i, 1]);
            }

            transaction.Remove("kept");
            if (!dispose)
            {
                transaction.Rollback();
                transaction.Rollback();
                Assert.Throws<InvalidOperationException>(() => transaction.Set("late", [1, 1]));
                Assert.Throws<InvalidOperationException>(transaction.Commit);
            }
        }

        Assert.Equal(before, StoreContent.Of(cache));
        StoreContent.AssertValid(cache);
        using (EmbeddingCache other = _store.Open(readOnly: true))
        {
            Assert.Equal(before, StoreContent.Of(other));
        }

        cache.Set("after", [1, 2]);
        Assert.Equal(2, cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
    }

    /// <summary>Whose bytes had reached the file before it was undone opens a new epoch, so that they can never join the log again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RollbackOfBytesThatWereWrittenOpensANewEpoch(bool positional)
    {
        _store.Create().Dispose();
        using EmbeddingCache cache = _store.Open(configure: options => options.PositionalReads = positional);
        cache.Set("kept", [1, 1]);
        uint epoch = NewestSlot().Epoch;
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("lost", [1, 2]);
            Assert.NotNull(transaction.Get("lost"));
        }

        Assert.Equal(epoch + 1, NewestSlot().Epoch);
        Assert.Equal([1, 1], cache.Get("kept")!.Vector.ToArray());
        Assert.Equal(1, cache.GetInfo().Count);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("never written", [1, 2]);
        }

        Assert.Equal(epoch + 1, NewestSlot().Epoch);
        cache.Set("lost", [1, 2]);
        StoreContent.AssertValid(cache);
        Assert.Equal(2, cache.GetInfo().Count);
    }

    [Fact]
    public void TransactionLargerThanEveryBufferReadsItsOwnWrites()
    {
        const int Count = 100_000;
        using EmbeddingCache cache = _store.Create();
        using EmbeddingCache other = _store.Open(readOnly: true);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            for (int i = 0; i < Count; i++)
            {
                transaction.Set($"{i}", [i, 1]);
                if (i % 7919 == 0)
                {
                    Assert.Equal([i / 2, 1], transaction.Get($"{i / 2}")!.Vector.ToArray());
                    Assert.Equal(0, other.GetInfo().Count);
                }
            }

            Assert.True(transaction.Remove("0"));
            Assert.True(transaction.Touch("1", _store.Time.AddDays(1)));
            Assert.Null(transaction.Get("0"));
            Assert.Equal(_store.Time.AddDays(1), transaction.Get("1")!.Expires);
            Assert.False(cache.Contains("50000"));
            transaction.Commit();
        }

        foreach (EmbeddingCache reader in new[] { cache, other })
        {
            EmbeddingCacheInfo info = reader.GetInfo();
            Assert.Equal(Count - 1, info.Count);
            Assert.True(info.UnindexedCount <= 4096);
            Assert.False(reader.Contains("0"));
            Assert.Equal([99_999, 1], reader.Get("99999")!.Vector.ToArray());
            Assert.Equal("99999", reader.FindSimilar([1, 0], 1)[0].Embedding.Key);
        }

        StoreContent.AssertValid(cache);
    }

    [Fact]
    public async Task ReadersOnOtherThreadsAndHandlesSeeAllOrNothing()
    {
        const int Size = 40;
        using EmbeddingCache cache = _store.Create();
        using EmbeddingCache other = _store.Open(readOnly: true);
        using var stop = new CancellationTokenSource();
        Task[] readers = [.. new[] { cache, cache, other }.Select(reader => OwnThread.Run(() =>
        {
            float last = -1;
            while (!stop.IsCancellationRequested)
            {
                float[] values = [.. reader.Enumerate().Select(static record => record.Vector.Span[0])];
                Assert.True(values.Length is 0 or Size, $"{values.Length} records");
                Assert.True(values.Distinct().Count() <= 1, "two transactions were seen at once");
                if (values.Length > 0)
                {
                    Assert.True(values[0] >= last, "an older state was seen after a newer one");
                    last = values[0];
                }
            }
        }))];
        for (int round = 0; round < 120; round++)
        {
            cache.Set(Enumerable.Range(0, Size).Select(i => new EmbeddingEntry($"{i}", new float[] { round, 1 })));
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public async Task SecondTransactionWaitsForTheFirst()
    {
        using EmbeddingCache cache = _store.Create();
        EmbeddingTransaction first = cache.BeginTransaction();
        first.Set("a", [1, 1]);
        Task<float> second = OwnThread.Run(() =>
        {
            using EmbeddingTransaction transaction = cache.BeginTransaction();
            float seen = transaction.Get("a")!.Vector.Span[0];
            transaction.Set("a", [seen + 1, 1]);
            transaction.Commit();
            return seen;
        });
        Assert.False(((IAsyncResult)second).AsyncWaitHandle.WaitOne(50)); // Waited for on this thread: a pool that is short of threads may be late for longer than the second one waits.
        first.Commit();
        Assert.Equal(1, await second);
        Assert.Equal([2, 1], cache.Get("a")!.Vector.ToArray());
    }

    [Fact]
    public void EmptyTransactionWritesNothing()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("a", [1, 1]);
        long sequence = cache.GetInfo().Sequence;
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            Assert.False(transaction.Remove("never"));
            Assert.False(transaction.Touch("never", null));
            transaction.Commit();
        }

        Assert.False(cache.Remove("never"));
        Assert.Equal(0, cache.Set([]));
        Assert.Equal(sequence, cache.GetInfo().Sequence);
    }

    /// <summary>The handle may be closed under an open transaction: its commit is refused, its rollback works, nothing crashes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5000)]
    public void CommitAfterTheCacheWasClosedIsRefusedAndUndone(int count)
    {
        EmbeddingCache cache = _store.Create();
        cache.Set("kept", [1, 1]);
        EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = 0; i < count; i++)
        {
            transaction.Set($"{i}", [1, 2]);
        }

        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(transaction.Commit);
        transaction.Dispose();
        using EmbeddingCache again = _store.Open();
        Assert.Equal("kept", Assert.Single(again.Enumerate()).Key);
        again.Set("after", [1, 1]);
        StoreContent.AssertValid(again);
    }

    [Fact]
    public void RecordsOfOneTransactionReplaceEachOther()
    {
        using EmbeddingCache cache = _store.Create();
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            for (int i = 0; i < 10_000; i++)
            {
                transaction.Set($"{i % 10}", [i, 1]);
                if (i % 3 == 0)
                {
                    Assert.True(transaction.Remove($"{i % 10}"));
                    Assert.False(transaction.Touch($"{i % 10}", null));
                }
            }

            transaction.Commit();
        }

        Assert.Equal(cache.Enumerate().Count(), cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
    }

    private CommitSlot NewestSlot()
    {
        byte[] bytes = File.ReadAllBytes(_store.Path);
        CommitSlot newest = default;
        foreach (int offset in new[] { 4096, 8192 })
        {
            if (CommitSlot.TryRead(bytes.AsSpan(offset, CommitSlot.ByteLength), out CommitSlot slot) && slot.Sequence > newest.Sequence)
            {
                newest = slot;
            }
        }

        return newest;
    }
}
