using System.Diagnostics;
using EmbedCache.Benchmarks.Peers;
using EmbedCache.Search;

namespace EmbedCache.Benchmarks.Children;

/// <summary>The first graph query of a process: what it takes to open the file, and then to answer, and the memory that is the process's own afterwards.</summary>
internal static class GraphFirstChild
{
    private const int MoreQueries = 200;

    /// <summary>Arguments: file, file with the query as float32.</summary>
    public static void Run(string[] arguments)
    {
        byte[] bytes = File.ReadAllBytes(arguments[1]);
        var query = new float[bytes.Length / sizeof(float)];
        Buffer.BlockCopy(bytes, 0, query, 0, bytes.Length);
        TimeSpan compiling = JitTime();
        long start = Stopwatch.GetTimestamp();
        using EmbeddingCache cache = EmbeddingCache.Open(arguments[0], new EmbeddingCacheOptions { ReadOnly = true });
        double open = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        double openCompiling = (JitTime() - compiling).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        cache.FindSimilar(query, new SearchOptions());
        double first = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        double compiled = (JitTime() - compiling).TotalMilliseconds - openCompiling;
        start = Stopwatch.GetTimestamp();
        cache.FindSimilar(query, new SearchOptions());
        double second = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var memory = new ProcessMemory(Path.GetDirectoryName(Path.GetFullPath(arguments[0]))!);
        ChildProcess.Print("open ms", open);
        ChildProcess.Print("first query ms", first);
        ChildProcess.Print("compiling for it ms", compiled);
        ChildProcess.Print("second query ms", second);
        ChildProcess.Print("private MiB", memory.Read().Private / (double)(1 << 20));
        for (int i = 0; i < MoreQueries; i++)
        {
            query[i % query.Length] = -query[i % query.Length];
            cache.FindSimilar(query, new SearchOptions());
        }

        ChildProcess.Print("private after 200 more MiB", memory.Read().Private / (double)(1 << 20));
        if (cache.LastSearchPlan!.Kind != SearchPlanKind.Graph)
        {
            throw new InvalidOperationException("The search did not use the graph: " + cache.LastSearchPlan);
        }
    }

    private static TimeSpan JitTime() => System.Runtime.JitInfo.GetCompilationTime(currentThread: true);
}
