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
            string path = context.Store(StoreKinds.Edb, count, dimension);
            var ours = new Dictionary<int, double>();
            foreach (int threads in new[] { 1, 2 })
            {
                if (threads <= Environment.ProcessorCount)
                {
                    ours[threads] = Measure(context, path, count, dimension, threads);
                }
            }

            ExternalPeers.Run(context, Name, count, dimension, ours);
        }
    }

    private double Measure(BenchmarkContext context, string path, int count, int dimension, int threads)
    {
        ulong[]? before = Posix.IsSupported ? Posix.LimitAffinity(threads) : null;
        Dictionary<string, double> values;
        try
        {
            values = ChildProcess.Run("search", path, $"{count}", $"{dimension}", $"{threads}", $"{context.Options.Repeats}");
        }
        finally
        {
            if (before is not null)
            {
                Posix.RestoreAffinity(before);
            }
        }

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

        return 1e3 / milliseconds;
    }
}
