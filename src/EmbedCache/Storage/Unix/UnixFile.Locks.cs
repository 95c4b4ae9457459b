using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Unix;

/// <summary>Locks of the open file description, see <see cref="FileLock"/>.</summary>
internal sealed partial class UnixFile
{
    private const string NoLocks = "the file system keeps no byte-range locks of open files, so nothing would keep two writers apart";

    // File systems on which a lock was seen to hold.
    private static volatile ulong[] s_lockingDevices = [];

    public bool TryLock(long offset, long length, LockKind kind)
    {
        if (!UnixPlatform.IsLinux)
        {
            throw UnixFileSystem.LocksNotOffered();
        }

        if (kind == LockKind.Exclusive && !CanWrite)
        {
            throw new InvalidOperationException("An exclusive lock needs a file that was opened for writing.");
        }

        int errno = SetLock(kind == LockKind.Exclusive ? FileLock.Write : FileLock.Read, offset, length);
        if (errno == 0)
        {
            // A file system whose locks do not hold has no writer, and so nothing that a reader's pin would have to keep.
            if (kind == LockKind.Exclusive)
            {
                VerifyLocking(offset, length);
            }

            return true;
        }

        if (errno == Errno.EAGAIN || errno == Errno.EACCES)
        {
            return false;
        }

        throw errno == Errno.ENOLCK || errno == Errno.EINVAL || Errno.IsUnsupported(errno)
            ? new DeviceFailedException($"Cannot lock the file: {NoLocks} ({UnixError.Describe(errno)})", Path, offset)
            : UnixError.ForFile(errno, "lock the file", Path, offset);
    }

    public void Unlock(long offset, long length)
    {
        int errno = UnixPlatform.IsLinux ? SetLock(FileLock.None, offset, length) : 0;
        if (errno != 0)
        {
            throw UnixError.ForFile(errno, "unlock the file", Path, offset);
        }
    }

    public bool? IsLockedByOther(long offset, long length) =>
        TryFindLock(_handle, offset, length, out long? start) ? start is not null : null;

    public long? FindLowestLock(long offset, long length)
    {
        // The kernel names some lock in the range, not the lowest: look again below each that it names until there is none.
        long? lowest = null;
        while (length > 0 && TryFindLock(_handle, offset, length, out long? start) && start is long found)
        {
            lowest = Math.Max(found, offset);
            length = lowest.Value - offset;
        }

        return lowest;
    }

    private static int Control(SafeFileHandle handle, int command, ref FileLock fileLock)
    {
        using var file = new BorrowedDescriptor(handle);
        while ((Native32.IsNeeded ? Native32.FCntl(file.Number, command, ref fileLock) : Native.FCntl(file.Number, command, ref fileLock)) == -1)
        {
            int errno = Errno.Last;
            if (errno != Errno.EINTR)
            {
                return errno;
            }
        }

        return 0;
    }

    private int SetLock(short type, long offset, long length)
    {
        var fileLock = new FileLock { Type = type, Start = offset, Length = length };
        return Control(_handle, FileLock.F_OFD_SETLK, ref fileLock);
    }

    /// <summary>Asks for a lock in the range that another open file description than this one holds.</summary>
    /// <returns>False where the system cannot tell.</returns>
    private bool TryFindLock(SafeFileHandle handle, long offset, long length, out long? start)
    {
        start = null;
        if (!UnixPlatform.IsLinux)
        {
            return false;
        }

        // Whatever would stand in the way of a write lock: shared locks too.
        var fileLock = new FileLock { Type = FileLock.Write, Start = offset, Length = length };
        int errno = Control(handle, FileLock.F_OFD_GETLK, ref fileLock);
        if (errno != 0)
        {
            return Errno.IsUnsupported(errno) || errno == Errno.EINVAL || errno == Errno.ENOLCK
                ? false
                : throw UnixError.ForFile(errno, "ask for locks on the file", Path, offset);
        }

        start = fileLock.Type == FileLock.None ? null : fileLock.Start;
        return true;
    }

    /// <summary>
    /// Some file systems answer yes to a lock and keep none. So the first lock on each file system is looked for through a second open
    /// file description, which must see it in its way; else it is given up, and writing with it.
    /// </summary>
    private void VerifyLocking(long offset, long length)
    {
        ulong[] devices = s_lockingDevices;
        foreach (ulong device in devices)
        {
            if (device == Identity.Device)
            {
                return;
            }
        }

        string? failure = null;
        using (SafeFileHandle? second = OpenAgain())
        {
            if (second is null)
            {
                failure = "the lock cannot be verified, since the file cannot be opened a second time";
            }
            else if (!TryFindLock(second, offset, length, out long? start) || start is null)
            {
                failure = NoLocks;
            }
        }

        if (failure is not null)
        {
            _ = SetLock(FileLock.None, offset, length);
            throw new DeviceFailedException($"Cannot lock the file: {failure}", Path, offset);
        }

        // Two threads may lose one of their two devices: it is then verified once more.
        s_lockingDevices = [.. devices, Identity.Device];
    }

    /// <summary>Another open file description of the same file, whatever has become of its path.</summary>
    private SafeFileHandle? OpenAgain()
    {
        using var file = new BorrowedDescriptor(_handle);
        return TryOpenSame("/proc/self/fd/" + file.Number.ToString(CultureInfo.InvariantCulture)) ?? TryOpenSame(Path);
    }

    private SafeFileHandle? TryOpenSame(string path)
    {
        int descriptor = Native.Open(UnixPath.Encode(path), Native.O_RDONLY | Native.OpenFlags);
        if (descriptor < 0)
        {
            return null;
        }

        var handle = new SafeFileHandle(new IntPtr(descriptor), ownsHandle: true);
        if (UnixStatus.TryGet(handle, out UnixStatus status) == 0 && status.Identity == Identity)
        {
            return handle;
        }

        handle.Dispose();
        return null;
    }
}
