using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// PowerShell processes are short: what runs slow until the runtime has tiered it up runs slow for ever. Each round is a fresh process.
/// </summary>
internal sealed class ColdProcessWorkload : IWorkload
{
    /// <summary>The slow tiers were 2 to 4.5 times slower; what is left to either side of 1 is caches and the clock.</summary>
    private const double MaxSlowdown = 1.3;
    private const int MinRounds = 9;

    public string Name => "cold-process";

    public string Summary => "first distances and queries of a fresh process against its steady state";

    public void Run(BenchmarkContext context)
    {
        int dimension = context.Dimension(1536);
        int rounds = Math.Max(MinRounds, context.Options.Repeats);
        foreach (string kernel in new[] { "dot", "l2", "int8", "tensor-dot" })
        {
            double slowdown = Measure(context, rounds, 0, dimension, kernel, "ns", () => ChildProcess.Run("cold-kernel", kernel, $"{dimension}"), "next 1000 calls", "steady state");
            string metric = $"{kernel}, first 1000 calls / steady";
            if (kernel.StartsWith("tensor", StringComparison.Ordinal))
            {
                context.Report.Value("ratio", Name, 0, dimension, metric, slowdown, "x");
            }
            else
            {
                context.Report.AtMost(MaxSlowdown, Name, 0, dimension, metric, slowdown);
            }
        }

        // Large enough that the scan decides, not what surrounds it.
        int count = context.Counts(10_000)[0];
        string path = context.Store(StoreKinds.Edb, count, dimension);
        double querySlowdown = Measure(context, rounds, count, dimension, "exact search", "ms", () => ChildProcess.Run("cold-search", path, $"{dimension}"), "next 20 queries", "steady query");
        context.Report.AtMost(MaxSlowdown, Name, count, dimension, "exact search, queries 2 to 21 / steady", querySlowdown);
    }

    private double Measure(BenchmarkContext context, int rounds, int count, int dimension, string subject, string unit, Func<Dictionary<string, double>> run, string cold, string steady)
    {
        List<Dictionary<string, double>> results = [.. Enumerable.Range(0, rounds).Select(_ => run())];
        foreach (string metric in results[0].Keys)
        {
            context.Report.Value(subject.StartsWith("tensor", StringComparison.Ordinal) ? "tensor-primitives" : StoreKinds.Ours, Name, count, dimension, $"{subject}, {metric}", Rounds.Median([.. results.Select(r => r[metric])]), unit);
        }

        return Rounds.Median([.. results.Select(r => r[cold] / r[steady])]);
    }
}
