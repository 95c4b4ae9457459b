using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// Exact search, ten best, one query at a time. Each number of threads has a process of its own that is bound to as many processors,
/// and in that process the memory bandwidth is measured in turn with the search.
/// </summary>
internal sealed class SearchWorkload : IWorkload
{
    private const int SmallCount = 1000;
    private const double MaxSmallMilliseconds = 0.3;
    private const double MaxAboveBandwidth = 1.3;

    public string Name => "search";

    public string Summary => "exact search against the machine's read bandwidth and other libraries' brute force";

    public void Run(BenchmarkContext context)
    {
        int dimension = context.Dimension(1536);
        foreach (int count in context.Counts(SmallCount, 100_000))
        {
            string path = context.Store(StoreKinds.EdbCoded, count, dimension);
            int[] threadCounts = [.. new[] { 1, 2 }.Where(t => t <= Environment.ProcessorCount)];
            foreach (int threads in threadCounts)
            {
                Measure(context, path, count, dimension, threads);
            }

            ExternalPeers.Run(context, Name, count, dimension, () => threadCounts.ToDictionary(t => t, t => QueriesPerSecond(path, count, dimension, t)));
        }
    }

    private static double QueriesPerSecond(string path, int count, int dimension, int threads)
        => 1e3 / RunBound(threads, "search-only", path, $"{count}", $"{dimension}")[Children.SearchChild.SearchKey];

    /// <summary>Runs a child bound to as many processors as it may use threads.</summary>
    private static Dictionary<string, double> RunBound(int threads, params string[] arguments)
    {
        ulong[]? before = Posix.IsSupported ? Posix.LimitAffinity(threads) : null;
        try
        {
            return ChildProcess.Run(arguments);
        }
        finally
        {
            if (before is not null)
            {
                Posix.RestoreAffinity(before);
            }
        }
    }

    private void Measure(BenchmarkContext context, string path, int count, int dimension, int threads)
    {
        Dictionary<string, double> values = RunBound(threads, "search", path, $"{count}", $"{dimension}", $"{threads}", $"{context.Options.Repeats}");
        string suffix = $", threads={threads}";
        foreach ((string key, double value) in values)
        {
            string[] parts = key.Split('|');
            context.Report.Value(parts[0], Name, count, dimension, parts[1] + suffix, value, parts[2]);
        }

        double milliseconds = values[Children.SearchChild.SearchKey];
        if (count == SmallCount && threads == 1)
        {
            context.Report.AtMost(MaxSmallMilliseconds, Name, count, dimension, "query" + suffix, milliseconds, "ms");
        }
        else if (count > SmallCount)
        {
            context.Report.AtMost(MaxAboveBandwidth, Name, count, dimension, "query / bandwidth bound (4 KiB pages)" + suffix, milliseconds / values[Children.SearchChild.BandwidthKey]);
            context.Report.Value("ratio", Name, count, dimension, "query / bandwidth bound (huge pages)" + suffix, milliseconds / values[Children.SearchChild.HugeBandwidthKey], "x");
        }
    }
}
