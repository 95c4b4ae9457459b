using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;
using static EmbedCache.Tests.Engine.RepairWorld;

namespace EmbedCache.Tests.Engine;

/// <summary>Repair of files whose header is damaged or gone: what it said is worked out from the frames, from another file of the same store, or named as lost.</summary>
public sealed class RepairHeaderTests
{
    /// <summary>Each single bit of the header, one at a time: the CRC tells which it was.</summary>
    [Fact]
    public void EveryFlippedBitOfTheHeaderIsCorrected()
    {
        (byte[] sound, SortedDictionary<string, string> content) = Build();
        for (int bit = 0; bit < FormatConstants.HeaderByteLength * 8; bit += LongRun.Scale(13, 1))
        {
            byte[] bytes = (byte[])sound.Clone();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
            Assert.True(report.IsHeaderRebuilt, $"bit {bit}");
            Assert.False(report.IsSaltLost, $"bit {bit}");
            Assert.Empty(report.Losses);
            Assert.Equal(content, repaired);
        }
    }

    [Theory]
    [InlineData(0, 16)]
    [InlineData(16, 4)]
    [InlineData(21, 1)]
    [InlineData(22, 1)]
    [InlineData(64, 24)]
    [InlineData(96, 160)]
    public void HeaderThatIsPartlyOverwrittenIsPutRight(int offset, int length)
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        Ruin(bytes, offset, length);
        var disk = new MemoryFileSystem();
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, disk: disk);
        Assert.True(report.IsHeaderRebuilt);
        Assert.False(report.IsSaltLost);
        Assert.Equal(content, repaired);
        using EmbeddingCache cache = new TestStore(disk).Open(path: Target);
        Assert.Equal(Metric.L2, cache.Metric);
        Assert.Equal("m", cache.Model);
        Assert.Equal(new Guid(0x01020304, 0x0506, 0x0708, 9, 10, 11, 12, 13, 14, 15, 16), cache.GetInfo().StoreId);
    }

    /// <summary>Without any header a text file misses nothing but its identity, once somebody names the metric.</summary>
    [Fact]
    public void LostHeaderOfATextFile()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        bytes.AsSpan(0, FormatConstants.HeaderByteLength).Clear();
        CorruptFileException e = Assert.Throws<CorruptFileException>(() => Repair(bytes));
        Assert.Contains("metric", e.Message, StringComparison.Ordinal);
        var disk = new MemoryFileSystem();
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, new RepairOptions { Metric = Metric.L2 }, disk);
        Assert.True(report.IsSaltLost, string.Join("; ", report.Mended));
        Assert.Equal(content, repaired);
        using EmbeddingCache cache = new TestStore(disk).Open(path: Target);
        Assert.Equal(Metric.L2, cache.Metric);
        Assert.True(cache.Contains("k2"));
    }

    [Fact]
    public void LostHeaderOfADigestFileIsTakenFromABackup()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build(KeyStorage.Digest);
        byte[] backup = (byte[])bytes.Clone();
        bytes.AsSpan(0, FormatConstants.HeaderByteLength).Clear();
        var disk = new MemoryFileSystem();
        disk.Put("/disk/backup.edb", backup);
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, new RepairOptions { ParametersFrom = "/disk/backup.edb" }, disk);
        Assert.False(report.IsSaltLost);
        Assert.Equal(content, repaired);
        using (EmbeddingCache cache = new TestStore(disk).Open(path: Target))
        {
            Assert.True(cache.Contains("k2"));
        }

        // Without it the vectors are there, but no text leads to them.
        (report, repaired) = Repair(bytes, new RepairOptions { Metric = Metric.L2 });
        Assert.True(report.IsSaltLost);
        Assert.Equal(content, repaired);
    }

    [Fact]
    public void ParametersOfAnotherStoreAreRefused()
    {
        (byte[] bytes, _) = Build();
        bytes.AsSpan(0, FormatConstants.HeaderByteLength).Clear();
        var other = new MemoryFileSystem();
        var store = new TestStore(other);
        store.Create(dimension: 3).Dispose();
        var disk = new MemoryFileSystem();
        disk.Put("/disk/other.edb", other.Read(store.Path));
        Assert.Throws<ArgumentException>(() => Repair(bytes, new RepairOptions { ParametersFrom = "/disk/other.edb" }, disk));
        Assert.False(disk.Exists(Target));
    }

    /// <summary>The chain of the first frame gives the CRC of the header back, whatever it was.</summary>
    [Fact]
    public void PreviousChainIsWorkedOutFromAHeader()
    {
        var random = new Random(5);
        for (int i = 0; i < 100; i++)
        {
            byte[] header = new byte[64];
            random.NextBytes(header);
            uint previous = (uint)random.NextInt64(1L << 32);
            var salt = new FileSalt((ulong)random.NextInt64(), (ulong)random.NextInt64());
            long offset = random.Next() * 64L;
            FrameSeal.Seal(header, offset, salt, previous);
            Assert.Equal(previous, FrameSeal.PreviousChain(header));
            Assert.Equal(FrameSeal.SaltShare(salt), FrameSeal.SaltShareOf(header, offset));
        }
    }
}
