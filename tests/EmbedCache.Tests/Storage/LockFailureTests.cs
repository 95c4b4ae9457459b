using EmbedCache.Storage;

namespace EmbedCache.Tests.Storage;

/// <summary>
/// Proves that locking fails closed: a file system that refuses locks, or says yes and keeps none, lets nobody write. The answers of the
/// system are put in by a tracer, which touches calls on this one file alone.
/// </summary>
public sealed class LockFailureTests
{
    private const string CanTrace = "strace -f -o /dev/null -e trace=fcntl -e inject=fcntl:error=ENOLCK:when=9999 true";

    [LinuxFact(Needs = CanTrace)]
    public void LockIsTakenWhereNothingIsPutIn() => Assert.Equal("locked", TryLockWith("error=ENOLCK:when=9999"));

    [LinuxFact(Needs = CanTrace)]
    public void FileSystemThatAnswersYesAndKeepsNoLockIsRefused()
    {
        string line = TryLockWith("retval=0:when=1");
        Assert.StartsWith("failed: Cannot lock the file", line);
        Assert.Contains("keeps no byte-range locks", line);
    }

    [LinuxFact(Needs = CanTrace)]
    public void FileSystemWithoutLocksIsRefused()
    {
        foreach (string error in new[] { "ENOLCK", "EINVAL", "ENOSYS", "EOPNOTSUPP" })
        {
            string line = TryLockWith($"error={error}:when=1");
            Assert.StartsWith("failed: Cannot lock the file", line);
            Assert.Contains("keeps no byte-range locks", line);
        }
    }

    [LinuxFact(Needs = CanTrace)]
    public void LockHeldElsewhereIsBusyAndNotAFailure()
    {
        Assert.Equal("busy", TryLockWith("error=EAGAIN:when=1"));
        Assert.Equal("busy", TryLockWith("error=EACCES:when=1"));
    }

    private static string TryLockWith(string injection)
    {
        using var directory = new TestDirectory();
        directory.Create("a").Dispose();
        string path = directory.PathTo("a");
        using Child child = Child.StartFromShell(
            $"exec strace -f -o /dev/null -P '{path}' -e trace=fcntl -e inject=fcntl:{injection} \"$@\"", "hold-lock", path, $"{LockRanges.WriterLock}", "0");
        return Assert.Single(child.ReadToEnd());
    }
}
