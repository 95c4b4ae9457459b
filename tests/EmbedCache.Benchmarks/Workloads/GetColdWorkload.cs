using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>Random gets from disk: before every round each store is closed, made durable and dropped from the page cache.</summary>
internal sealed class GetColdWorkload : IWorkload
{
    private const int MaxGets = 3000;
    private const double MaxSeconds = 3;

    public string Name => "get-cold";

    public string Summary => "gets per second with the page cache dropped";

    public void Run(BenchmarkContext context)
    {
        if (!Posix.IsSupported)
        {
            Report.Note("get-cold: the page cache can be dropped on Linux only.");
            return;
        }

        int dimension = context.Dimension(1536);
        foreach (int count in context.Counts(10_000, 100_000))
        {
            string[] keys = Samples.Keys(count);
            var destination = new float[dimension];
            int round = 0;
            var rounds = new Rounds();
            foreach (StoreKind kind in context.Select(StoreKinds.Edb, StoreKinds.RawLog, StoreKinds.Lmdb, StoreKinds.Sqlite4K, StoreKinds.Sqlite16K))
            {
                string path = context.Store(kind, count, dimension);
                rounds.Add(kind.System, () =>
                {
                    kind.Evict(path);
                    using IVectorStore store = kind.Open(path, dimension, ReadPattern.Cold);
                    var walk = new Walk(count);
                    walk.Skip(round++);
                    return Contestants.GetRate(store, keys, destination, MaxSeconds, ref walk, MaxGets);
                });
            }

            rounds.Run(context.Options.Repeats);
            foreach (string system in rounds.Systems)
            {
                context.Report.Value(system, Name, count, dimension, "copy", rounds.MedianOf(system), "gets/s");
            }

            context.Compare(rounds, StoreKinds.LmdbPrefix, Name, count, dimension, "copy", 1);
        }
    }
}
