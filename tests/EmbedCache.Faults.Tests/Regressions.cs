using EmbedCache.Faults.Crash;
using EmbedCache.Faults.Disk;
using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Faults;

/// <summary>What the harnesses of this project found in the engine, each alone and by its name.</summary>
public sealed class Regressions
{
    /// <summary>
    /// A process was killed between renaming the compacted file into place and syncing the directory; another committed to the new file, and a power loss
    /// then gave the name back to the old one: acknowledged commits were gone.
    /// </summary>
    [Fact]
    public void NameOfACompactedFileIsDurableBeforeAnotherCommitsToIt()
    {
        var recorder = new RecordingFileSystem(new ImageFileSystem());
        using (EmbeddingCache cache = new StoreWorld(recorder, 1).Create(Durability.Full))
        {
            cache.Set("before", [1, 1]);
        }

        var dying = new FailingFileSystem(recorder);
        EmbeddingCache compacting = new StoreWorld(dying, 1).Open();
        int renamed = CallsOfCompaction().LastIndexOf(DiskOperation.Replace);
        dying.Plan = new FaultPlan(dying.Calls.Count + renamed + 1, FaultKind.Fails, IsSticky: true);
        Assert.Throws<DeviceFailedException>(() => compacting.Compact());
        using EmbeddingCache other = new StoreWorld(recorder, 1).Open();
        other.Set("after", [2, 1]);
        Assert.Single(Replay(recorder.Trace).SurvivingNames());
    }

    /// <summary>
    /// After a recovery or a rollback one slot stayed in the old epoch. With Normal durability it could come back in the place of both newer ones; the
    /// new epoch was then given out again, and frames that had been lost with it rejoined the log behind what was written next.
    /// </summary>
    [Theory]
    [InlineData(Durability.Full)]
    [InlineData(Durability.Normal)]
    public void NoSlotOfAnOldEpochIsLeftWhereOneIsOpened(Durability durability)
    {
        var recorder = new RecordingFileSystem(new ImageFileSystem());
        using EmbeddingCache cache = new StoreWorld(recorder, 1).Create(durability);
        cache.Set("before", [1, 1]);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("undone", [1, 1]);
            transaction.Get("undone");
        }

        FileModel file = Replay(recorder.Trace).File(1);
        Assert.Equal(2u, Slots(file.Durable).Newest!.Value.Epoch);
        Assert.Equal(2u, Slots(file.Live).Newest!.Value.Epoch);
        Assert.Equal(2u, Slots(file.Live).Older!.Value.Epoch);
    }

    /// <summary>
    /// With Normal durability both slots were written between two fsyncs, and a power loss could tear both: nothing then told how far the log had been
    /// durable, and a hole in what was not could not be told from damage in what was.
    /// </summary>
    [Fact]
    public void OneSlotIsDurableAtAnyTime()
    {
        var recorder = new RecordingFileSystem(new ImageFileSystem());
        using (EmbeddingCache cache = new StoreWorld(recorder, 1).Create(Durability.Normal))
        {
            for (int i = 0; i < 12; i++)
            {
                cache.Set($"{i}", [i, 1]);
                if (i % 5 == 4)
                {
                    cache.Checkpoint();
                }
            }
        }

        // The same bytes once more put nothing at stake.
        var written = new HashSet<long>();
        byte[] prologue = recorder.Trace[1].Bytes!;
        var content = new Dictionary<long, byte[]>
        {
            [FormatConstants.SlotAOffset] = prologue.AsSpan((int)FormatConstants.SlotAOffset, CommitSlot.ByteLength).ToArray(),
            [FormatConstants.SlotBOffset] = prologue.AsSpan((int)FormatConstants.SlotBOffset, CommitSlot.ByteLength).ToArray(),
        };
        foreach (DiskEvent call in recorder.Trace.Skip(2))
        {
            if (call.Operation == DiskOperation.Flush)
            {
                written.Clear();
            }
            else if (call.Operation == DiskOperation.Write && call.Offset is FormatConstants.SlotAOffset or FormatConstants.SlotBOffset)
            {
                byte[] slot = call.Bytes![..CommitSlot.ByteLength];
                if (content[call.Offset].AsSpan().SequenceEqual(slot))
                {
                    continue;
                }

                content[call.Offset] = slot;
                written.Add(call.Offset);
                Assert.Single(written);
            }
        }
    }

    /// <summary>
    /// With Normal durability a large transaction writes index sections that no fsync covers. After a power loss the log was found whole, since damage
    /// of a section never ends it, and the torn section was used: reading failed although no record was lost.
    /// </summary>
    [Theory]
    [InlineData(FrameKind.Keys)]
    [InlineData(FrameKind.Ordinals)]
    [InlineData(FrameKind.Live)]
    internal void IndexThatNoFsyncCoveredIsCheckedAfterAPowerLoss(FrameKind torn)
    {
        var disk = new ImageFileSystem();
        using EmbeddingCache cache = new StoreWorld(disk, 1).Create(Durability.Normal);
        cache.Set(Enumerable.Range(0, 20).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
        AssertHoldsWithout(torn, disk.Content(StoreWorld.Path), 20);
    }

    /// <summary>A recovered catalog was adopted with codes of which not all had reached the disk.</summary>
    [Fact]
    public void CodesThatNoFsyncCoveredAreCheckedToo()
    {
        var disk = new ImageFileSystem();
        var world = new StoreWorld(disk, 1, EmbedCache.Engine.EngineLimits.Default);
        using EmbeddingCache cache = world.Create(Durability.Full);
        cache.Set(Enumerable.Range(0, 1200).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
        byte[] before = disk.Content(StoreWorld.Path).ToArray();
        cache.Checkpoint();
        SectorImage after = disk.Content(StoreWorld.Path).Clone();

        // The checkpoint's slot did not reach the disk.
        after.Write(0, before.AsSpan(0, (int)FormatConstants.LogOffset));
        AssertHoldsWithout(FrameKind.Codes, after, 1200);
    }

    /// <summary>A commit whose slot was written, and which then could not map what it had written, was reported as failed although it had happened.</summary>
    [Fact]
    public void CommitThatHappenedIsNotReportedAsFailed()
    {
        int tried = 0;
        for (int behind = 1; ; behind++)
        {
            var failing = new FailingFileSystem(new ImageFileSystem());
            using EmbeddingCache cache = new StoreWorld(failing, 1).Create(Durability.Full);
            cache.Set("a", [1, 1]);
            int first = failing.Calls.Count;
            cache.Set("b", [1, 1]);
            List<DiskOperation> calls = failing.Calls[first..];
            int slot = calls.LastIndexOf(DiskOperation.Write);
            if (slot + behind >= calls.Count)
            {
                Assert.True(tried > 1);
                return;
            }

            failing.Plan = new FaultPlan(failing.Calls.Count + slot + behind, FaultKind.Fails, IsSticky: false);
            cache.Set("c", [1, 1]);
            failing.Plan = null;
            Assert.True(cache.Contains("c"));
            cache.Set("d", [1, 1]);
            Assert.Equal(4, cache.GetInfo().Count);
            tried++;
        }
    }

    /// <summary>
    /// A writer's fsync failed, so that its frames stood in the page cache alone. The next one found them, adopted them, and made them durable by an
    /// fsync of its own, which no longer wrote them: after a power loss the store was damaged below its durable tail.
    /// </summary>
    [Theory]
    [InlineData(Durability.Full)]
    [InlineData(Durability.Normal)]
    public void WhatAFailedFsyncDroppedIsWrittenAgainByWhoBuildsUponIt(Durability durability)
    {
        var recorder = new RecordingFileSystem(new ImageFileSystem());

        // A seed of which nothing survives.
        var failing = new FailingFileSystem(recorder, file => recorder.FlushFailed(file, 8)) { Poisons = true };
        EmbeddingCache poisoned = new StoreWorld(failing, 1).Create(durability);
        poisoned.Set("a", [1, 1]);
        poisoned.Set("b", [1, 1]);
        failing.Plan = new FaultPlan(failing.Calls.Count, FaultKind.Fails, IsSticky: true);
        failing.FailsOnly = DiskOperation.Flush;
        Assert.True(Assert.Throws<DeviceFailedException>(() =>
        {
            poisoned.Set("c", [1, 1]);
            poisoned.Checkpoint();
        }).IsPoisoned);
        using EmbeddingCache next = new StoreWorld(recorder, 1).Open(durability);
        next.Set("d", [1, 1]);
        next.Checkpoint();
        DiskModel disk = Replay(recorder.Trace);
        var durable = new ImageFileSystem { Boot = 2 };
        durable.Put(StoreWorld.Path, disk.File(1).Durable.Clone());
        using EmbeddingCache after = new StoreWorld(durable, 2).Open();
        Assert.Equal(4, after.Enumerate().Count());
        Assert.DoesNotContain(after.Verify().Problems, static problem => !problem.Description.StartsWith("Commit slot", StringComparison.Ordinal));
    }

    /// <summary>A failed fsync of the new file was reported as one of the store's own handle, which was told to be closed although nothing had happened to it.</summary>
    [Fact]
    public void FailedFsyncOfACompactedFileDoesNotPoisonTheStore()
    {
        List<DiskOperation> calls = CallsOfCompaction();
        for (int i = 0; i < calls.Count; i++)
        {
            if (calls[i] != DiskOperation.Flush)
            {
                continue;
            }

            var failing = new FailingFileSystem(new ImageFileSystem());
            using (EmbeddingCache cache = new StoreWorld(failing, 1).Create(Durability.Full))
            {
                cache.Set("before", [1, 1]);
            }

            using EmbeddingCache compacting = new StoreWorld(failing, 1).Open();
            failing.Plan = new FaultPlan(failing.Calls.Count + i, FaultKind.Fails, IsSticky: false);
            Assert.False(Assert.Throws<DeviceFailedException>(() => compacting.Compact()).IsPoisoned);
            compacting.Set("after", [1, 1]);
            Assert.Equal(2, compacting.GetInfo().Count);
        }
    }

    /// <summary>
    /// A recovery after a power loss passed a catalog over, since a section of it was torn, and went on without. A second power loss took commits that came
    /// after; the log was counted anew from its beginning, which made its last catalog the newest again, and now its sections were not looked at: they
    /// stood below the durable tail.
    /// </summary>
    [Theory]
    [InlineData(FrameKind.Keys)]
    [InlineData(FrameKind.Ordinals)]
    [InlineData(FrameKind.Live)]
    internal void CatalogThatOneRecoveryPassedOverIsNotTakenByTheNext(FrameKind torn)
    {
        var first = new ImageFileSystem();
        using EmbeddingCache before = new StoreWorld(first, 1).Create(Durability.Normal);
        before.Set(Enumerable.Range(0, 20).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
        var second = new ImageFileSystem { Boot = 2 };
        second.Put(StoreWorld.Path, Torn(torn, first.Content(StoreWorld.Path)));

        // With the usual limits, so that no newer catalog is written.
        using EmbeddingCache recovered = new StoreWorld(second, 2, EmbedCache.Engine.EngineLimits.Default).Open(Durability.Normal);
        recovered.Set("kept", [1, 1]);
        long kept = recovered.Get("kept")!.Offset;
        recovered.Set("lost", [2, 1]);
        long lost = recovered.Get("lost")!.Offset;
        Assert.True(kept < lost);

        // The slot reached the disk, the commit that it names did not.
        SectorImage image = second.Content(StoreWorld.Path).Clone();
        image.Clear(lost, image.Length - lost);
        Assert.True(Slots(image).Newest!.Value.PublishedTail > lost);
        var third = new ImageFileSystem { Boot = 3 };
        third.Put(StoreWorld.Path, image);
        AssertHolds(third, 21);
    }

    private static List<DiskOperation> CallsOfCompaction()
    {
        var counting = new FailingFileSystem(new ImageFileSystem());
        using (EmbeddingCache cache = new StoreWorld(counting, 1).Create(Durability.Full))
        {
            cache.Set("before", [1, 1]);
        }

        using EmbeddingCache compacting = new StoreWorld(counting, 1).Open();
        int first = counting.Calls.Count;
        compacting.Compact();
        return counting.Calls[first..];
    }

    private static SlotPair Slots(SectorImage image)
    {
        var disk = new ImageFileSystem();
        disk.Put(StoreWorld.Path, image.Clone());
        using LogFile log = LogFile.Open(disk, StoreWorld.Path, writable: false, positional: true);
        return log.ReadSlots();
    }

    private static DiskModel Replay(IEnumerable<DiskEvent> trace)
    {
        var disk = new DiskModel();
        foreach (DiskEvent call in trace)
        {
            disk.Apply(call);
        }

        return disk;
    }

    /// <summary>A sector of the last section of a kind is lost with the power; all records must be there all the same.</summary>
    private static void AssertHoldsWithout(FrameKind torn, SectorImage image, int count)
    {
        var disk = new ImageFileSystem { Boot = 2 };
        disk.Put(StoreWorld.Path, Torn(torn, image));
        AssertHolds(disk, count);
    }

    /// <summary>The file with a sector lost of the last section of a kind.</summary>
    private static SectorImage Torn(FrameKind torn, SectorImage image)
    {
        byte[] bytes = image.ToArray();
        int found = -1;
        for (int offset = (int)FormatConstants.LogOffset; offset < bytes.Length && FrameHeader.TryRead(bytes.AsSpan(offset, FormatConstants.FrameHeaderByteLength), out FrameHeader frame); offset += (int)frame.FrameByteLength)
        {
            found = frame.Kind == torn ? offset : found;
        }

        Assert.True(found > 0);
        bytes.AsSpan(found + FormatConstants.FrameHeaderByteLength, 8).Fill(0xA5);
        return SectorImage.Of(bytes);
    }

    private static void AssertHolds(ImageFileSystem disk, int count)
    {
        using EmbeddingCache cache = new StoreWorld(disk, disk.Boot).Open();
        Assert.Equal(count, cache.Enumerate().Count());
        Assert.Empty(cache.Verify().Problems);
        cache.Set("after", [1, 1]);
        cache.Checkpoint();
        Assert.Empty(cache.Verify().Problems);
    }
}
