using System.IO.Pipes;
using EmbedCache.Storage;
using EmbedCache.Storage.Unix;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Tests.Storage;

/// <summary>
/// Proves that a failed fsync reaches the caller and poisons the file: it is not tried again, since the kernel reports a lost page only
/// once. The base library's flushes swallow the same errors.
/// </summary>
public sealed class FlushFailureTests
{
    /// <summary>A pipe knows no fdatasync: the cheapest descriptor on which the real call fails.</summary>
    [LinuxFact]
    public void FailedFlushPoisonsTheFile()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var handle = new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        var file = new UnixFile(handle, "/a/pipe", canWrite: true, default);

        var failure = Assert.Throws<DeviceFailedException>(file.Flush);
        Assert.True(failure.IsPoisoned);
        Assert.Equal("/a/pipe", failure.FilePath);

        Assert.True(Assert.Throws<DeviceFailedException>(file.Flush).IsPoisoned);
        Assert.True(Assert.Throws<DeviceFailedException>(() => file.WriteAt(0, [1])).IsPoisoned);
        Assert.True(Assert.Throws<DeviceFailedException>(() => file.SetLength(0)).IsPoisoned);
        Assert.True(Assert.Throws<DeviceFailedException>(() => file.TryAllocate(0, 1, keepSize: true)).IsPoisoned);
        Assert.True(Assert.Throws<DeviceFailedException>(() => file.TryPunchHole(0, 1)).IsPoisoned);
    }

    /// <summary>The second of many fdatasyncs fails with EIO: one flush is acknowledged, and the call is never repeated.</summary>
    [LinuxFact(Needs = "strace -f -o /dev/null -e trace=fdatasync -e inject=fdatasync:error=EIO true")]
    public void InputOutputErrorOfTheDeviceReachesTheCallerAndIsNeverRetried()
    {
        using var directory = new TestDirectory();
        directory.Create("a").Dispose();
        string trace = directory.PathTo("trace");
        using Child child = Child.StartFromShell(
            $"exec strace -f -o '{trace}' -e trace=fdatasync -e inject=fdatasync:error=EIO:when=2+ \"$@\"", "append", directory.PathTo("a"), "5");

        string[] lines = child.ReadToEnd();
        Assert.Equal(4, lines.Length);
        Assert.Equal("flushed", lines[0]);
        Assert.StartsWith("poisoned: Cannot make the file durable: ", lines[1]);
        Assert.StartsWith("poisoned", lines[2]);
        Assert.StartsWith("poisoned", lines[3]);
        Assert.Equal(2, File.ReadLines(trace).Count(line => line.Contains("fdatasync(", StringComparison.Ordinal)));
    }

    [LinuxFact(Needs = "strace -f -o /dev/null -e trace=fdatasync -e inject=fdatasync:error=EINTR true")]
    public void InterruptedFlushIsDoneAgain()
    {
        using var directory = new TestDirectory();
        directory.Create("a").Dispose();
        using Child child = Child.StartFromShell(
            "exec strace -f -o /dev/null -e trace=fdatasync -e inject=fdatasync:error=EINTR:when=1 \"$@\"", "append", directory.PathTo("a"), "2");
        Assert.Equal(["flushed", "flushed"], child.ReadToEnd());
    }
}
