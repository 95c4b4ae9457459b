using System.Diagnostics;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>Opening after a clean close: warm in this process, and as the first thing that a process does.</summary>
internal sealed class OpenWorkload : IWorkload
{
    private const int WarmOpens = 200;
    private const double MaxWarmMilliseconds = 0.3;
    private const double MaxGrowth = 1.5;
    private const double MaxFirstMillisecondsAboveBare = 5;
    private const int MinFirstOpens = 9;

    public string Name => "open";

    public string Summary => "open after a clean close: warm, and first in a process against a bare open and map";

    public void Run(BenchmarkContext context)
    {
        int dimension = context.Dimension(128);
        var warm = new SortedDictionary<int, double>();
        foreach (int count in context.Counts(10_000, 100_000, 1_000_000))
        {
            MeasureWarm(context, count, dimension, warm);
            MeasureFirst(context, count, dimension);
        }

        if (warm.Count > 1)
        {
            context.Report.AtMost(MaxGrowth, Name, warm.Keys.Last(), dimension, $"warm open, n={warm.Keys.Last()} / n={warm.Keys.First()}", warm.Values.Last() / warm.Values.First());
        }
    }

    private static StoreKind[] Kinds { get; } = [StoreKinds.Edb, StoreKinds.Lmdb, StoreKinds.Sqlite4K];

    private void MeasureWarm(BenchmarkContext context, int count, int dimension, SortedDictionary<int, double> warm)
    {
        var opening = new Rounds();
        var firstGets = new Dictionary<string, double>();
        foreach (StoreKind kind in context.Select(Kinds))
        {
            string path = context.Store(kind, count, dimension);
            opening.Add(kind.System, () => OpenMilliseconds(kind, path, count, dimension, firstGets));
        }

        opening.Run(context.Options.Repeats, warmUps: 2);
        foreach (string system in opening.Systems)
        {
            context.Report.Value(system, Name, count, dimension, "warm open", opening.MedianOf(system), "ms");
            context.Report.Value(system, Name, count, dimension, "warm open and first get", firstGets[system], "ms");
        }

        if (opening.Has(StoreKinds.Ours))
        {
            warm[count] = opening.MedianOf(StoreKinds.Ours);
            context.Report.AtMost(MaxWarmMilliseconds, Name, count, dimension, "warm open", warm[count], "ms");
        }
    }

    /// <summary>Median time of an open; the time to the first get done goes into <paramref name="firstGets"/>. Closing is outside.</summary>
    private static double OpenMilliseconds(StoreKind kind, string path, int count, int dimension, Dictionary<string, double> firstGets)
    {
        var opens = new double[WarmOpens];
        var gets = new double[WarmOpens];
        string key = Samples.Key(count / 2);
        for (int i = 0; i < WarmOpens; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using IVectorStore store = kind.Open(path, dimension, ReadPattern.Hot);
            opens[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            store.Touch(key);
            gets[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        firstGets[kind.System] = Rounds.Median(gets);
        return Rounds.Median(opens);
    }

    private void MeasureFirst(BenchmarkContext context, int count, int dimension)
    {
        var rounds = new Rounds();
        var children = new Dictionary<string, List<Dictionary<string, double>>>();
        StoreKind mapped = context.Select(Kinds).First();
        string bare = context.Store(mapped, count, dimension) + mapped.Suffixes[0];
        rounds.Add("bare-map", () => ChildProcess.Run("open-bare", bare)["open"]);
        foreach (StoreKind kind in context.Select(Kinds))
        {
            string path = context.Store(kind, count, dimension);
            List<Dictionary<string, double>> results = children[kind.System] = [];
            rounds.Add(kind.System, () =>
            {
                results.Add(ChildProcess.Run("open", kind.System, path, $"{dimension}", $"{count / 2}"));
                return results[^1]["open"];
            });
        }

        rounds.Run(Math.Max(MinFirstOpens, context.Options.Repeats), warmUps: 1);
        foreach (string system in rounds.Systems)
        {
            context.Report.Value(system, Name, count, dimension, "first open in a process", rounds.MedianOf(system), "ms");
            if (children.TryGetValue(system, out List<Dictionary<string, double>>? results))
            {
                context.Report.Value(system, Name, count, dimension, "first open and get in a process", Rounds.Median([.. results.Select(r => r["get"])]), "ms");
                const string Compiling = "compiling until the first get";
                context.Report.Value(system, Name, count, dimension, $"first open and get in a process, {Compiling}", Rounds.Median([.. results.Select(r => r[Compiling])]), "ms");
            }
        }

        if (rounds.Has(StoreKinds.Ours))
        {
            double above = rounds.MedianOf(StoreKinds.Ours) - rounds.MedianOf("bare-map");
            context.Report.AtMost(MaxFirstMillisecondsAboveBare, Name, count, dimension, "first open in a process, ours - bare-map", above, "ms");
        }
    }
}
