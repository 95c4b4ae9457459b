using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Benchmarks;

/// <summary>The few system calls that the base library does not offer. Linux only; callers look at <see cref="IsSupported"/>.</summary>
internal static unsafe partial class Posix
{
    public const int AdviceNormal = 0;
    public const int AdviceRandom = 1;
    public const int AdviceHugePage = 14;
    public const int AdviceNoHugePage = 15;
    private const int FileAdviceDontNeed = 4;
    private const int AtCurrentDirectory = -100;
    private const uint StatxBlocks = 0x400;
    private const int StatxBlocksOffset = 48;
    private const int PageSize = 4096;

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Makes the file's data durable; throws what the device says.</summary>
    public static void Sync(SafeFileHandle file) => Check(fdatasync((int)file.DangerousGetHandle()), nameof(fdatasync));

    /// <summary>Gives advice on a range of mapped memory.</summary>
    public static void Advise(byte* address, long byteLength, int advice) => Check(madvise(address, (nuint)byteLength, advice), nameof(madvise));

    /// <summary>Drops a file's pages from the page cache and checks that they are gone: a mapping somewhere would keep them.</summary>
    public static void Evict(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Sync(file);
        int error = posix_fadvise((int)file.DangerousGetHandle(), 0, 0, FileAdviceDontNeed);
        if (error != 0)
        {
            throw new IOException($"posix_fadvise failed with error {error}.");
        }

        double resident = ResidentFraction(path);
        if (resident > 0.01)
        {
            throw new IOException($"{resident:P0} of {path} stayed in the page cache: a cold read would not be cold.");
        }
    }

    /// <summary>Bytes that a file takes on disk (st_blocks): less than its length where holes are.</summary>
    public static long AllocatedBytes(string path)
    {
        byte* result = stackalloc byte[256];
        Check(statx(AtCurrentDirectory, path, 0, StatxBlocks, result), nameof(statx));
        return *(long*)(result + StatxBlocksOffset) * 512;
    }

    /// <summary>Binds the calling thread, and the processes it starts from now on, to the first <paramref name="processors"/> processors it may use.</summary>
    /// <returns>The mask that was in force, for <see cref="RestoreAffinity"/>.</returns>
    public static ulong[] LimitAffinity(int processors)
    {
        var before = new ulong[16];
        fixed (ulong* mask = before)
        {
            if (sched_getaffinity(0, (nuint)(before.Length * sizeof(ulong)), mask) < 0)
            {
                throw new IOException($"sched_getaffinity failed with error {Marshal.GetLastPInvokeError()}.");
            }
        }

        var limited = new ulong[before.Length];
        for (int bit = 0; bit < before.Length * 64 && processors > 0; bit++)
        {
            if ((before[bit / 64] >> (bit % 64) & 1) != 0)
            {
                limited[bit / 64] |= 1ul << (bit % 64);
                processors--;
            }
        }

        RestoreAffinity(limited);
        return before;
    }

    /// <summary>Binds the calling thread to the processors of <paramref name="mask"/>.</summary>
    public static void RestoreAffinity(ulong[] mask)
    {
        fixed (ulong* bits = mask)
        {
            Check(sched_setaffinity(0, (nuint)(mask.Length * sizeof(ulong)), bits), nameof(sched_setaffinity));
        }
    }

    private static double ResidentFraction(string path)
    {
        using var map = new MappedView(path);
        var pages = new byte[(map.ByteLength + PageSize - 1) / PageSize];
        fixed (byte* vector = pages)
        {
            Check(mincore(map.Pointer, (nuint)map.ByteLength, vector), nameof(mincore));
        }

        return (double)pages.Count(p => (p & 1) != 0) / pages.Length;
    }

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new IOException($"{call} failed with error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(int file);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(int file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(byte* address, nuint length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mincore(byte* address, nuint length, byte* vector);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_getaffinity(int thread, nuint length, ulong* mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int thread, nuint length, ulong* mask);
}
