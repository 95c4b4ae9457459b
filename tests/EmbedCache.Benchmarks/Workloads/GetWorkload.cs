using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>Random gets from memory: key to pointer with one float read, and key to a copy of the vector.</summary>
internal sealed class GetWorkload : IWorkload
{
    private const int SmallCount = 10_000;

    /// <summary>A repeat is cut into this many rounds: gets are short, and the more often the systems take turns, the less a busy moment can favour one.</summary>
    private const int RoundsPerRepeat = 5;

    public string Name => "get";

    public string Summary => "gets per second from memory, to a pointer and to a copy";

    public void Run(BenchmarkContext context)
    {
        int dimension = context.Dimension(1536);
        foreach (int count in context.Counts(SmallCount, 100_000))
        {
            string[] keys = Samples.Keys(count);
            List<(string System, IVectorStore Store)> stores = [.. context.Select(Kinds).Select(k => (k.System, k.Open(context.Store(k, count, dimension), dimension, ReadPattern.Hot)))];
            try
            {
                foreach ((_, IVectorStore store) in stores)
                {
                    Contestants.CheckSame(store, keys, i => Samples.Vector(i, dimension));
                    Contestants.Warm(store, keys, dimension);
                }

                Measure(context, stores, keys, dimension, "pointer", null);
                Measure(context, stores, keys, dimension, "copy", new float[dimension]);
            }
            finally
            {
                stores.ForEach(s => s.Store.Dispose());
            }
        }
    }

    private static StoreKind[] Kinds { get; } =
        [StoreKinds.Edb, StoreKinds.RawLog, StoreKinds.Lmdb, StoreKinds.LmdbBegin, StoreKinds.LmdbFrozen, StoreKinds.Sqlite4K, StoreKinds.Sqlite16K];

    private void Measure(BenchmarkContext context, List<(string System, IVectorStore Store)> stores, string[] keys, int dimension, string metric, float[]? destination)
    {
        var rounds = new Rounds();
        foreach ((string system, IVectorStore store) in stores)
        {
            var walk = new Walk(keys.Length);
            rounds.Add(system, () => Contestants.GetRate(store, keys, destination, context.Options.Seconds / RoundsPerRepeat, ref walk));
        }

        rounds.Run(context.Options.Repeats * RoundsPerRepeat, warmUps: RoundsPerRepeat);
        foreach (string system in rounds.Systems)
        {
            context.Report.Value(system, Name, keys.Length, dimension, metric, rounds.MedianOf(system), "gets/s");
        }

        context.Compare(rounds, StoreKinds.LmdbPrefix, Name, keys.Length, dimension, metric, 1.2);
        context.Compare(rounds, StoreKinds.LmdbFrozen.System, Name, keys.Length, dimension, metric);
        context.Compare(rounds, StoreKinds.SqlitePrefix, Name, keys.Length, dimension, metric);
        context.Compare(rounds, StoreKinds.RawLogName, Name, keys.Length, dimension, metric);
        if (keys.Length == SmallCount && destination is null && rounds.Has(StoreKinds.Ours))
        {
            context.Report.AtLeast(1e6, Name, keys.Length, dimension, metric + ", ours", rounds.MedianOf(StoreKinds.Ours), "gets/s");
        }
    }
}
