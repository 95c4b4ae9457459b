using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// Resident memory of a fresh process after opening a store and after taking vectors out of it and keeping them. Pages of the store's own
/// file are counted apart.
/// </summary>
internal sealed class MemoryWorkload : IWorkload
{
    private const double MaxMegabytes = 5;

    public string Name => "memory";

    public string Summary => "resident memory after open, 100 and 1,000 materialised gets";

    public void Run(BenchmarkContext context)
    {
        if (!Posix.IsSupported)
        {
            Report.Note("memory: /proc/self/smaps is Linux's.");
            return;
        }

        int dimension = context.Dimension(1536);
        foreach (int count in context.Counts(10_000))
        {
            var results = new Dictionary<string, List<Dictionary<string, double>>>();
            var rounds = new Rounds();
            IEnumerable<StoreKind> kinds = context.Select(StoreKinds.Edb, StoreKinds.Lmdb, StoreKinds.Sqlite4K);
            foreach (StoreKind? kind in kinds.Prepend(null))
            {
                string system = kind?.System ?? "empty";
                string path = kind is null ? "-" : context.Store(kind, count, dimension);
                List<Dictionary<string, double>> values = results[system] = [];
                rounds.Add(system, () =>
                {
                    values.Add(ChildProcess.Run("memory", system, path, $"{dimension}", $"{count}", context.Directory));
                    return values[^1]["100 gets, private"];
                });
            }

            rounds.Run(context.Options.Repeats);
            foreach ((string system, List<Dictionary<string, double>> values) in results)
            {
                foreach (string metric in values[0].Keys)
                {
                    double median = Rounds.Median([.. values.Select(v => v[metric])]);
                    context.Report.Value(system, Name, count, dimension, metric, median / (1 << 20), "MiB");
                }
            }

            if (rounds.Has(StoreKinds.Ours))
            {
                double above = (rounds.MedianOf(StoreKinds.Ours) - rounds.MedianOf("empty")) / (1 << 20);
                context.Report.AtMost(MaxMegabytes, Name, count, dimension, "100 materialised, above the empty process", above, "MiB");
            }
        }
    }
}
