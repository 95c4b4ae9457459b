using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Windows;

/// <summary>An open file on Windows. A synchronous handle takes its offsets from the OVERLAPPED of each call.</summary>
internal sealed class WindowsFile : IStoreFile
{
    private readonly SafeFileHandle _handle;
    private volatile bool _isPoisoned;
    private bool _isSparse;

    /// <summary>Takes over an open handle.</summary>
    public WindowsFile(SafeFileHandle handle, string path, bool canWrite, FileIdentity identity)
    {
        _handle = handle;
        Path = path;
        CanWrite = canWrite;
        Identity = identity;
    }

    public string Path { get; }

    public bool CanWrite { get; }

    public FileIdentity Identity { get; }

    public long Length => Native.GetFileSizeEx(_handle, out long length)
        ? length
        : throw WindowsError.ForFile(WindowsError.Last, "ask for the length of the file", Path);

    public int ReadAt(long offset, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            Native.Overlapped place = At(offset + done);
            ref byte next = ref MemoryMarshal.GetReference(buffer.Slice(done));
            if (!Native.ReadFile(_handle, ref next, (uint)(buffer.Length - done), out uint read, ref place))
            {
                int code = WindowsError.Last;
                if (code == WindowsError.HandleEndOfFile)
                {
                    break;
                }

                throw WindowsError.ForFile(code, "read the file", Path, offset + done);
            }

            if (read == 0)
            {
                break;
            }

            done += (int)read;
        }

        return done;
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        ThrowIfPoisoned();
        int done = 0;
        while (done < buffer.Length)
        {
            Native.Overlapped place = At(offset + done);
            ref byte next = ref MemoryMarshal.GetReference(buffer.Slice(done));
            if (!Native.WriteFile(_handle, ref next, (uint)(buffer.Length - done), out uint written, ref place))
            {
                throw WindowsError.ForFile(WindowsError.Last, "write the file", Path, offset + done);
            }

            if (written == 0)
            {
                throw new DeviceFailedException("Cannot write the file: the system took none of the bytes", Path, offset + done);
            }

            done += (int)written;
        }
    }

    public void SetLength(long length)
    {
        ThrowIfPoisoned();
        if (!Native.SetFileInformationByHandle(_handle, Native.FileEndOfFileInfo, ref length, sizeof(long)))
        {
            throw WindowsError.ForFile(WindowsError.Last, "set the length of the file", Path, length);
        }
    }

    public bool TryAllocate(long offset, long length, bool keepSize)
    {
        ThrowIfPoisoned();

        // Windows reserves from the start. A shorter end would cut the file: it is only ever moved outwards.
        long end = offset + length;
        return end <= Length || Native.SetFileInformationByHandle(
            _handle, keepSize ? Native.FileAllocationInfo : Native.FileEndOfFileInfo, ref end, sizeof(long));
    }

    public bool TryPunchHole(long offset, long length)
    {
        ThrowIfPoisoned();
        if (!_isSparse)
        {
            _isSparse = Native.DeviceIoControl(_handle, Native.SetSparse, IntPtr.Zero, 0, IntPtr.Zero, 0, out _, IntPtr.Zero);
        }

        var range = new Native.ZeroDataRange { Start = offset, End = offset + length };
        return _isSparse && Native.DeviceIoControl(
            _handle, Native.SetZeroData, ref range, (uint)Marshal.SizeOf<Native.ZeroDataRange>(), IntPtr.Zero, 0, out _, IntPtr.Zero);
    }

    public void Flush()
    {
        ThrowIfPoisoned();
        if (!Native.FlushFileBuffers(_handle))
        {
            int code = WindowsError.Last;
            _isPoisoned = true;
            throw Poisoned(WindowsError.Describe(code));
        }
    }

    public ByteSource OpenSource(bool positional) => positional || IntPtr.Size == 4
        ? new PositionalSource(this)
        : new MappedSource(this, _ => WindowsMapView.Create(_handle, Path));

    public bool TryLock(long offset, long length, LockKind kind)
    {
        if (kind == LockKind.Exclusive && !CanWrite)
        {
            throw new InvalidOperationException("An exclusive lock needs a file that was opened for writing.");
        }

        Native.Overlapped place = At(offset);
        uint flags = Native.LockFailImmediately | (kind == LockKind.Exclusive ? Native.LockExclusive : 0);
        if (Native.LockFileEx(_handle, flags, 0, (uint)length, (uint)(length >> 32), ref place))
        {
            return true;
        }

        int code = WindowsError.Last;
        return code is WindowsError.LockViolation or WindowsError.IOPending
            ? false
            : throw WindowsError.ForFile(code, "lock the file", Path, offset);
    }

    public void Unlock(long offset, long length)
    {
        Native.Overlapped place = At(offset);
        if (!Native.UnlockFileEx(_handle, 0, (uint)length, (uint)(length >> 32), ref place))
        {
            throw WindowsError.ForFile(WindowsError.Last, "unlock the file", Path, offset);
        }
    }

    public bool? IsLockedByOther(long offset, long length) => null;

    public long? FindLowestLock(long offset, long length) => null;

    public void Dispose() => _handle.Dispose();

    private static Native.Overlapped At(long offset) => new()
    {
        OffsetLow = unchecked((uint)offset),
        OffsetHigh = (uint)(offset >> 32),
    };

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
