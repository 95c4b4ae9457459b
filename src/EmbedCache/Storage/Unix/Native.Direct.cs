#if NET
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EmbedCache.Storage.Unix;

/// <remarks>
/// What an open calls, without marshalling: a stub that marshals or keeps the error number is compiled when it is first called, and takes a quarter of a millisecond.
/// The error number is kept here, at once: whatever comes between could leave another.
/// </remarks>
internal static unsafe partial class Native
{
    public static int Open(byte[] path, int flags)
    {
        fixed (byte* first = path)
        {
            int file = OpenDirect(first, flags);
            Keep(file == -1);
            return file;
        }
    }

    public static IntPtr PRead(int file, ref byte buffer, IntPtr count, long offset)
    {
        fixed (byte* first = &buffer)
        {
            IntPtr read = PReadDirect(file, first, count, offset);
            Keep(read == new IntPtr(-1));
            return read;
        }
    }

    public static int FCntl(int file, int command, ref FileLock fileLock)
    {
        fixed (FileLock* first = &fileLock)
        {
            int result = FCntlDirect(file, command, first);
            Keep(result == -1);
            return result;
        }
    }

    public static IntPtr MMap(IntPtr address, IntPtr length, int protection, int flags, int file, long offset)
    {
        IntPtr mapped = MMapDirect(address, length, protection, flags, file, offset);
        Keep(mapped == new IntPtr(-1));
        return mapped;
    }

    public static int MUnmap(IntPtr address, IntPtr length)
    {
        int result = MUnmapDirect(address, length);
        Keep(result != 0);
        return result;
    }

    public static int MAdvise(IntPtr address, IntPtr length, int advice)
    {
        int result = MAdviseDirect(address, length, advice);
        Keep(result != 0);
        return result;
    }

    public static IntPtr RealPath(byte[] path, byte[] resolved)
    {
        fixed (byte* from = path)
        fixed (byte* to = resolved)
        {
            IntPtr result = RealPathDirect(from, to);
            Keep(result == IntPtr.Zero);
            return result;
        }
    }

    public static int StatFs(byte[] path, byte[] status)
    {
        fixed (byte* name = path)
        fixed (byte* first = status)
        {
            int result = StatFsDirect(name, first);
            Keep(result != 0);
            return result;
        }
    }

    public static int StatX(int directory, byte[] path, int flags, uint mask, ref UnixStatus.LinuxStatus status)
    {
        fixed (byte* name = path)
        fixed (UnixStatus.LinuxStatus* first = &status)
        {
            int result = StatXDirect(directory, name, flags, mask, first);
            Keep(result != 0);
            return result;
        }
    }

    /// <summary>What <see cref="Errno.Last"/> then says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(bool hasFailed)
    {
        if (hasFailed)
        {
            Marshal.SetLastPInvokeError(Marshal.GetLastSystemError());
        }
    }

    [DllImport(LibC, EntryPoint = "open")]
    private static extern int OpenDirect(byte* path, int flags);

    [DllImport(LibC, EntryPoint = "pread")]
    private static extern IntPtr PReadDirect(int file, byte* buffer, IntPtr count, long offset);

    [DllImport(LibC, EntryPoint = "fcntl")]
    private static extern int FCntlDirect(int file, int command, FileLock* fileLock);

    [DllImport(LibC, EntryPoint = "mmap")]
    private static extern IntPtr MMapDirect(IntPtr address, IntPtr length, int protection, int flags, int file, long offset);

    [DllImport(LibC, EntryPoint = "munmap")]
    private static extern int MUnmapDirect(IntPtr address, IntPtr length);

    [DllImport(LibC, EntryPoint = "madvise")]
    private static extern int MAdviseDirect(IntPtr address, IntPtr length, int advice);

    [DllImport(LibC, EntryPoint = "realpath")]
    private static extern IntPtr RealPathDirect(byte* path, byte* resolved);

    [DllImport(LibC, EntryPoint = "statfs")]
    private static extern int StatFsDirect(byte* path, byte* status);

    [DllImport(LibC, EntryPoint = "statx")]
    private static extern int StatXDirect(int directory, byte* path, int flags, uint mask, UnixStatus.LinuxStatus* status);
}
#endif
