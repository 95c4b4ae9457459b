using EmbedCache.Format;
using EmbedCache.Storage;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>BackupTo: one snapshot, whole, durable before it appears, whatever others do meanwhile.</summary>
public sealed class BackupTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CopyHoldsWhatTheFileHeld(bool verify)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        string copy = store.PathTo("copy.edb");
        BackupReport report = cache.BackupTo(copy, new BackupOptions { Verify = verify });
        SortedDictionary<string, string> content = StoreContent.Of(cache);
        cache.Set("later", [1, 2]);
        using EmbeddingCache other = store.Open(path: copy);
        Assert.Equal(content, StoreContent.Of(other));
        StoreContent.AssertValid(other);
        Assert.Equal((copy, store.Path, verify), (report.Destination, report.Path, report.IsVerified));
        Assert.Equal(content.Count, report.RecordCount);
        Assert.Equal(new FileInfo(copy).Length, report.ByteLength);
        Assert.Equal(cache.GetInfo().StoreId, other.GetInfo().StoreId);
        other.Set("there", [3, 4]);
        Assert.False(cache.Contains("there"));
    }

    /// <summary>A writer commits pairs, compacts and checkpoints all the time; each copy holds whole pairs of one moment, no older than when it was asked for.</summary>
    [Fact]
    public async Task CopiesAreConsistentWhileOthersWrite()
    {
        using var store = new TestStore();
        using EmbeddingCache reader = Filled(store);
        using EmbeddingCache writer = store.Open(configure: static options => options.Durability = Durability.Normal);
        using var stop = new CancellationTokenSource();
        int written = 0;
        Task writing = OwnThread.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                int next = written + 1;
                writer.Set([new EmbeddingEntry("left", new float[] { next, 0 }), new EmbeddingEntry("right", new float[] { next, 0 }), new EmbeddingEntry($"x{next % 500}", new float[] { next, 1 })]);
                Volatile.Write(ref written, next);
                if (next % 400 == 0)
                {
                    writer.Checkpoint();
                }

                if (next % 1500 == 0)
                {
                    writer.Compact();
                }
            }
        });
        try
        {
            for (int round = 0; round < LongRun.Scale(20, 300); round++)
            {
                int before = Volatile.Read(ref written);
                string copy = store.PathTo($"copy{round}.edb");
                reader.BackupTo(copy, new BackupOptions { Verify = true });
                using EmbeddingCache opened = store.Open(readOnly: true, path: copy);
                float left = opened.Get("left")?.Vector.Span[0] ?? 0;
                float right = opened.Get("right")?.Vector.Span[0] ?? 0;
                Assert.Equal(left, right);
                Assert.True(left >= before, $"{left} is older than {before}");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }
    }

    [Fact]
    public void DestinationIsProtected()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        string copy = store.PathTo("copy.edb");
        File.WriteAllText(copy, "mine");
        Assert.Throws<IOException>(() => cache.BackupTo(copy));
        Assert.Equal("mine", File.ReadAllText(copy));
        Assert.Throws<ArgumentException>(() => cache.BackupTo(store.Path, new BackupOptions { Overwrite = true }));
        cache.BackupTo(copy, new BackupOptions { Overwrite = true });
        using EmbeddingCache other = store.Open(path: copy);
        Assert.Equal(StoreContent.Of(cache), StoreContent.Of(other));
        Assert.Throws<DirectoryNotFoundException>(() => cache.BackupTo(store.PathTo("none/copy.edb")));
    }

    [Fact]
    public void VerifyRefusesToCopyDamage()
    {
        using var store = new TestStore();
        Filled(store).Dispose();
        byte[] bytes = File.ReadAllBytes(store.Path);
        bytes[12288 + 64] ^= 1;
        File.WriteAllBytes(store.Path, bytes);
        using EmbeddingCache cache = store.Open();
        string copy = store.PathTo("copy.edb");
        CorruptFileException e = Assert.Throws<CorruptFileException>(() => cache.BackupTo(copy, new BackupOptions { Verify = true }));
        Assert.Equal(12288, e.Offset);
        Assert.Equal([store.Path], Directory.GetFiles(Path.GetDirectoryName(store.Path)!));

        // Unverified, the copy is what the file is.
        cache.BackupTo(copy);
        using EmbeddingCache other = store.Open(path: copy);
        Assert.Equal(12288, Assert.Single(other.Verify().Problems).Offset);
    }

    [Fact]
    public void CancellationLeavesNothing()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = Filled(store);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => cache.BackupTo(store.PathTo("copy.edb"), null, null, source.Token));
        Assert.Equal([store.Path], Directory.GetFiles(Path.GetDirectoryName(store.Path)!));
    }

    /// <summary>A backup of a file whose last commit has no slot yet (its writer was killed) has it, and says so in its own slot.</summary>
    [Fact]
    public void CommitWithoutItsSlotIsInTheCopy()
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        using (EmbeddingCache cache = store.Create())
        {
            cache.Set("a", [1, 2]);
            cache.Set("b", [1, 2]);
        }

        // The newer slot is undone: its frames are behind the tail of the older one.
        byte[] bytes = disk.Read(store.Path);
        long newest = Math.Max(BitConverter.ToInt64(bytes, 4096), BitConverter.ToInt64(bytes, 8192));
        bytes.AsSpan((int)FormatConstants.SlotOffset(newest), 128).Clear();
        disk.Put(store.Path, bytes);
        using EmbeddingCache reader = store.Open(readOnly: true);
        Assert.True(reader.Contains("b"));
        reader.BackupTo("/disk/copy.edb");
        using EmbeddingCache copy = store.Open(readOnly: true, path: "/disk/copy.edb");
        Assert.True(copy.Contains("b"));
        StoreContent.AssertValid(copy);
    }

    /// <summary>Power lost at any call of a backup: there is no copy, or all of it.</summary>
    [Fact]
    public void PowerLossLeavesTheWholeCopyOrNone()
    {
        int calls;
        {
            (MemoryFileSystem disk, TestStore store) = OnMemory();
            using EmbeddingCache cache = store.Open(readOnly: true);
            int before = disk.ChangeCount;
            cache.BackupTo("/disk/copy.edb");
            calls = disk.ChangeCount - before;
        }

        int whole = 0;
        for (int call = 1; call <= calls + 1; call++)
        {
            for (int seed = 0; seed < 8; seed++)
            {
                (MemoryFileSystem disk, TestStore store) = OnMemory();
                using EmbeddingCache cache = store.Open(readOnly: true);
                SortedDictionary<string, string> content = StoreContent.Of(cache);
                disk.PowerLossAt = disk.ChangeCount + call;
                try
                {
                    cache.BackupTo("/disk/copy.edb");
                }
                catch (Exception e) when (e is PowerLostException or EmbedCacheException)
                {
                }

                MemoryFileSystem survivor = disk.Survivor(new Random(seed));
                if (survivor.Exists("/disk/copy.edb"))
                {
                    whole++;
                    using EmbeddingCache copy = new TestStore(survivor).Open(readOnly: true, path: "/disk/copy.edb");
                    Assert.Equal(content, StoreContent.Of(copy));
                }
            }
        }

        Assert.NotEqual(0, whole);
    }

    /// <summary>A device that fails at any call of a backup, once: the old copy or the new one is there, whole, nothing beside it, and the file goes on.</summary>
    [Fact]
    public void FailureAtAnyCallLeavesTheOldCopyOrTheNew()
    {
        bool isOver = false;
        for (int call = 1; !isOver; call++)
        {
            (MemoryFileSystem disk, TestStore store) = OnMemory();
            using EmbeddingCache cache = store.Open();
            cache.BackupTo("/disk/copy.edb");
            SortedDictionary<string, string> before = StoreContent.Of(cache);
            cache.Set("new", [1, 2]);
            SortedDictionary<string, string> after = StoreContent.Of(cache);
            int left = call;
            disk.OnChange = (_, _) => --left == 0 ? Fault.Fails : Fault.None;
            Exception? failure = Record.Exception(() => cache.BackupTo("/disk/copy.edb", new BackupOptions { Overwrite = true }));
            disk.OnChange = static (_, _) => Fault.None;
            isOver = left > 0;
            Assert.True(isOver ? failure is null : failure is DeviceFailedException, $"call {call}: {failure}");
            Assert.False(disk.Exists("/disk/copy.edb.backup"));
            using (EmbeddingCache copy = store.Open(readOnly: true, path: "/disk/copy.edb"))
            {
                StoreContent.AssertValid(copy);
                SortedDictionary<string, string> content = StoreContent.Of(copy);
                Assert.True(content.SequenceEqual(before) || content.SequenceEqual(after), $"call {call}");
            }

            cache.Set("goes on", [1, 2]);
        }
    }

    /// <summary>Holes that released sections left are holes in the copy, and its sections in use are whole.</summary>
    [LinuxFact]
    public void HolesStayHoles()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(4);
        for (int round = 0; round < 12; round++)
        {
            cache.Set(Enumerable.Range(0, 4000).Select(i => new EmbeddingEntry($"{round} {i}", new float[] { i, 1, 2, 3 })));
            cache.Checkpoint();
        }

        cache.Dispose();
        using EmbeddingCache reader = store.Open(readOnly: true);
        string copy = store.PathTo("copy.edb");
        reader.BackupTo(copy, new BackupOptions { Verify = true });
        Assert.True(Allocated(copy) <= Allocated(store.Path) + (64 << 10), $"{Allocated(copy)} bytes on disk for {Allocated(store.Path)}");
        Assert.True(Allocated(store.Path) < new FileInfo(store.Path).Length);
    }

    private static long Allocated(string path)
    {
        using IStoreFile file = PlatformFileSystem.Instance.Open(path, FileOpenMode.Read);
        return ((EmbedCache.Storage.Unix.UnixFile)file).AllocatedLength;
    }

    private static (MemoryFileSystem Disk, TestStore Store) OnMemory()
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        using EmbeddingCache cache = store.Create();
        for (int i = 0; i < 10; i++)
        {
            cache.Set($"k{i}", [i, 1]);
        }

        cache.Checkpoint();
        return (disk, store);
    }

    private static EmbeddingCache Filled(TestStore store)
    {
        EmbeddingCache cache = store.Create();
        cache.Set(Enumerable.Range(0, 500).Select(static i => new EmbeddingEntry($"k{i}", new float[] { i, 1 })));
        cache.Checkpoint();
        cache.Remove("k7");
        return cache;
    }
}
