using System.Diagnostics;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// Inserts into an empty store: a sync for every record, for every thousand, and none. Each measurement has a file of its own, deleted
/// afterwards. Closing is not in the rate, as it is in nobody's; it is reported beside it. Last, what users get who change nothing but the sync: codes beside the
/// vectors, a graph begun, and closing, which makes everything durable, in the rate.
/// </summary>
internal sealed class InsertWorkload : IWorkload
{
    private const int BatchCount = 1000;
    private const int MaxDurableCount = 2000;

    /// <summary>Up to this many records an insert takes some ten milliseconds, and a busy moment spoils it: such runs are repeated more often.</summary>
    private const int ShortCount = 10_000;
    private const int ShortFactor = 4;

    public string Name => "insert";

    public string Summary => "inserts per second: fsync per record, per 1,000 records, none";

    public void Run(BenchmarkContext context)
    {
        int dimension = context.Dimension(1536);
        int[] counts = context.Counts(10_000, 100_000);
        RunDurable(context, Math.Min(counts[0], MaxDurableCount), dimension);
        foreach (int count in counts)
        {
            RunBatches(context, count, dimension, SyncMode.Full, "fsync per 1000");
            RunBatches(context, count, dimension, SyncMode.None, "no fsync");
            RunDefault(context, count, dimension);
        }
    }

    /// <summary>
    /// Held against a raw log that is synced once, when it is closed, which is what ours promises here. Closing may go on with the graph for a second: how
    /// much of the time that is, the second contestant tells.
    /// </summary>
    private void RunDefault(BenchmarkContext context, int count, int dimension)
    {
        const string Metric = "no fsync, Auto, close included";
        StoreKind waitless = StoreKinds.Edb with { System = StoreKinds.Ours + "-no-graph-at-close", Create = EdbStore.CreateWithoutWaiting };
        Rounds rounds = Measure(
            context,
            count,
            dimension,
            Metric,
            BatchCount,
            [
                (StoreKinds.Edb with { Create = EdbStore.CreateDefault }, SyncMode.None),
                (waitless, SyncMode.None),
                (StoreKinds.RawLog with { System = StoreKinds.RawLogName + "-synced" }, SyncMode.Normal),
                (StoreKinds.RawLog, SyncMode.None),
            ],
            includesClose: true);
        foreach (string ours in rounds.Systems.Where(s => s.StartsWith(StoreKinds.Ours, StringComparison.Ordinal)))
        {
            foreach (string raw in rounds.Systems.Where(s => s.StartsWith(StoreKinds.RawLogName, StringComparison.Ordinal)))
            {
                context.Report.Value("ratio", Name, count, dimension, $"{Metric}, {ours} / {raw}", rounds.RatioOf(ours, raw), "x");
            }
        }
    }

    private void RunDurable(BenchmarkContext context, int count, int dimension)
    {
        const string Metric = "fsync per record";
        Rounds rounds = Measure(context, count, dimension, Metric, batch: 1, [.. Kinds.Select(k => (k, SyncMode.Full))]);
        context.Compare(rounds, StoreKinds.RawLogName, Name, count, dimension, Metric, 0.95);
        context.Compare(rounds, StoreKinds.RawAppendName, Name, count, dimension, Metric);
        context.Compare(rounds, StoreKinds.LmdbPrefix, Name, count, dimension, Metric);
        context.Compare(rounds, StoreKinds.SqlitePrefix, Name, count, dimension, Metric);
    }

    private void RunBatches(BenchmarkContext context, int count, int dimension, SyncMode sync, string metric)
    {
        List<(StoreKind, SyncMode)> contestants = [.. Kinds.Select(k => (k, sync))];
        if (sync == SyncMode.None)
        {
            // Ours has no mode below Normal; SQLite runs in both, and the faster one decides.
            contestants.Add((StoreKinds.Sqlite16K with { System = "sqlite-16k-normal" }, SyncMode.Normal));
        }

        Rounds rounds = Measure(context, count, dimension, metric, BatchCount, contestants);
        context.Compare(rounds, StoreKinds.RawLogName, Name, count, dimension, metric, 0.85);
        context.Compare(rounds, StoreKinds.RawAppendName, Name, count, dimension, metric);
        context.Compare(rounds, StoreKinds.LmdbPrefix, Name, count, dimension, metric, 1.2);
        context.Compare(rounds, StoreKinds.SqlitePrefix, Name, count, dimension, metric, 2.5);
    }

    private static IEnumerable<StoreKind> Kinds { get; } =
        [StoreKinds.Edb, StoreKinds.RawLog, StoreKinds.RawAppend, StoreKinds.Lmdb, StoreKinds.Sqlite4K, StoreKinds.Sqlite16K];

    private Rounds Measure(BenchmarkContext context, int count, int dimension, string metric, int batch, List<(StoreKind Kind, SyncMode Sync)> contestants, bool includesClose = false)
    {
        string[] keys = Samples.Keys(count);
        float[][] pool = Samples.Pool(dimension);
        var closing = new Dictionary<string, double>();
        var rounds = new Rounds();
        foreach ((StoreKind kind, SyncMode sync) in contestants.Where(c => context.Select(c.Kind).Any()))
        {
            rounds.Add(kind.System, () => Insert(kind, context.PathOf("insert-" + kind.System), sync, keys, pool, batch, includesClose, seconds => closing[kind.System] = seconds));
        }

        bool isShort = batch > 1 && count <= ShortCount;
        rounds.Run(context.Options.Repeats * (isShort ? ShortFactor : 1), warmUps: isShort ? 3 : 1);
        foreach (string system in rounds.Systems)
        {
            context.Report.Value(system, Name, count, dimension, metric, rounds.MedianOf(system), "records/s");
            context.Report.Value(system, Name, count, dimension, metric + ", close", closing[system] * 1e3, "ms");
        }

        return rounds;
    }

    private static double Insert(StoreKind kind, string path, SyncMode sync, string[] keys, float[][] pool, int batch, bool includesClose, Action<double> onClosed)
    {
        double seconds = 0;
        double closing = 0;
        IVectorStore store = kind.Create(path, pool[0].Length, sync);
        try
        {
            long start = Stopwatch.GetTimestamp();
            if (batch == 1)
            {
                for (int i = 0; i < keys.Length; i++)
                {
                    store.Put(keys[i], pool[i % pool.Length]);
                }
            }
            else
            {
                for (int i = 0; i < keys.Length;)
                {
                    store.Begin();
                    for (int end = Math.Min(keys.Length, i + batch); i < end; i++)
                    {
                        store.Put(keys[i], pool[i % pool.Length]);
                    }

                    store.Commit();
                }
            }

            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        finally
        {
            long start = Stopwatch.GetTimestamp();
            store.Dispose();
            closing = Stopwatch.GetElapsedTime(start).TotalSeconds;
            onClosed(closing);
        }

        using (IVectorStore? reader = kind.System == StoreKinds.RawAppendName ? null : kind.Open(path, pool[0].Length, ReadPattern.Hot))
        {
            Contestants.CheckSame(reader, keys, pool);
        }

        kind.Delete(path);
        return keys.Length / (includesClose ? seconds + closing : seconds);
    }
}
