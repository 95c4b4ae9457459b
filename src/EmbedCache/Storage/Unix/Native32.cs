using System.Runtime.InteropServices;

namespace EmbedCache.Storage.Unix;

/// <summary>
/// The calls that take an offset, under the names that are 64 bits wide in glibc on a 32-bit system. musl is 64 bits wide under the
/// plain names and need not have these.
/// </summary>
internal static class Native32
{
    /// <summary>Whether the names ending in 64 are to be used: a 32-bit process on a C library that has them.</summary>
    public static readonly bool IsNeeded = IntPtr.Size == 4 && UnixPlatform.IsLinux && Exists();

    [DllImport(Native.LibC, EntryPoint = "pread64", SetLastError = true)]
    public static extern IntPtr PRead(int file, ref byte buffer, IntPtr count, long offset);

    [DllImport(Native.LibC, EntryPoint = "pwrite64", SetLastError = true)]
    public static extern IntPtr PWrite(int file, ref byte buffer, IntPtr count, long offset);

    [DllImport(Native.LibC, EntryPoint = "ftruncate64", SetLastError = true)]
    public static extern int FTruncate(int file, long length);

    [DllImport(Native.LibC, EntryPoint = "fallocate64", SetLastError = true)]
    public static extern int FAllocate(int file, int mode, long offset, long length);

    [DllImport(Native.LibC, EntryPoint = "fcntl64", SetLastError = true)]
    public static extern int FCntl(int file, int command, ref FileLock fileLock);

    [DllImport(Native.LibC, EntryPoint = "statfs64", SetLastError = true)]
    public static extern int StatFs(byte[] path, [Out] byte[] status);

    private static bool Exists()
    {
        try
        {
            const int noDescriptor = -1;
            _ = FTruncate(noDescriptor, 0);
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }
}
