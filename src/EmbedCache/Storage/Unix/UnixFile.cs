using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Unix;

/// <summary>An open file on Linux, or for reading on macOS. Nothing goes through the base library's streams.</summary>
internal sealed partial class UnixFile : IStoreFile
{
    private readonly SafeFileHandle _handle;
    private volatile bool _isPoisoned;

    /// <summary>Takes over an open descriptor.</summary>
    public UnixFile(SafeFileHandle handle, string path, bool canWrite, FileIdentity identity)
    {
        _handle = handle;
        Path = path;
        CanWrite = canWrite;
        Identity = identity;
    }

    public string Path { get; }

    public bool CanWrite { get; }

    public FileIdentity Identity { get; }

    public long Length => Status("ask for the length of the file").Length;

    /// <summary>Bytes of disk the file takes.</summary>
    public long AllocatedLength => Status("ask for the status of the file").AllocatedLength;

    public int ReadAt(long offset, Span<byte> buffer)
    {
        using var file = new BorrowedDescriptor(_handle);
        int done = 0;
        while (done < buffer.Length)
        {
            ref byte next = ref MemoryMarshal.GetReference(buffer.Slice(done));
            var count = new IntPtr(buffer.Length - done);
            int read = (int)(Native32.IsNeeded ? Native32.PRead(file.Number, ref next, count, offset + done) : Native.PRead(file.Number, ref next, count, offset + done));
            if (read > 0)
            {
                done += read;
            }
            else if (read == 0)
            {
                break;
            }
            else if (Errno.Last is int errno && errno != Errno.EINTR)
            {
                throw UnixError.ForFile(errno, "read the file", Path, offset + done);
            }
        }

        return done;
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        ThrowIfPoisoned();
        using var file = new BorrowedDescriptor(_handle);
        int done = 0;
        while (done < buffer.Length)
        {
            ref byte next = ref MemoryMarshal.GetReference(buffer.Slice(done));
            var count = new IntPtr(buffer.Length - done);
            int written = (int)(Native32.IsNeeded ? Native32.PWrite(file.Number, ref next, count, offset + done) : Native.PWrite(file.Number, ref next, count, offset + done));
            if (written > 0)
            {
                // A short write is how a full disk begins: the rest is tried, and the system then says why.
                done += written;
            }
            else if (written == 0)
            {
                throw new DeviceFailedException("Cannot write the file: the system took none of the bytes", Path, offset + done);
            }
            else if (Errno.Last is int errno && errno != Errno.EINTR)
            {
                throw UnixError.ForFile(errno, "write the file", Path, offset + done);
            }
        }
    }

    public void SetLength(long length)
    {
        ThrowIfPoisoned();
        using var file = new BorrowedDescriptor(_handle);
        while ((Native32.IsNeeded ? Native32.FTruncate(file.Number, length) : Native.FTruncate(file.Number, length)) != 0)
        {
            int errno = Errno.Last;
            if (errno != Errno.EINTR)
            {
                throw UnixError.ForFile(errno, "set the length of the file", Path, length);
            }
        }
    }

    public bool TryAllocate(long offset, long length, bool keepSize)
    {
        ThrowIfPoisoned();
        return TryFAllocate(keepSize ? Native.FALLOC_FL_KEEP_SIZE : 0, offset, length, "reserve room for the file");
    }

    public bool TryPunchHole(long offset, long length)
    {
        ThrowIfPoisoned();
        return TryFAllocate(Native.FALLOC_FL_PUNCH_HOLE | Native.FALLOC_FL_KEEP_SIZE, offset, length, "release a range of the file");
    }

    public void Flush()
    {
        ThrowIfPoisoned();
        using var file = new BorrowedDescriptor(_handle);
        while ((UnixPlatform.IsMacOS ? Native.FCntl(file.Number, Native.F_FULLFSYNC) : Native.FDataSync(file.Number)) != 0)
        {
            // An interrupted call has not yet reported anything. Any other failure may be reported once only: the kernel drops the error
            // and, on most file systems, the dirty pages, so that a second call would succeed with the data lost.
            int errno = Errno.Last;
            if (errno != Errno.EINTR)
            {
                _isPoisoned = true;
                throw Poisoned(UnixError.Describe(errno));
            }
        }
    }

    public ByteSource OpenSource(bool positional) => positional || IntPtr.Size == 4
        ? new PositionalSource(this)
        : new MappedSource(this, limit => UnixMapView.Create(_handle, limit, Path));

    public void Dispose() => _handle.Dispose();

    private UnixStatus Status(string action)
    {
        int errno = UnixStatus.TryGet(_handle, out UnixStatus status);
        return errno == 0 ? status : throw UnixError.ForFile(errno, action, Path);
    }

    private bool TryFAllocate(int mode, long offset, long length, string action)
    {
        if (!UnixPlatform.IsLinux)
        {
            return false;
        }

        using var file = new BorrowedDescriptor(_handle);
        while ((Native32.IsNeeded ? Native32.FAllocate(file.Number, mode, offset, length) : Native.FAllocate(file.Number, mode, offset, length)) != 0)
        {
            int errno = Errno.Last;
            if (errno == Errno.EINTR)
            {
                continue;
            }

            // EPERM: the file is marked append-only or immutable, or a seal or a policy forbids the call.
            if (Errno.IsUnsupported(errno) || Errno.IsFull(errno) || errno == Errno.EPERM)
            {
                return false;
            }

            throw UnixError.ForFile(errno, action, Path, offset);
        }

        return true;
    }

    private void ThrowIfPoisoned()
    {
        if (_isPoisoned)
        {
            throw Poisoned("an earlier flush failed");
        }
    }

    private DeviceFailedException Poisoned(string reason) => new(
        $"Cannot make the file durable: {reason}; what reached the disk is unknown, so close the file and open it again", Path, isPoisoned: true);
}
