using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EmbedCache.Fuzz;

/// <summary>A hostile file cost more than an error: what was asked, and what it took.</summary>
internal sealed class TooExpensiveException(string message) : Exception(message);

/// <summary>
/// Holds one thread's work against the promise of FORMAT.md: under a second, and at most four times the file and 16 MiB of memory. Time is the
/// thread's own where the system tells it, so that a busy machine fails nothing.
/// </summary>
internal readonly struct Meter
{
    private const long AllowedMilliseconds = 1000;
    private const long AllowedBytes = 16 << 20;
    private const int AllowedMultiple = 4;
    private const int ThreadCpuTimeClock = 3;

    private readonly long _bytes;
    private readonly long _milliseconds;

    private Meter(long bytes, long milliseconds)
    {
        _bytes = bytes;
        _milliseconds = milliseconds;
    }

    /// <summary>Begins to measure this thread.</summary>
    public static Meter Start() => new(GC.GetAllocatedBytesForCurrentThread(), Milliseconds());

    /// <summary>Throws when what this thread did since <see cref="Start"/> was too much for a file of this length.</summary>
    public void Check(string what, long fileByteLength)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread() - _bytes;
        if (bytes > (AllowedMultiple * fileByteLength) + AllowedBytes)
        {
            throw new TooExpensiveException($"{what} allocated {bytes:N0} bytes for a file of {fileByteLength:N0}");
        }

        long milliseconds = Milliseconds() - _milliseconds;
        if (milliseconds > AllowedMilliseconds)
        {
            throw new TooExpensiveException($"{what} took {milliseconds:N0} ms for a file of {fileByteLength:N0} bytes");
        }
    }

    private static long Milliseconds()
        => OperatingSystem.IsLinux() && GetTime(ThreadCpuTimeClock, out TimeSpec time) == 0
            ? ((long)time.Seconds * 1000) + ((long)time.Nanoseconds / 1_000_000)
            : Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000);

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
