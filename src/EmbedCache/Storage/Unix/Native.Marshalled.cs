#if !NET
using System.Runtime.InteropServices;

namespace EmbedCache.Storage.Unix;

/// <remarks>What an open calls, by the marshaller: the older framework gives the error number to nobody else.</remarks>
internal static partial class Native
{
    [DllImport(LibC, EntryPoint = "open", SetLastError = true)]
    public static extern int Open(byte[] path, int flags);

    [DllImport(LibC, EntryPoint = "pread", SetLastError = true)]
    public static extern IntPtr PRead(int file, ref byte buffer, IntPtr count, long offset);

    [DllImport(LibC, EntryPoint = "fcntl", SetLastError = true)]
    public static extern int FCntl(int file, int command, ref FileLock fileLock);

    [DllImport(LibC, EntryPoint = "mmap", SetLastError = true)]
    public static extern IntPtr MMap(IntPtr address, IntPtr length, int protection, int flags, int file, long offset);

    [DllImport(LibC, EntryPoint = "munmap", SetLastError = true)]
    public static extern int MUnmap(IntPtr address, IntPtr length);

    [DllImport(LibC, EntryPoint = "madvise", SetLastError = true)]
    public static extern int MAdvise(IntPtr address, IntPtr length, int advice);

    [DllImport(LibC, EntryPoint = "realpath", SetLastError = true)]
    public static extern IntPtr RealPath(byte[] path, byte[] resolved);

    [DllImport(LibC, EntryPoint = "statfs", SetLastError = true)]
    public static extern int StatFs(byte[] path, [Out] byte[] status);

    [DllImport(LibC, EntryPoint = "statx", SetLastError = true)]
    public static extern int StatX(int directory, byte[] path, int flags, uint mask, ref UnixStatus.LinuxStatus status);
}
#endif
