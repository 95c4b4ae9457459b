using System.Diagnostics;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// What changes do to a graph that nobody optimizes: 30 % of the records get other vectors, in random order; and the nearest 1,000 records of some queries are deleted. Searches
/// with nothing chosen, against those before the change: never short, recall against exact search of the same state, rate.
/// </summary>
internal sealed class GraphChangesWorkload : IWorkload
{
    private const int BatchCount = 1000;
    private const double UpdatedShare = 0.3;
    private const int DeletedPerQuery = 1000;
    private const int DeletingQueries = 20;
    private const int QueryCount = 200;
    private const int OtherQueries = QueryCount - DeletingQueries;
    private const double MinRecall = 0.95;
    private const double MaxSlowdown = 1.5;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(15);

    public string Name => "graph-changes";

    public string Summary => "recall and rate of the graph after 30 % updates, and after deleting what is nearest to queries";

    public void Run(BenchmarkContext context)
    {
        foreach (string name in context.Options.Sets ?? ["fashion", "syn1m128"])
        {
            if (VectorFiles.TryOpen(name) is not { } set)
            {
                Report.Note($"graph-changes: without {name} ({VectorFiles.DirectoryVariable} names no directory that has it).");
                continue;
            }

            string path = GraphStores.Get(context, set, set.Count, mayChange: true);
            Dictionary<string, double> before = Measure(path, set, 0, QueryCount);
            Dictionary<string, double> beforeNear = Measure(path, set, 0, DeletingQueries);
            Dictionary<string, double> beforeOthers = Measure(path, set, DeletingQueries, OtherQueries);
            Tell(context, set, "as built", before, null);
            Delete(path, set, 0, 1);
            Tell(context, set, "nearest 1,000 of one query deleted, all queries", Measure(path, set, 0, QueryCount), before);
            Delete(path, set, 1, DeletingQueries - 1);
            Tell(context, set, "nearest 1,000 of 20 queries deleted, these queries", Measure(path, set, 0, DeletingQueries), beforeNear);
            Tell(context, set, "nearest 1,000 of 20 queries deleted, others", Measure(path, set, DeletingQueries, OtherQueries), beforeOthers);
            double seconds = Mend(path);
            context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, $"{set.Name}, nearest 1,000 of 20 queries deleted, index brought up to date", seconds, "s");
            Tell(context, set, "the same, index brought up to date, these queries", Measure(path, set, 0, DeletingQueries), beforeNear);
            Tell(context, set, "the same, index brought up to date, others", Measure(path, set, DeletingQueries, OtherQueries), beforeOthers);
            File.Delete(path);

            path = GraphStores.Get(context, set, set.Count, mayChange: true);
            Update(path, set, wait: TimeSpan.Zero);
            Dictionary<string, double> after = Measure(path, set, 0, QueryCount);
            Tell(context, set, "30 % updated, closed at once", after, null);
            Update(path, set, s_patience);
            Tell(context, set, "30 % updated, background done", Measure(path, set, 0, QueryCount), before);
            File.Delete(path);
        }
    }

    private static Dictionary<string, double> Measure(string path, VectorFiles set, int first, int count) => ChildProcess.Run("graph-default", path, set.Name, $"{first}", $"{count}");

    private static void Delete(string path, VectorFiles set, int first, int count)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(path);
        var nearest = new HashSet<string>();
        foreach (float[] query in set.Queries.Skip(first).Take(count))
        {
            nearest.UnionWith(cache.FindSimilar(query, DeletedPerQuery).Select(hit => hit.Embedding.Key!));
        }

        foreach (string[] batch in nearest.Chunk(BatchCount))
        {
            using EmbeddingTransaction transaction = cache.BeginTransaction();
            foreach (string key in batch)
            {
                transaction.Remove(key);
            }

            transaction.Commit();
        }
    }

    /// <summary>What the background of a writer does in its time, done at once: nothing is compacted. Returns the seconds it took.</summary>
    private static double Mend(string path)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(path);
        long start = Stopwatch.GetTimestamp();
        cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>
    /// Without a wait: gives 30 % of the records, seeded, the vector of another with noise, and closes. With one: lets the background of an open writer finish, which
    /// is what it does while a program goes on running.
    /// </summary>
    private static void Update(string path, VectorFiles set, TimeSpan wait)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(path);
        if (wait == TimeSpan.Zero)
        {
            float[][] vectors = [.. set.Base()];
            var random = new Random(7);
            int[] numbers = [.. Enumerable.Range(0, set.Count)];
            random.Shuffle(numbers);
            foreach (int[] batch in numbers.Take((int)(set.Count * UpdatedShare)).Chunk(BatchCount))
            {
                using EmbeddingTransaction transaction = cache.BeginTransaction();
                foreach (int number in batch)
                {
                    transaction.Set(GraphStores.Key(number), Noisy(vectors[random.Next(vectors.Length)], random));
                }

                transaction.Commit();
            }

            return;
        }

        // One more record wakes the background.
        cache.Set(GraphStores.Key(0), set.Queries[0]);
        cache.Checkpoint();
        var clock = Stopwatch.StartNew();
        while (cache.GetInfo() is { } info && info.GraphedCount + (info.CodedCount / 256) < info.CodedCount && clock.Elapsed < wait)
        {
            Thread.Sleep(200);
        }
    }

    private static float[] Noisy(float[] vector, Random random)
    {
        const double Noise = 0.05;
        double norm = Math.Sqrt(vector.Sum(value => (double)value * value));
        double scale = Noise * norm * Math.Sqrt(3.0 / vector.Length);
        return [.. vector.Select(value => (float)(value + (scale * ((2 * random.NextDouble()) - 1))))];
    }

    private void Tell(BenchmarkContext context, VectorFiles set, string when, Dictionary<string, double> values, Dictionary<string, double>? before)
    {
        string prefix = $"{set.Name}, {when}, ";
        context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, prefix + "rate", values["rate"], "queries/s");
        context.Report.Value(StoreKinds.Ours, Name, set.Count, set.Dimension, prefix + "coverage of the codes", values["coverage"], "fraction");
        context.Report.AtLeast(10, Name, set.Count, set.Dimension, prefix + "fewest results", values["shortest"], "results");
        context.Report.AtLeast(MinRecall, Name, set.Count, set.Dimension, prefix + "recall@10", values["recall"], "fraction");
        if (before is not null)
        {
            context.Report.AtMost(MaxSlowdown, Name, set.Count, set.Dimension, prefix + "rate before / after", before["rate"] / values["rate"]);
        }
    }
}
