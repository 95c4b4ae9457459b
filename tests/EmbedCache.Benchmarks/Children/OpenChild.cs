using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Children;

/// <summary>The first open in a process. Nothing before the clock starts may touch files, maps or the store's assembly.</summary>
internal static class OpenChild
{
    /// <summary>Arguments: system, path without suffix, dimension, number of a record to get.</summary>
    public static void Run(string[] arguments)
    {
        StoreKind kind = StoreKinds.Named(arguments[0]);
        int dimension = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        string key = Samples.Key(int.Parse(arguments[3], CultureInfo.InvariantCulture));

        TimeSpan before = JitInfo.GetCompilationTime(currentThread: true);
        long start = Stopwatch.GetTimestamp();
        using IVectorStore store = kind.Open(arguments[1], dimension, ReadPattern.Hot);
        double open = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        store.Touch(key);
        double get = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        TimeSpan compiling = JitInfo.GetCompilationTime(currentThread: true) - before;
        ChildProcess.Print("compiling until the first get", compiling.TotalMilliseconds);
        ChildProcess.Print("open", open);
        ChildProcess.Print("get", get);
    }

    /// <summary>What the base library alone needs to open a file, map it and read one byte. Argument: the file.</summary>
    public static unsafe void RunBare(string[] arguments)
    {
        long start = Stopwatch.GetTimestamp();
        using var map = new MappedView(arguments[0]);
        int first = *map.Pointer;
        ChildProcess.Print("open", Stopwatch.GetElapsedTime(start).TotalMilliseconds + (first < 0 ? 1 : 0));
    }
}
