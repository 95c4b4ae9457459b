using EmbedCache.Storage;
using EmbedCache.Storage.Unix;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>On a network or unknown file system a file is read by position, and written only where that is allowed by name.</summary>
public sealed class NetworkFileSystemTests
{
    public static TheoryData<int, string> Untrusted => new() { { (int)VolumeKind.Network, "nfs" }, { (int)VolumeKind.Unknown, "0x123" } };

    [Theory]
    [MemberData(nameof(Untrusted))]
    public void WritingIsRefusedUnlessAllowed(int kind, string name)
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        using (EmbeddingCache local = store.Create())
        {
            local.Set("a", [1, 2]);
        }

        disk.Volume = new Volume((VolumeKind)kind, name);
        NetworkFileSystemException e = Assert.Throws<NetworkFileSystemException>(() => store.Open());
        Assert.Equal(name, e.FileSystemName);
        Assert.Equal(store.Path, e.FilePath);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
        Assert.Contains("AllowNetworkFileSystem", e.Message, StringComparison.Ordinal);
        Assert.Throws<NetworkFileSystemException>(() => EmbeddingCache.Create("/disk/b.edb", new EmbeddingCacheCreateOptions { Dimension = 2 }, store.Environment));
        Assert.False(disk.Exists("/disk/b.edb"));

        using (EmbeddingCache reader = store.Open(readOnly: true))
        {
            Assert.True(reader.Contains("a"));
        }

        using EmbeddingCache writer = store.Open(configure: static options => options.AllowNetworkFileSystem = true);
        writer.Set("b", [3, 4]);
        writer.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        Assert.True(writer.Contains("b"));
        using EmbeddingCache created = EmbeddingCache.Create("/disk/b.edb", new EmbeddingCacheCreateOptions { Dimension = 2, AllowNetworkFileSystem = true }, store.Environment);
        created.Set("c", [1, 2]);
    }

    /// <summary>The real file system with another name: reads go through pread there, and through a map where it is local.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ReadsGoByPositionWhereMapsAreNotTrusted(bool isNetwork)
    {
        using var store = new TestStore();
        using (EmbeddingCache cache = store.Create())
        {
            cache.Set(Enumerable.Range(0, 300).Select(static i => new EmbeddingEntry($"k{i}", new float[] { i, 1 })));
        }

        var pretending = new PretendingFileSystem(PlatformFileSystem.Instance) { Volume = isNetwork ? new Volume(VolumeKind.Network, "nfs") : Volume.Local };
        using EmbeddingCache opened = EmbeddingCache.Open(store.Path, new EmbeddingCacheOptions { ReadOnly = true }, store.With(pretending));
        Assert.Equal(7, opened.Get("k7")!.Vector.Span[0]);
        opened.Verify();
        Assert.Equal([isNetwork], pretending.Sources.Distinct());
    }

    /// <summary>A backup to a network share is what one is for: nobody else writes there, and it appears in one step.</summary>
    [Fact]
    public void BackupAndRepairMayGoToANetwork()
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        store.Create().Dispose();
        disk.Volume = new Volume(VolumeKind.Network, "smb");
        using EmbeddingCache reader = store.Open(readOnly: true);
        Assert.True(reader.BackupTo("/disk/copy.edb", new BackupOptions { Verify = true }).IsVerified);
        Assert.Empty(EmbeddingCache.Repair(store.Path, "/disk/repaired.edb", null, null, CancellationToken.None, store.Environment).Losses);
    }

    [Theory]
    [InlineData(0x6969u, "nfs", true)]
    [InlineData(0xFF534D42u, "smb", true)]
    [InlineData(0xFE534D42u, "smb", true)]
    [InlineData(0x01021997u, "9p", true)]
    [InlineData(0x00C36400u, "ceph", true)]
    [InlineData(0xEF53u, "ext4", false)]
    [InlineData(0x01021994u, "tmpfs", false)]
    [InlineData(0x794C7630u, "overlayfs", false)]
    public void LinuxNumbersAreKnown(uint number, string name, bool isNetwork)
        => Assert.Equal(new Volume(isNetwork ? VolumeKind.Network : VolumeKind.Local, name), UnixVolume.FromNumber(number));

    [Fact]
    public void OtherLinuxNumbersAreUnknown()
    {
        Assert.Equal(VolumeKind.Unknown, UnixVolume.FromNumber(0x65735546).Kind);
        Assert.Equal(new Volume(VolumeKind.Unknown, "0x12345678"), UnixVolume.FromNumber(0x12345678));
    }

    /// <summary>The system's own word for the numbers, on whatever the tests run.</summary>
    [LinuxFact(Needs = "stat -f -c %t /proc")]
    public void SystemIsAskedRightly()
    {
        Assert.Equal(new Volume(VolumeKind.Unknown, "0x9fa0"), PlatformFileSystem.Instance.Inspect("/proc/version"));
        Assert.Equal(PlatformFileSystem.Instance.Inspect("/dev/shm"), PlatformFileSystem.Instance.Inspect("/dev/shm/a-file-that-is-not-there"));
        Assert.Equal(new Volume(VolumeKind.Local, "tmpfs"), PlatformFileSystem.Instance.Inspect("/dev/shm"));
    }

    /// <summary>A real FUSE or network mount is seldom at hand; a file system that is no store's place at all is.</summary>
    [LinuxFact]
    public void UnknownFileSystemOfTheMachineIsRefused()
    {
        NetworkFileSystemException e = Assert.Throws<NetworkFileSystemException>(() => EmbeddingCache.Open("/proc/self/environ"));
        Assert.Equal("0x9fa0", e.FileSystemName);
    }
}

/// <summary>The real file system, on a volume of the test's choice; notes how each file was read.</summary>
internal sealed class PretendingFileSystem(IFileSystem inner) : IFileSystem
{
    public Volume Volume { get; set; } = Volume.Local;

    /// <summary>For each source that was opened: whether it reads by position.</summary>
    public List<bool> Sources { get; } = [];

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false) => new PretendingFile(inner.Open(path, mode, ownerOnly), this);

    public FileIdentity? Identify(string path) => inner.Identify(path);

    public Volume Inspect(string path) => Volume;

    public string ResolveLinks(string path) => inner.ResolveLinks(path);

    public void Replace(string source, string destination) => inner.Replace(source, destination);

    public void Delete(string path) => inner.Delete(path);

    public void SyncDirectory(string directory) => inner.SyncDirectory(directory);

    public void CopyOwnership(string from, string to) => inner.CopyOwnership(from, to);

    private sealed class PretendingFile(IStoreFile inner, PretendingFileSystem fileSystem) : IStoreFile
    {
        public string Path => inner.Path;

        public bool CanWrite => inner.CanWrite;

        public FileIdentity Identity => inner.Identity;

        public long Length => inner.Length;

        public int ReadAt(long offset, Span<byte> buffer) => inner.ReadAt(offset, buffer);

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer) => inner.WriteAt(offset, buffer);

        public void SetLength(long length) => inner.SetLength(length);

        public bool TryAllocate(long offset, long length, bool keepSize) => inner.TryAllocate(offset, length, keepSize);

        public bool TryPunchHole(long offset, long length) => inner.TryPunchHole(offset, length);

        public void Flush() => inner.Flush();

        public ByteSource OpenSource(bool positional)
        {
            fileSystem.Sources.Add(positional);
            return inner.OpenSource(positional);
        }

        public bool TryLock(long offset, long length, LockKind kind) => inner.TryLock(offset, length, kind);

        public void Unlock(long offset, long length) => inner.Unlock(offset, length);

        public bool? IsLockedByOther(long offset, long length) => inner.IsLockedByOther(offset, length);

        public long? FindLowestLock(long offset, long length) => inner.FindLowestLock(offset, length);

        public void Dispose() => inner.Dispose();
    }
}
