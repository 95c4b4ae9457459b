using EmbedCache.Storage;
using EmbedCache.Storage.Unix;

namespace EmbedCache.Tests.Storage;

/// <summary>Proves what one open file does with bytes, lengths and disk blocks.</summary>
public sealed class StoreFileTests : IDisposable
{
    private const int Mebibyte = 1 << 20;
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void BytesComeBackFromWhereTheyWereWritten()
    {
        byte[] content = TestDirectory.RandomBytes(300_000);
        using IStoreFile file = _directory.Create("a");
        file.WriteAt(5_000, content);
        file.Flush();

        byte[] read = new byte[content.Length];
        Assert.Equal(read.Length, file.ReadAt(5_000, read));
        Assert.Equal(content, read);
        Assert.Equal(305_000, file.Length);
        Assert.Equal(content, File.ReadAllBytes(file.Path).AsSpan(5_000));
    }

    [Fact]
    public void ReadIsShortOnlyAtTheEnd()
    {
        using IStoreFile file = _directory.Create("a", new byte[100]);
        Assert.Equal(30, file.ReadAt(70, new byte[64]));
        Assert.Equal(0, file.ReadAt(100, new byte[64]));
        Assert.Equal(0, file.ReadAt(5_000_000_000, new byte[64]));
        Assert.Equal(0, file.ReadAt(0, []));
    }

    [Fact]
    public void OffsetsPastFourGigabytesAreKept()
    {
        using IStoreFile file = _directory.Create("sparse");
        file.WriteAt(5_000_000_000, [1, 2, 3]);
        byte[] read = new byte[3];
        Assert.Equal(3, file.ReadAt(5_000_000_000, read));
        Assert.Equal([1, 2, 3], read);
        Assert.Equal(5_000_000_003, file.Length);
    }

    [Fact]
    public void LengthGrowsWithZerosAndIsCut()
    {
        using IStoreFile file = _directory.Create("a", [1, 2, 3, 4]);
        file.SetLength(8);
        byte[] read = new byte[9];
        Assert.Equal(8, file.ReadAt(0, read));
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0, 0], read);

        file.SetLength(2);
        Assert.Equal(2, file.Length);
        Assert.Equal(2, file.ReadAt(0, read));
    }

    [LinuxFact]
    public void AllocationReservesBlocksAndChangesTheLengthOnlyIfAsked()
    {
        using var file = (UnixFile)_directory.Create("a", [1, 2, 3, 4]);
        Assert.True(file.TryAllocate(0, Mebibyte, keepSize: true));
        Assert.Equal(4, file.Length);
        Assert.InRange(file.AllocatedLength, Mebibyte, 2 * Mebibyte);

        Assert.True(file.TryAllocate(0, 3 * Mebibyte, keepSize: false));
        Assert.Equal(3 * Mebibyte, file.Length);
        Assert.InRange(file.AllocatedLength, 3 * Mebibyte, 4 * Mebibyte);

        byte[] read = new byte[8];
        Assert.Equal(8, file.ReadAt(0, read));
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0], read);
    }

    /// <summary>Only whole blocks go back to the file system; the edges of the range are zeroed in place.</summary>
    [LinuxFact]
    public void PunchedRangeReadsAsZerosAndGivesItsBlocksBack()
    {
        byte[] content = TestDirectory.RandomBytes(Mebibyte);
        using var file = (UnixFile)_directory.Create("a", content);
        file.Flush();
        long before = file.AllocatedLength;

        Assert.True(file.TryPunchHole(4096, Mebibyte / 2));
        Assert.Equal(Mebibyte, file.Length);
        Assert.InRange(before - file.AllocatedLength, Mebibyte / 2, Mebibyte);

        Array.Clear(content, 4096, Mebibyte / 2);
        Assert.Equal(content, File.ReadAllBytes(file.Path));
    }

    [LinuxFact]
    public void AllocationBeyondTheFileSystemsLimitIsRefusedQuietly()
    {
        using IStoreFile file = _directory.Create("a");
        Assert.False(file.TryAllocate(0, long.MaxValue / 2, keepSize: false));
        Assert.Equal(0, file.Length);
    }

    [Fact]
    public void UseAfterDisposeIsRefused()
    {
        IStoreFile file = _directory.Create("a", [1]);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.ReadAt(0, new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => file.WriteAt(0, [1]));
        Assert.Throws<ObjectDisposedException>(file.Flush);
        Assert.Throws<ObjectDisposedException>(() => file.TryLock(0, 1, LockKind.Shared));
    }

    [Fact]
    public void WriteToAFileOpenedForReadingFailsAndNamesIt()
    {
        _directory.Create("a", [1]).Dispose();
        using IStoreFile file = PlatformFileSystem.Instance.Open(_directory.PathTo("a"), FileOpenMode.Read);
        Assert.False(file.CanWrite);
        var failure = Assert.Throws<DeviceFailedException>(() => file.WriteAt(0, [2]));
        Assert.Equal(file.Path, failure.FilePath);
        Assert.Equal(0, failure.Offset);
        Assert.False(failure.IsFull);
    }
}
