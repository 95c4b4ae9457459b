using System.Runtime.InteropServices;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>A large store with a graph in a fresh process: open, first query, memory. What a script pays that asks one question.</summary>
internal sealed class GraphColdWorkload : IWorkload
{
    private const int MinRounds = 11;
    private const double MaxFirstQueryMilliseconds = 20;
    private const double MaxPrivateMiB = 64;

    public string Name => "graph-cold";

    public string Summary => "open, first graph query and memory of a fresh process, a million records";

    public void Run(BenchmarkContext context)
    {
        foreach (string name in context.Options.Sets ?? ["syn1m128", "syn1m768"])
        {
            if (VectorFiles.TryOpen(name) is not { } set)
            {
                Report.Note($"graph-cold: without {name} ({VectorFiles.DirectoryVariable} names no directory that has it).");
                continue;
            }

            Measure(context, set);
        }
    }

    private void Measure(BenchmarkContext context, VectorFiles set)
    {
        string path = GraphStores.Get(context, set, context.Options.Count ?? set.Count, mayChange: false);
        string query = context.PathOf("query.bin");
        File.WriteAllBytes(query, MemoryMarshal.AsBytes(set.Queries[0].AsSpan()));
        List<Dictionary<string, double>> rounds = [.. Enumerable.Range(0, Math.Max(MinRounds, context.Options.Repeats)).Select(_ => ChildProcess.Run("graph-first", path, query))];
        foreach (string metric in rounds[0].Keys)
        {
            double value = Rounds.Median([.. rounds.Select(values => values[metric])]);
            string unit = metric.Split(' ')[^1];
            if (metric == "first query ms")
            {
                context.Report.AtMost(MaxFirstQueryMilliseconds, Name, set.Count, set.Dimension, $"{set.Name}, {metric}", value, unit);
            }
            else if (unit == "MiB")
            {
                context.Report.AtMost(MaxPrivateMiB, Name, set.Count, set.Dimension, $"{set.Name}, {metric}", value, unit);
            }
            else
            {
                context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, $"{set.Name}, {metric}", value, unit);
            }
        }
    }
}
