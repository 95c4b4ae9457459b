using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Children;

/// <summary>One of many short processes that write to a store: some transactions, evenly over its time, and a close.</summary>
internal static class GraphWriterChild
{
    /// <summary>Arguments: file, set, number of the first vector, transactions, vectors in each, seconds from here to the close (0: no pauses).</summary>
    public static void Run(string[] arguments)
    {
        int first = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        int transactions = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        int batchCount = int.Parse(arguments[4], CultureInfo.InvariantCulture);
        double seconds = double.Parse(arguments[5], CultureInfo.InvariantCulture);
        float[][] vectors = [.. VectorFiles.BaseOf(arguments[1], first, transactions * batchCount)];
        var clock = Stopwatch.StartNew();
        EmbeddingCache cache = EmbeddingCache.Open(arguments[0]);
        for (int i = 0; i < transactions; i++)
        {
            double pause = (seconds * (i + 1) / transactions) - clock.Elapsed.TotalSeconds;
            if (pause > 0)
            {
                Thread.Sleep(TimeSpan.FromSeconds(pause));
            }

            GraphStores.Put(cache, first + (i * batchCount), vectors[(i * batchCount)..((i + 1) * batchCount)]);
        }

        double closing = clock.Elapsed.TotalSeconds;
        cache.Dispose();
        ChildProcess.Print("close seconds", clock.Elapsed.TotalSeconds - closing);
        ChildProcess.Print("seconds", clock.Elapsed.TotalSeconds);
        ChildProcess.Print("written bytes", WrittenBytes());
    }

    /// <summary>What this process gave to write calls since it began.</summary>
    private static long WrittenBytes()
    {
        const string Prefix = "wchar: ";
        string line = File.ReadLines("/proc/self/io").First(line => line.StartsWith(Prefix, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(Prefix.Length), CultureInfo.InvariantCulture);
    }
}
