using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace EmbedCache.Benchmarks.Peers;

/// <summary>
/// Brute force of other libraries, measured by programs of their own languages over the same vectors. They are not part of this repository:
/// the environment names the directory where they are, and where it names none the run goes on without.
/// </summary>
internal static class ExternalPeers
{
    public const string DirectoryVariable = "EMBEDCACHE_BENCH_PEERS";
    private const string SetName = "bench";
    private const string ExactPrefix = "exact-top10";
    private const int MaxQueries = 200;
    private const int Top = 10;
    private const int PeerRounds = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Runs all peers there are, in turn with our own search, and compares. <paramref name="ours"/> measures our queries per second by number
    /// of threads.
    /// </summary>
    public static void Run(BenchmarkContext context, string workload, int count, int dimension, Func<Dictionary<int, double>> ours)
    {
        if (Environment.GetEnvironmentVariable(DirectoryVariable) is not { Length: > 0 } directory || !Directory.Exists(directory))
        {
            Report.Note($"search: without brute force of other libraries ({DirectoryVariable} names no directory).");
            return;
        }

        string data = context.PathOf($"peers-{count}");
        Directory.CreateDirectory(data);
        WriteSet(context, data, count, dimension);
        List<(string Program, string[] Arguments)> peers = Prepare(directory, data, count);
        var rates = new Dictionary<(string Peer, string Metric, string Unit), List<(double Value, Dictionary<int, double> Ours)>>();
        for (int round = 0; peers.Count > 0 && round < PeerRounds; round++)
        {
            foreach ((string program, string[] arguments) in peers)
            {
                Dictionary<int, double> current = ours();
                foreach (JsonElement line in Measure(data, program, arguments).Where(l => Text(l, "workload").StartsWith(ExactPrefix, StringComparison.Ordinal)))
                {
                    (string, string, string) key = (Text(line, "peer"), Text(line, "metric"), Text(line, "unit"));
                    rates.TryAdd(key, []);
                    rates[key].Add((line.GetProperty("value").GetDouble(), current));
                }
            }
        }

        foreach (((string peer, string metric, string unit), List<(double Value, Dictionary<int, double> Ours)> values) in rates)
        {
            context.Report.Value(peer, workload, count, dimension, metric, Rounds.Median([.. values.Select(v => v.Value)]), unit);
            foreach (int threads in values[0].Ours.Keys.Where(t => metric.Split(' ')[0] == $"threads={t}"))
            {
                Compare(context, workload, count, dimension, peer, metric, threads, Rounds.Median([.. values.Select(v => v.Ours[threads] / v.Value)]));
            }
        }

        Directory.Delete(data, recursive: true);
    }

    /// <summary>The programs that can be run here, ready to run.</summary>
    private static List<(string Program, string[] Arguments)> Prepare(string directory, string data, int count)
    {
        var peers = new List<(string, string[])>();
        string usearch = Path.Combine(directory, "usearch_bench.cjs");
        if (File.Exists(usearch))
        {
            peers.Add(("node", [usearch, data, SetName, $"{count}", "none"]));
        }

        string hnswlib = Path.Combine(directory, "hnsw_bench.cpp");
        if (File.Exists(hnswlib))
        {
            string program = Path.Combine(data, "hnsw_bench");
            Measure(data, "g++", "-O3", "-march=native", "-o", program, hnswlib, "-lpthread");
            if (File.Exists(program))
            {
                peers.Add((program, [data, SetName, $"{count}"]));
            }
        }

        return peers;
    }

    private static void Compare(BenchmarkContext context, string workload, int count, int dimension, string peer, string metric, int threads, double ratio)
    {
        string name = $"queries, threads={threads}, ours / {peer}";
        bool isOneQueryAtATime = metric == $"threads={threads}" || metric == $"threads={threads} batch=1";
        if (isOneQueryAtATime && !peer.Contains("bound", StringComparison.Ordinal))
        {
            context.Report.AtLeast(1, workload, count, dimension, name, ratio);
        }
        else
        {
            // Whole batches of queries share each vector that was read, and a bare scan keeps no keys: for information.
            context.Report.Value("ratio", workload, count, dimension, $"{name}, {metric}", ratio, "x");
        }
    }

    /// <summary>Writes base, queries and our own answers; a peer that disagrees with the answers shows it as recall below 1.</summary>
    private static void WriteSet(BenchmarkContext context, string data, int count, int dimension)
    {
        var ordinals = new Dictionary<string, int>(count);
        var row = new float[dimension + 1];
        MemoryMarshal.Cast<float, int>(row.AsSpan(0, 1))[0] = dimension;
        using (var file = new BufferedStream(File.Create(Path.Combine(data, SetName + "-base.fvecs")), 1 << 20))
        {
            for (int i = 0; i < count; i++)
            {
                ordinals.Add(Samples.Key(i), i);
                Samples.FillVector(i, row.AsSpan(1));
                file.Write(MemoryMarshal.AsBytes(row.AsSpan()));
            }
        }

        using EmbeddingCache cache = EmbeddingCache.Open(EdbStore.PathOf(context.Store(StoreKinds.Edb, count, dimension)), new EmbeddingCacheOptions { ReadOnly = true });
        using var queries = new BufferedStream(File.Create(Path.Combine(data, SetName + "-query.fvecs")), 1 << 20);
        using var answers = new MemoryStream();
        var answer = new int[Top + 1];
        for (int i = 0; i < MaxQueries; i++)
        {
            Samples.FillVector(count + i, row.AsSpan(1));
            queries.Write(MemoryMarshal.AsBytes(row.AsSpan()));
            IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(row.AsSpan(1), Top);
            answer[0] = Top;
            for (int k = 0; k < Top; k++)
            {
                answer[k + 1] = ordinals[hits[k].Embedding.Key!];
            }

            answers.Write(MemoryMarshal.AsBytes(answer.AsSpan()));
        }

        // Some programs take their answers from another file at 10,000 vectors.
        File.WriteAllBytes(Path.Combine(data, SetName + "-gt.ivecs"), answers.ToArray());
        File.WriteAllBytes(Path.Combine(data, SetName + "-gt10k.ivecs"), answers.ToArray());
    }

    /// <summary>Runs a program and returns its JSON lines; what cannot be run is noted and passed over.</summary>
    private static List<JsonElement> Measure(string scratch, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["EDB_BENCH_WORK"] = scratch;
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var lines = new List<JsonElement>();
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
            }

            foreach (string line in output.Result.Split('\n').Where(l => l.StartsWith('{')))
            {
                lines.Add(JsonDocument.Parse(line).RootElement);
            }

            if (process.ExitCode != 0)
            {
                Report.Note($"search: {Path.GetFileName(program)} ended with code {process.ExitCode}: {errors.Result.Trim().Split('\n')[0]}");
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Report.Note($"search: going on without {program}: {e.Message}");
        }

        return lines;
    }

    private static string Text(JsonElement line, string property) => line.GetProperty(property).GetString() ?? string.Empty;
}
