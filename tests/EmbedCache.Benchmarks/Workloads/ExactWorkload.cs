using EmbedCache.Benchmarks.Children;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// Exact search over codes against scans of floats, on data sets that somebody prepared and on two that defeat codes. Each set has a file and a process of
/// its own, and what is compared runs in turn.
/// </summary>
internal sealed class ExactWorkload : IWorkload
{
    private const double MostWhereCodesFail = 1.2;
    private const double BatchBar = 1248;

    /// <summary>How many times as fast as a float scan one query is to be, by the set's name.</summary>
    private static readonly Dictionary<string, double> Bars = new() { ["fashion"] = 7, ["syn1536"] = 6, ["syn128"] = 2.4, ["syn1m768"] = 3.5, [VectorFile.Million] = 3.5 };

    private static readonly string[] Names = ["fashion", "syn1536", "syn128", "syn768", "syn1m128", "syn1m768", VectorFile.Million, .. VectorFile.Made];

    public string Name => "exact";

    public string Summary => "exact search by bounds over codes against float scans, one query and batches";

    public void Run(BenchmarkContext context)
    {
        foreach (string name in Names.Where(n => context.Options.Sets?.Contains(n) ?? n != VectorFile.Million))
        {
            if (VectorFile.TryOpen(context.Options.DataDirectory, name, "base") is { } vectors)
            {
                Measure(context, name, vectors);
            }
        }
    }

    private void Measure(BenchmarkContext context, string name, VectorFile vectors)
    {
        string path = Build(context, name, vectors);
        Dictionary<string, double> values = ChildProcess.Run("exact", path, name, context.Options.DataDirectory ?? string.Empty, $"{context.Options.Repeats}");
        foreach ((string key, double value) in values)
        {
            string[] parts = key.Split('|');
            context.Report.Value(parts[0], $"{Name} {name}", vectors.Count, vectors.Dimension, parts[1], value, parts[2]);
        }

        double plain = values[ExactChild.PlainScanKey];
        double floats = values[ExactChild.FloatScanKey];
        double bounds = values[ExactChild.Bound(1)];
        if (VectorFile.Made.Contains(name))
        {
            context.Report.AtMost(MostWhereCodesFail, $"{Name} {name}", vectors.Count, vectors.Dimension, "time of a query, by bounds / float scan of the same file", bounds / floats);
            return;
        }

        Compare(context, name, vectors, "float scan of a plain array / by bounds", plain / bounds);
        Compare(context, name, vectors, "float scan of the same file / by bounds", floats / bounds);
        if (name == "fashion")
        {
            context.Report.AtLeast(BatchBar, $"{Name} {name}", vectors.Count, vectors.Dimension, "batch of 200, threads=2", values[ExactChild.Batch(2)], "queries/s");
        }

        EdbFile(path, delete: true);
    }

    private void Compare(BenchmarkContext context, string name, VectorFile vectors, string metric, double ratio)
    {
        if (Bars.TryGetValue(name, out double bar))
        {
            context.Report.AtLeast(bar, $"{Name} {name}", vectors.Count, vectors.Dimension, metric, ratio);
        }
        else
        {
            context.Report.Value("ratio", $"{Name} {name}", vectors.Count, vectors.Dimension, metric, ratio, "x");
        }
    }

    private static string Build(BenchmarkContext context, string name, VectorFile vectors)
    {
        string path = context.PathOf($"exact-{name}");
        Report.Note($"building {name}: {vectors.Count} x {vectors.Dimension}");
        using EmbeddingCache cache = EmbeddingCache.Create(EdbFile(path), new EmbeddingCacheCreateOptions
        {
            Dimension = vectors.Dimension,
            Durability = Durability.Normal,
            Index = IndexMode.Codes,
        });
        int next = 0;
        foreach (float[][] batch in vectors.Read(int.MaxValue).Chunk(4096))
        {
            cache.Set(batch.Select(vector => new EmbeddingEntry($"{next++}", vector)));
        }

        return path;
    }

    private static string EdbFile(string path, bool delete = false)
    {
        string file = EdbStore.PathOf(path);
        if (delete)
        {
            File.Delete(file);
        }

        return file;
    }
}
