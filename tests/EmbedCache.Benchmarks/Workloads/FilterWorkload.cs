using System.Diagnostics;
using System.Globalization;
using EmbedCache.Benchmarks.Data;
using EmbedCache.Engine;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// The ten best of the records that pass a filter, one query at a time, one thread: never short, the recall against comparing every vector, the rate and the plan at
/// several selectivities, over the graph and the codes of a file that was optimized; and the filter alone, two conditions, each time with other constants, so that nothing is taken from what was kept.
/// </summary>
internal sealed class FilterWorkload : IWorkload
{
    private const int Top = 10;
    private const int RecallQueries = 50;
    private const double MinRecall = 0.95;
    private const double MaxFilterMilliseconds = 10;
    private const int FilterRounds = 40;

    /// <summary>Values of the entry that selects: record i has (i * 7919) mod this.</summary>
    private const int Spread = 1000;

    /// <summary>Thousandths that pass, and the rate wanted on fashion-mnist: four times zvec's.</summary>
    private static readonly (int Thousandths, double? MinRate)[] s_selectivities = [(1, null), (10, 9_600), (100, 4_000), (500, 5_600), (990, null)];

    private static readonly string[] s_languages = ["de", "en", "es", "fr", "it"];

    public string Name => "filter";

    public string Summary => "the ten best of the records that pass a filter, and the filter alone (needs EMBEDCACHE_BENCH_DATA)";

    public void Run(BenchmarkContext context)
    {
        foreach (string name in context.Options.Only ?? ["fashion", "syn1m128"])
        {
            if (VectorSet.Find(name) is { } set)
            {
                Run(context, set, Math.Min(set.Count, context.Options.Count ?? int.MaxValue));
            }
        }
    }

    private static string Text(int thousandths) => (thousandths / 10.0).ToString(CultureInfo.InvariantCulture) + " %";

    private void Run(BenchmarkContext context, VectorSet set, int count)
    {
        string path = Path.Combine(context.Options.KeepDirectory ?? context.Directory, $"filter-{set.Name}-{count}.edb");
        if (!File.Exists(path))
        {
            Build(path + ".new", set, count);
            File.Move(path + ".new", path);
        }

        using (EmbeddingCache cache = EmbeddingCache.Open(path, new EmbeddingCacheOptions { ReadOnly = true, SearchThreads = 1 }))
        {
            void Value(string metric, double value, string unit) => context.Report.Value("edb", Name, count, set.Dimension, $"{set.Name}: {metric}", value, unit);
            MeasureFilter(context, cache, set, count);
            double all = Rate(context, cache, set, null);
            Value("no filter", all, "queries/s");
            foreach ((int thousandths, double? minRate) in s_selectivities)
            {
                var filter = Filter.Less("slot", thousandths);
                double recall = Recall(cache, set, count, filter, thousandths);
                double rate = Rate(context, cache, set, filter);
                string metric = $"{Text(thousandths)} pass";
                Report.Note($"{set.Name}, {metric}: {cache.LastSearchPlan}");
                Value(metric, rate, "queries/s");
                context.Report.AtLeast(MinRecall, Name, count, set.Dimension, $"{set.Name}: {metric}, recall@10", recall, "fraction");
                if (set.Name == "fashion" && count == set.Count && minRate is { } wanted)
                {
                    context.Report.AtLeast(wanted, Name, count, set.Dimension, $"{set.Name}: {metric}", rate, "queries/s");
                }
                else if (count >= 1_000_000 && thousandths >= 100)
                {
                    context.Report.AtLeast(thousandths >= 500 ? 1 / 3.0 : 0.1, Name, count, set.Dimension, $"{set.Name}: {metric} / no filter", rate / all);
                }
            }
        }

        if (context.Options.KeepDirectory is null)
        {
            File.Delete(path);
        }
    }

    private static void Build(string path, VectorSet set, int count)
    {
        using EmbeddingCache cache = EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = set.Dimension, Durability = Durability.Normal, Overwrite = true });
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            for (int i = 0; i < count; i++)
            {
                transaction.Set(
                    i.ToString(CultureInfo.InvariantCulture),
                    set.Base(i),
                    EmbeddingMetadata.Empty.With("slot", SlotOf(i)).With("lang", s_languages[i % s_languages.Length]).With("score", i / (double)count));
            }

            transaction.Commit();
        }

        cache.Optimize(new OptimizeOptions { Compact = false }, null, default);
    }

    private static long SlotOf(int record) => record * 7919L % Spread;

    /// <summary>The bitmap of those that pass, of a snapshot that has seen other filters: columns mapped and checked.</summary>
    private void MeasureFilter(BenchmarkContext context, EmbeddingCache cache, VectorSet set, int count)
    {
        Snapshot snapshot = cache.Store.Acquire();
        try
        {
            var clock = Stopwatch.StartNew();
            snapshot.Filters.Get(Filter.Parse("slot < 500 and lang = 'en'"));
            context.Report.Value("edb", Name, count, set.Dimension, $"{set.Name}: filter alone, two conditions, the first time", clock.Elapsed.TotalMilliseconds, "ms");
            double[] times = new double[FilterRounds];
            for (int round = 0; round < times.Length; round++)
            {
                Filter filter = Filter.Parse($"slot < {400 + round} and lang = '{s_languages[round % s_languages.Length]}'");
                clock.Restart();
                snapshot.Filters.Get(filter);
                times[round] = clock.Elapsed.TotalMilliseconds;
            }

            double median = Rounds.Median(times);
            if (count >= 1_000_000)
            {
                context.Report.AtMost(MaxFilterMilliseconds, Name, count, set.Dimension, $"{set.Name}: filter alone, two conditions", median, "ms");
            }
            else
            {
                context.Report.Value("edb", Name, count, set.Dimension, $"{set.Name}: filter alone, two conditions", median, "ms");
            }
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Against inner products of every vector that passes, made here. Throws where a result is short.</summary>
    private static double Recall(EmbeddingCache cache, VectorSet set, int count, Filter filter, int thousandths)
    {
        int[] passing = [.. Enumerable.Range(0, count).Where(i => SlotOf(i) < thousandths)];
        double found = 0;
        for (int q = 0; q < RecallQueries; q++)
        {
            IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(set.Query(q), new SearchOptions { Top = Top, Filter = filter });
            if (hits.Count != Math.Min(Top, passing.Length))
            {
                throw new InvalidDataException($"{hits.Count} results where {passing.Length} records pass.");
            }

            double worst = Worst(set, passing, q, hits.Count);
            found += hits.Count(hit => hit.Score >= worst - 1e-6) / (double)hits.Count;
        }

        return found / RecallQueries;
    }

    /// <summary>The score of the last of the true best.</summary>
    private static double Worst(VectorSet set, int[] passing, int query, int top)
    {
        ReadOnlySpan<float> vector = set.Query(query);
        double[] scores = new double[passing.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(vector, set.Base(passing[i]));
        }

        Array.Sort(scores);
        return scores[scores.Length - top];
    }

    private static double Rate(BenchmarkContext context, EmbeddingCache cache, VectorSet set, Filter? filter)
    {
        var options = new SearchOptions { Top = Top, Filter = filter };
        double[] rates = new double[context.Options.Repeats];

        // What is touched first is read from the file and checked: not what a rate means.
        for (int query = 0; query < set.QueryCount; query++)
        {
            cache.FindSimilar(set.Query(query), options);
        }

        int turn = 0;
        for (int round = 0; round < rates.Length; round++)
        {
            int done = 0;
            var clock = Stopwatch.StartNew();
            do
            {
                cache.FindSimilar(set.Query(turn++ % set.QueryCount), options);
                done++;
            }
            while (clock.Elapsed.TotalSeconds < context.Options.Seconds);

            rates[round] = done / clock.Elapsed.TotalSeconds;
        }

        return Rounds.Median(rates);
    }
}
