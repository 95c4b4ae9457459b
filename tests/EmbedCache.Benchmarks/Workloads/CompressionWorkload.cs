using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EmbedCache.Benchmarks.Data;

namespace EmbedCache.Benchmarks.Workloads;

/// <summary>
/// Files that keep less than the floats: how small, how long it takes, what is lost, what searches still find, how fast. Beside them faiss with codes of as many bytes, where a Python
/// that has it is here.
/// </summary>
internal sealed class CompressionWorkload : IWorkload
{
    private const int MaxQueries = 300;
    private const int Top = 10;
    private const int TimedQueries = 20;
    private const double WithinFaiss = 0.02;
    private const double RefinedRecall = 0.99;

    /// <summary>The one that keeps the floats: short codes beside them, refined tenfold.</summary>
    private const string ShortCodes = "short-codes";

    /// <summary>What is tried: a name for <c>--only</c>, and how.</summary>
    private static readonly (string Name, VectorCompression Compression, double? Bits)[] Kinds =
    [
        ("float32", VectorCompression.None, null),
        (ShortCodes, VectorCompression.None, null),
        ("float16", VectorCompression.Float16, null),
        ("int8", VectorCompression.Int8, null),
        ("pq-2", VectorCompression.PQ, 2),
        ("pq-1", VectorCompression.PQ, 1),
        ("binary-4", VectorCompression.Binary, 4),
        ("binary-2", VectorCompression.Binary, 2),
        ("binary-1", VectorCompression.Binary, 1),
    ];

    public string Name => "compression";

    public string Summary => "files that keep codes instead of vectors: bytes, loss, recall and speed (needs EMBEDCACHE_BENCH_DATA)";

    public void Run(BenchmarkContext context)
    {
        foreach (string name in new[] { "fashion", "syn1536" })
        {
            if (VectorSet.Find(name) is { } set && (context.Options.Dimension ?? set.Dimension) == set.Dimension)
            {
                Run(context, set);
            }
        }
    }

    private void Run(BenchmarkContext context, VectorSet set)
    {
        int count = Math.Min(set.Count, context.Options.Count ?? int.MaxValue);
        string original = context.PathOf($"{set.Name}.edb");
        Build(original, set, count);
        var recalls = new Dictionary<string, double>();
        foreach ((string name, VectorCompression compression, double? bits) in Kinds)
        {
            if (context.Options.Only is { } only && !only.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                continue;
            }

            string path = context.PathOf($"{set.Name}-{name}.edb");
            File.Copy(original, path);
            recalls[name] = Measure(context, set, count, name, path, new OptimizeOptions { Compression = compression, BitsPerElement = bits, ShortCodes = name == ShortCodes });
            File.Delete(path);
        }

        File.Delete(original);
        if (count == set.Count && recalls.TryGetValue(ShortCodes, out double refined))
        {
            context.Report.AtLeast(RefinedRecall, Name, count, set.Dimension, $"{set.Name}: recall@10 of short codes, refined tenfold", refined, "fraction");
        }

        foreach (string name in new[] { "pq-2", "pq-1" })
        {
            int byteLength = set.Dimension * (name == "pq-2" ? 2 : 1) / 8;
            if (count == set.Count && recalls.TryGetValue(name, out double ours) && FaissRecall(context, set, byteLength) is { } theirs)
            {
                context.Report.Value("faiss", Name, count, set.Dimension, $"{set.Name}: PQ of {byteLength} bytes, recall@10", theirs, "fraction");
                context.Report.AtLeast(-WithinFaiss, Name, count, set.Dimension, $"{set.Name}: recall@10 of {name} less faiss PQ of as many bytes", ours - theirs, "fraction");
            }
        }
    }

    private static void Build(string path, VectorSet set, int count)
    {
        using EmbeddingCache cache = EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = set.Dimension, Durability = Durability.Normal, Index = IndexMode.None });
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        for (int i = 0; i < count; i++)
        {
            transaction.Set(i.ToString(CultureInfo.InvariantCulture), set.Base(i));
        }

        transaction.Commit();
    }

    private double Measure(BenchmarkContext context, VectorSet set, int count, string name, string path, OptimizeOptions options)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(path, new EmbeddingCacheOptions { SearchThreads = 1 });
        var clock = Stopwatch.StartNew();
        OptimizeReport report = cache.Optimize(options, null, default);
        void Value(string metric, double value, string unit) => context.Report.Value("edb " + name, Name, count, set.Dimension, $"{set.Name}: {metric}", value, unit);
        Value("compression rate", count / clock.Elapsed.TotalSeconds, "vectors/s");
        Value("file", report.ByteLengthAfter / (double)count, "bytes/vector");
        if (report.Loss is { } loss)
        {
            Value("mean residual", loss.MeanResidual, "fraction");
            Value("greatest residual", loss.MaxResidual, "fraction");
            Value("mean cosine", loss.MeanCosine, "fraction");
        }

        int queries = Math.Min(MaxQueries, set.QueryCount);
        double recall = 0;
        for (int i = 0; i < queries; i++)
        {
            recall += Recall(set, i, cache.FindSimilar(set.Query(i), new SearchOptions { Top = Top }));
        }

        if (count == set.Count)
        {
            Value("recall@10", recall / queries, "fraction");
        }

        double[] rates = new double[context.Options.Repeats];
        for (int round = 0; round < rates.Length; round++)
        {
            clock.Restart();
            for (int i = 0; i < TimedQueries; i++)
            {
                cache.FindSimilar(set.Query(i), new SearchOptions { Top = Top });
            }

            rates[round] = TimedQueries / clock.Elapsed.TotalSeconds;
        }

        Value("queries, threads=1", Rounds.Median(rates), "queries/s");
        return recall / queries;
    }

    private static double Recall(VectorSet set, int query, IReadOnlyList<SimilarEmbedding> hits)
    {
        ReadOnlySpan<int> truth = set.Truth(query).Slice(0, Top);
        int found = 0;
        foreach (SimilarEmbedding hit in hits)
        {
            found += truth.Contains(int.Parse(hit.Embedding.Key!, CultureInfo.InvariantCulture)) ? 1 : 0;
        }

        return (double)found / Top;
    }

    /// <summary>What faiss finds with product quantisation of as many bytes; null where there is no faiss.</summary>
    private static double? FaissRecall(BenchmarkContext context, VectorSet set, int byteLength)
    {
        string script = context.PathOf("faiss-pq.py");
        File.WriteAllText(script, FaissScript);
        foreach (string python in new[] { "python3", "/usr/bin/python3" })
        {
            try
            {
                var start = new ProcessStartInfo(python) { RedirectStandardOutput = true, RedirectStandardError = true };
                foreach (string argument in new[] { script, set.Directory, set.Name, $"{byteLength}", $"{Math.Min(MaxQueries, set.QueryCount)}" })
                {
                    start.ArgumentList.Add(argument);
                }

                using Process process = Process.Start(start)!;
                Task<string> errors = process.StandardError.ReadToEndAsync();
                string output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode == 0)
                {
                    return JsonDocument.Parse(output).RootElement.GetProperty("recall").GetDouble();
                }

                Report.Note($"{python}: {errors.Result.Trim().Split('\n')[^1]}");
            }
            catch (System.ComponentModel.Win32Exception e)
            {
                Report.Note($"{python}: {e.Message}");
            }
        }

        return null;
    }

    private const string FaissScript = """
        import json, os, sys
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        import faiss, numpy as np
        directory, name, size, queries = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
        def read(kind, dtype):
            raw = np.fromfile(f"{directory}/{name}-{kind}", dtype=np.int32)
            return raw.reshape(-1, raw[0] + 1)[:, 1:].view(dtype)
        def unit(a):
            return np.ascontiguousarray(a / np.linalg.norm(a, axis=1, keepdims=True))
        base, query, truth = unit(read("base.fvecs", np.float32)), unit(read("query.fvecs", np.float32)[:queries]), read("gt.ivecs", np.int32)
        index = faiss.IndexPQ(base.shape[1], size, 8, faiss.METRIC_INNER_PRODUCT)
        index.do_polysemous_training = False
        index.train(base[:min(len(base), 16384)])
        index.add(base)
        found = index.search(query, 10)[1]
        print(json.dumps({"recall": float(np.mean([len(set(found[i]) & set(truth[i][:10])) / 10 for i in range(queries)]))}))
        """;
}
