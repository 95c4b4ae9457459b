using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks;

/// <summary>What a workload works with: options, the report, and a scratch directory where stores are built once and shared by all workloads of a run.</summary>
internal sealed class BenchmarkContext : IDisposable
{
    private const int BatchCount = 1000;
    private readonly Dictionary<string, StoreKind> _built = [];
    private readonly HashSet<string> _missed = [];

    public BenchmarkContext(BenchmarkOptions options, Report report)
    {
        Options = options;
        Report = report;
        Directory = Path.Combine(Path.GetFullPath(options.WorkDirectory), "embedcache-bench-" + Environment.ProcessId);
        System.IO.Directory.CreateDirectory(Directory);
    }

    public BenchmarkOptions Options { get; }

    public Report Report { get; }

    /// <summary>Scratch directory of this run; removed at its end.</summary>
    public string Directory { get; }

    /// <summary>Sizes to run at: the one of the command line, else the workload's own.</summary>
    public int[] Counts(params int[] defaults) => Options.Count is int count ? [count] : defaults;

    /// <summary>Dimension to run at.</summary>
    public int Dimension(int fallback) => Options.Dimension ?? fallback;

    /// <summary>Those of <paramref name="kinds"/> that take part in this run.</summary>
    public IEnumerable<StoreKind> Select(params IEnumerable<StoreKind> kinds)
        => kinds.Where(k => (Options.Only is null || Options.Only.Any(o => k.System.StartsWith(o, StringComparison.Ordinal))) && IsPresent(k));

    /// <summary>True when ours takes part.</summary>
    public bool HasOurs => Select(StoreKinds.Edb).Any();

    /// <summary>
    /// Reports ours divided by the best peer whose name starts with <paramref name="peerPrefix"/>, held against <paramref name="atLeast"/>
    /// where one is given. Says nothing when either is absent.
    /// </summary>
    public void Compare(Rounds rounds, string peerPrefix, string workload, int count, int dimension, string metric, double? atLeast = null)
    {
        if (!rounds.Has(StoreKinds.Ours) || rounds.BestOf(peerPrefix) is not string peer)
        {
            return;
        }

        double ratio = rounds.RatioOf(StoreKinds.Ours, peer);
        string name = $"{metric}, ours / {peer}";
        if (atLeast is double limit)
        {
            Report.AtLeast(limit, workload, count, dimension, name, ratio);
        }
        else
        {
            Report.Value("ratio", workload, count, dimension, name, ratio, "x");
        }
    }

    /// <summary>A path, without suffix, below the scratch directory.</summary>
    public string PathOf(string name) => Path.Combine(Directory, name);

    /// <summary>Path of a cleanly closed store with <paramref name="count"/> records, every one another vector; built at the first call.</summary>
    public string Store(StoreKind kind, int count, int dimension)
    {
        string path = PathOf($"store-{count}-{dimension}{kind.Variant}");
        if (_built.TryAdd(path + kind.Suffixes[0], kind))
        {
            Report.Note($"building {kind.System}: {count} x {dimension}");
            var vector = new float[dimension];
            using IVectorStore store = kind.Create(path, dimension, SyncMode.Normal);
            for (int i = 0; i < count;)
            {
                store.Begin();
                for (int end = Math.Min(count, i + BatchCount); i < end; i++)
                {
                    Samples.FillVector(i, vector);
                    store.Put(Samples.Key(i), vector);
                }

                store.Commit();
            }
        }

        return path;
    }

    private bool IsPresent(StoreKind kind)
    {
        string? reason = kind.WhyAbsent();
        if (reason is not null && _missed.Add(reason))
        {
            Report.Note($"going on without {kind.System}: {reason}");
        }

        return reason is null;
    }

    /// <summary>Deletes the scratch directory.</summary>
    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
