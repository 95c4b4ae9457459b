using EmbedCache.Format;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Storage;

/// <summary>
/// Proves each rule of commit and recovery by the scenario that breaks a store without it: stale frames of a lost transaction before an identical
/// retry, damaged slots, damaged catalogs and sections, a failed fsync, a full disk, a short write.
/// </summary>
public sealed class RecoveryScenarioTests
{
    private readonly MemoryFileSystem _memory = new();
    private readonly TestStore _store;

    public RecoveryScenarioTests() => _store = new TestStore(_memory);

    /// <summary>
    /// A transaction of two records is lost: only its second record and its commit reached the disk. The identical transaction is tried
    /// again and dies after its first record. Without a new epoch the stale half would complete it.
    /// </summary>
    [Fact]
    public void StaleFramesOfALostTransactionDoNotCompleteAnIdenticalRetry()
    {
        using (EmbeddingCache cache = _store.Create())
        {
            cache.Set("kept", [1, 1]);
        }

        byte[] before = _store.Bytes();
        int tail = before.Length;
        byte[] whole = After(before, static cache => cache.Set(Pair()));

        // Lost: the slot is the old one, the first frame was never written.
        byte[] lost = (byte[])whole.Clone();
        before.AsSpan(0, 12_288).CopyTo(lost);
        lost.AsSpan(tail, 64).Clear();
        byte[] retried = After(lost, static cache => cache.Set(Pair()));

        // The retry dies with its first frame alone on the disk, before its slot; behind it stands what the lost one left.
        int frame = (int)(FrameAt(retried, tail).FrameByteLength);
        foreach (byte[] slots in new[] { lost, WithNewestSlotOf(retried, lost, tail) })
        {
            byte[] torn = (byte[])lost.Clone();
            slots.AsSpan(0, 12_288).CopyTo(torn);
            retried.AsSpan(tail, frame).CopyTo(torn.AsSpan(tail));
            using EmbeddingCache cache = OpenBytes(torn, readOnly: true);
            Assert.Equal("kept", Assert.Single(cache.Enumerate()).Key);
        }
    }

    [Fact]
    public void RecoveryPublishesANewEpochBeforeItAppends()
    {
        using (EmbeddingCache cache = _store.Create())
        {
            cache.Set("kept", [1, 1]);
        }

        byte[] bytes = _store.Bytes();
        CommitSlot before = Newest(bytes);
        Array.Resize(ref bytes, bytes.Length + 4096);
        new Random(1).NextBytes(bytes.AsSpan((int)before.PublishedTail));
        var memory = new MemoryFileSystem();
        memory.Put(_store.Path, bytes);
        using EmbeddingCache recovered = new TestStore(memory).Open();
        Assert.Equal(before, Newest(memory.Read(_store.Path)));
        recovered.Set("after", [1, 2]);
        CommitSlot after = Newest(memory.Read(_store.Path));
        Assert.Equal(before.Epoch + 1, after.Epoch);
        Assert.True(after.Sequence >= before.Sequence + 2);
        StoreContent.AssertValid(recovered);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OneDamagedSlotCostsNothing(bool newest)
    {
        byte[] bytes = Small();
        int offset = (int)FormatConstants.SlotOffset(Newest(bytes).Sequence - (newest ? 0 : 1));
        bytes[offset + 30] ^= 1;
        string expected = Describe(Small());
        Assert.Equal(expected, Describe(bytes));
        byte[] written = After(bytes, static cache => cache.Set("new", [1, 2]));
        using EmbeddingCache cache = OpenBytes(written, readOnly: true);
        Assert.True(cache.Contains("new"));
        Assert.Equal(11, cache.GetInfo().Count);
    }

    /// <summary>
    /// Named regression: a torn slot had its sequence number already, recovery wrote that number again, and a handle that only compared numbers went on in
    /// the old epoch, where frames of a lost transaction could rejoin.
    /// </summary>
    [Fact]
    public void RecoveryOverATornSlotOfTheSameSequenceIsNoticed()
    {
        byte[] bytes = Small();
        CommitSlot newest = Newest(bytes);
        bytes[FormatConstants.SlotOffset(newest.Sequence) + 30] ^= 1;
        byte[] written = After(bytes, static cache => cache.Set("new", [1, 2]));
        CommitSlot after = Newest(written);
        Assert.Equal(newest.Epoch + 1, after.Epoch);
        Assert.Equal(newest.Sequence + 2, after.Sequence); // both slots of the new epoch, one of them with the torn slot's number, and the commit
        Assert.Equal(after.Epoch, FrameAt(written, (int)newest.PublishedTail).Epoch);
    }

    /// <summary>
    /// Named regression: a checkpoint whose commit reached the disk, but not all of its sections, was passed over by the handle that recovered and yet
    /// named in the slot that it wrote, so that the next handle used the torn sections.
    /// </summary>
    [Theory]
    [InlineData(FrameKind.Keys)]
    [InlineData(FrameKind.Ordinals)]
    [InlineData(FrameKind.Live)]
    [InlineData(FrameKind.Catalog)]
    internal void RecoveredCatalogIsAdoptedOnlyIfItsSectionsVerify(FrameKind torn)
    {
        byte[] before = Small();
        int tail = (int)Newest(before).PublishedTail;
        byte[] indexed = After(before, static cache => cache.Checkpoint());
        before.AsSpan(0, 12_288).CopyTo(indexed);
        int offset = tail;
        while (FrameAt(indexed, offset).Kind != torn)
        {
            offset += (int)FrameAt(indexed, offset).FrameByteLength;
        }

        indexed[offset + 64] ^= 1;
        Assert.Equal(Describe(Small()), Describe(indexed));
        byte[] written = After(indexed, static cache => cache.Set("new", [1, 2]));
        using EmbeddingCache cache = OpenBytes(written, readOnly: true);
        Assert.Equal(11, StoreContent.Of(cache).Count);
        Assert.Equal(11, cache.GetInfo().Count);
        Assert.Equal("m", cache.Model);
        StoreContent.AssertValid(cache);
    }

    /// <summary>Named regression: a file that a power loss had cut at its durable tail exactly could not be opened.</summary>
    [Fact]
    public void FileThatEndsAtItsDurableTailOpensWithWhatIsDurable()
    {
        byte[] bytes;
        using (EmbeddingCache cache = _store.Create(configure: static options => options.Durability = Durability.Normal))
        {
            cache.Set("durable", [1, 1]);
            cache.Checkpoint();
            cache.Set("lost", [1, 2]);
            cache.Set("lost too", [1, 2]);
            bytes = _store.Bytes();
        }

        CommitSlot slot = Newest(bytes);
        Assert.True(slot.DurableTail < slot.PublishedTail);
        for (long length = slot.DurableTail; length < slot.PublishedTail; length += 32)
        {
            // A survivor is of another run of the machine: what was not durable then is not trusted.
            var memory = new MemoryFileSystem();
            memory.Put(_store.Path, bytes.AsSpan(0, (int)length));
            MemoryFileSystem disk = memory.Survivor(new Random(1));
            using EmbeddingCache cache = new TestStore(disk).Open();
            Assert.True(cache.Contains("durable"));
            Assert.False(cache.Contains("lost too"));
            cache.Set("after", [1, 2]);
            StoreContent.AssertValid(cache);
        }
    }

    [Fact]
    public void BothSlotsDamagedAreRebuiltFromTheLog()
    {
        byte[] bytes = Small();
        bytes[4096 + 3] ^= 1;
        bytes[8192 + 3] ^= 1;
        Assert.Equal(Describe(Small()), Describe(bytes));
        byte[] written = After(bytes, static cache =>
        {
            cache.Set("new", [1, 2]);
            cache.Set("newer", [1, 2]);
        });
        using EmbeddingCache cache = OpenBytes(written, readOnly: true);
        Assert.Equal("m", cache.Model);
        Assert.Equal(12, cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
    }

    /// <summary>Without its catalog a file answers the same, only slower; the next checkpoint indexes it anew and keeps its model.</summary>
    [Fact]
    public void DamagedCatalogCostsTimeNotAnswers()
    {
        byte[] bytes = Small();
        CommitSlot slot = Newest(bytes);
        bytes[slot.CatalogOffset + 64 + 20] ^= 1;
        Assert.Equal(Describe(Small()), Describe(bytes));
        using (EmbeddingCache cache = OpenBytes(bytes, readOnly: true))
        {
            Assert.False(cache.Verify().IsValid);
            Assert.Equal(10, cache.GetInfo().Count);
        }

        byte[] written = After(bytes, static cache => cache.Checkpoint());
        using EmbeddingCache again = OpenBytes(written, readOnly: true);
        Assert.Equal("m", again.Model);
        Assert.Equal(Describe(Small()), Describe(written));
        Assert.Equal(0, again.GetInfo().UnindexedCount);
    }

    [Theory]
    [InlineData(FrameKind.Keys)]
    [InlineData(FrameKind.Ordinals)]
    [InlineData(FrameKind.Live)]
    internal void DamagedSectionIsReportedAndCompactionMendsIt(FrameKind kind)
    {
        byte[] bytes = Small();
        int offset = FindFrame(bytes, kind);
        bytes[offset + 64] ^= 1;
        using (EmbeddingCache cache = OpenBytes(bytes, readOnly: true))
        {
            VerifyProblem problem = Assert.Single(cache.Verify().Problems);
            Assert.Contains(kind.ToString(), problem.Description);
            Assert.Throws<CorruptFileException>(() =>
            {
                for (int i = 0; i < 10; i++)
                {
                    Assert.NotNull(cache.Get($"{i}"));
                }

                Assert.Equal(10, cache.Enumerate().Count());
            });
        }

        byte[] mended = After(bytes, static cache => cache.Compact());
        Assert.Equal(Describe(Small()), Describe(mended));
        using EmbeddingCache again = OpenBytes(mended, readOnly: true);
        StoreContent.AssertValid(again);
    }

    [Theory]
    [InlineData(Durability.Full)]
    [InlineData(Durability.Normal)]
    public void FailedFsyncPoisonsTheHandleAndLosesNothingThatWasAcknowledged(Durability durability)
    {
        EmbeddingCache cache = _store.Create(configure: options => options.Durability = durability);
        cache.Set("kept", [1, 1]);
        cache.Checkpoint();
        int flushes = 0;
        _memory.OnChange = (change, _) => change == Change.Flush && ++flushes == 1 ? Fault.FlushFails : Fault.None;
        DeviceFailedException failed = Assert.Throws<DeviceFailedException>(() =>
        {
            cache.Set("unknown", [1, 2]);
            cache.Checkpoint();
        });
        Assert.True(failed.IsPoisoned);
        Assert.Equal(_store.Path, failed.FilePath);
        Assert.True(Assert.Throws<DeviceFailedException>(() => cache.Set("later", [1, 2])).IsPoisoned);
        Assert.True(Assert.Throws<DeviceFailedException>(() => cache.Remove("kept")).IsPoisoned);
        Assert.True(cache.Contains("kept"));
        cache.Dispose();
        Assert.Equal(1, flushes);

        using EmbeddingCache again = _store.Open();
        Assert.True(again.Contains("kept"));
        Assert.False(again.Contains("later"));
        again.Set("later", [1, 2]);
        StoreContent.AssertValid(again);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FailedWriteRollsBackAndTheHandleGoesOn(bool shortWrite)
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("kept", [1, 1]);
        bool armed = true;
        _memory.OnChange = (change, _) => change == Change.Write && armed ? shortWrite ? Fault.ShortWrite : Fault.Fails : Fault.None;
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("lost", [1, 2]);
            Assert.False(Assert.Throws<DeviceFailedException>(transaction.Commit).IsPoisoned);
            armed = false;
        }

        Assert.Equal("kept", Assert.Single(cache.Enumerate()).Key);
        cache.Set("after", [1, 2]);
        Assert.Equal(2, cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
    }

    /// <summary>A slot whose write fails leaves a commit that the next open may find: outcome unknown, so the handle is done.</summary>
    [Fact]
    public void FailedSlotWritePoisons()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("kept", [1, 1]);
        bool flushed = false;
        _memory.OnChange = (change, _) =>
        {
            flushed |= change == Change.Flush;
            return change == Change.Write && flushed ? Fault.Fails : Fault.None;
        };
        Assert.True(Assert.Throws<DeviceFailedException>(() => cache.Set("unknown", [1, 2])).IsPoisoned);
        _memory.OnChange = static (_, _) => Fault.None;
        cache.Dispose();
        using EmbeddingCache again = _store.Open();
        Assert.InRange(again.GetInfo().Count, 1, 2);
        StoreContent.AssertValid(again);
    }

    /// <summary>A device that fails to release a hole costs space, never the commit that was just published.</summary>
    [Fact]
    public void FailedPunchDoesNotUndoTheCommit()
    {
        using EmbeddingCache cache = _store.Create();
        _memory.OnChange = static (change, _) => change == Change.Punch ? Fault.Fails : Fault.None;
        for (int round = 0; round < 12; round++)
        {
            cache.Set(Enumerable.Range(0, 600).Select(i => new EmbeddingEntry($"{i}", new float[] { round, 1 })));
            cache.Checkpoint();
        }

        Assert.True(_memory.Counts.TryGetValue(Change.Punch, out int punches) && punches > 0);
        Assert.Equal(600, cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void FullDiskRefusesWritesAndTakesDeletes()
    {
        using EmbeddingCache cache = _store.Create(64);
        for (int i = 0; i < 40; i++)
        {
            cache.Set($"{i}", new float[64]);
        }

        _memory.Quota = _memory.Used + 10_000;
        int stored = 40;
        DeviceFailedException full = Assert.Throws<DeviceFailedException>(() =>
        {
            while (stored < 100_000)
            {
                cache.Set($"{stored}", new float[64]);
                stored++;
            }
        });
        Assert.True(full.IsFull);
        Assert.False(full.IsPoisoned);
        Assert.Contains("full", full.Message);
        Assert.Equal(stored, cache.GetInfo().Count);
        _memory.Quota = _memory.Used;
        for (int i = 0; i < 40; i++)
        {
            Assert.True(cache.Remove($"{i}"));
        }

        Assert.Equal(stored - 40, cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
        Assert.True(Assert.Throws<DeviceFailedException>(() => cache.Set(Enumerable.Range(0, 5000).Select(static i => new EmbeddingEntry($"large {i}", new float[64])))).IsFull);
        Assert.Equal(stored - 40, cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
    }

    /// <summary>Compaction that dies anywhere leaves the old file or the new one, each whole.</summary>
    [Fact]
    public void CompactionMayLosePowerAtAnyCall()
    {
        byte[] bytes = Small();
        for (int at = 1; at < 60; at++)
        {
            for (int seed = 0; seed < 4; seed++)
            {
                var memory = new MemoryFileSystem();
                memory.Put(_store.Path, bytes);
                var store = new TestStore(memory);
                memory.PowerLossAt = at;
                try
                {
                    using EmbeddingCache cache = store.Open();
                    cache.Compact();
                }
                catch (PowerLostException)
                {
                }

                MemoryFileSystem disk = memory.Survivor(new Random((at * 100) + seed));
                var survived = new TestStore(disk);
                using (EmbeddingCache cache = survived.Open())
                {
                    Assert.Equal(10, StoreContent.Of(cache).Count);
                    cache.Set("after", [1, 2]);
                    cache.Compact();
                    Assert.Equal(11, StoreContent.Of(cache).Count);
                    StoreContent.AssertValid(cache);
                }

                Assert.False(disk.Exists(_store.Path + ".compact"));
            }
        }
    }

    private static EmbeddingEntry[] Pair() => [new("first", new float[] { 1, 2 }), new("second", new float[] { 3, 4 })];

    /// <summary>Ten live records, an index, a tail, a model.</summary>
    private static byte[] Small()
    {
        var memory = new MemoryFileSystem();
        var store = new TestStore(memory);
        using (EmbeddingCache cache = store.Create(configure: static options => options.Model = "m"))
        {
            for (int i = 0; i < 12; i++)
            {
                cache.Set($"{i}", [i, 1]);
                if (i == 6)
                {
                    cache.Remove("10");
                    cache.Checkpoint();
                }
            }

            cache.Remove("10");
            cache.Remove("11");
            cache.Set("3", [33, 1]);
        }

        return memory.Read(store.Path);
    }

    private static EmbeddingCache OpenBytes(byte[] bytes, bool readOnly)
    {
        var memory = new MemoryFileSystem();
        var store = new TestStore(memory);
        memory.Put(store.Path, bytes);
        return store.Open(readOnly);
    }

    private static byte[] After(byte[] bytes, Action<EmbeddingCache> change)
    {
        var memory = new MemoryFileSystem();
        var store = new TestStore(memory);
        memory.Put(store.Path, bytes);
        using (EmbeddingCache cache = store.Open())
        {
            change(cache);
        }

        return memory.Read(store.Path);
    }

    private static string Describe(byte[] bytes)
    {
        using EmbeddingCache cache = OpenBytes(bytes, readOnly: true);
        string found = string.Join(";", cache.FindSimilar([1, 1], 20).Select(static hit => hit.Embedding.Key));
        return string.Join(Environment.NewLine, StoreContent.Of(cache).Select(static pair => $"{pair.Key} {pair.Value}")) + cache.GetInfo().Count + cache.Model + found;
    }

    private static CommitSlot Newest(byte[] bytes)
    {
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

    /// <summary>The slots as they were when the retry had published its epoch, but not its commit.</summary>
    private static byte[] WithNewestSlotOf(byte[] retried, byte[] lost, int tail)
    {
        byte[] slots = (byte[])lost.Clone();
        foreach (int offset in new[] { 4096, 8192 })
        {
            if (CommitSlot.TryRead(retried.AsSpan(offset, CommitSlot.ByteLength), out CommitSlot slot) && slot.PublishedTail == tail)
            {
                retried.AsSpan(offset, CommitSlot.ByteLength).CopyTo(slots.AsSpan(offset));
            }
        }

        return slots;
    }

    private static FrameHeader FrameAt(byte[] bytes, int offset)
    {
        Assert.True(FrameHeader.TryRead(bytes.AsSpan(offset), out FrameHeader header));
        return header;
    }

    private static int FindFrame(byte[] bytes, FrameKind kind)
    {
        int offset = 12_288;
        while (FrameAt(bytes, offset).Kind != kind)
        {
            offset += (int)FrameAt(bytes, offset).FrameByteLength;
        }

        return offset;
    }
}
