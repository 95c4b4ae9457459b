using EmbedCache.Storage;
using EmbedCache.Storage.Unix;

namespace EmbedCache.Tests.Storage;

/// <summary>Proves that a full disk is told apart from a failed one, and that the bytes before it are kept.</summary>
public sealed class FullDiskTests
{
    [LinuxFact]
    public void DeviceWithoutRoomIsFull()
    {
        using var handle = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.ReadWrite);
        var file = new UnixFile(handle, "/dev/full", canWrite: true, default);
        var failure = Assert.Throws<DeviceFailedException>(() => file.WriteAt(0, new byte[100]));
        Assert.True(failure.IsFull);
        Assert.False(failure.IsPoisoned);
        Assert.Contains("full", failure.Message);
    }

    /// <summary>The limit ends in the middle of a block, so that the last write is a short one first.</summary>
    [LinuxFact]
    public void LimitOnTheSizeOfFilesIsFull()
    {
        using var directory = new TestDirectory();
        using Child child = Child.StartFromShell("ulimit -f 66; trap '' XFSZ; exec \"$@\"", "fill", directory.PathTo("a"), "1000000");
        string[] lines = child.ReadToEnd();
        Assert.StartsWith("full", lines[0]);
        Assert.Equal($"{66 * 1024}", lines[1]);
    }

    [LinuxFact(Needs = "unshare -m mount -t tmpfs -o size=1m none /mnt")]
    public void FileSystemWithoutRoomIsFullAndKeepsWhatWasWritten()
    {
        using Child child = Child.StartFromShell("unshare -m sh -c 'mount -t tmpfs -o size=1m none /mnt && exec \"$@\"' sh \"$@\"", "fill", "/mnt/a", "10000000");
        string[] lines = child.ReadToEnd();
        Assert.StartsWith("full", lines[0]);
        Assert.Equal($"{1 << 20}", lines[1]);
    }
}
