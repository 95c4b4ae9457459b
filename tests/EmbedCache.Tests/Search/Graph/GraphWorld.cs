using EmbedCache.Numerics;
using EmbedCache.Search.Graph;

namespace EmbedCache.Tests.Search.Graph;

/// <summary>Vectors, their codes in memory, and a graph over them, without a file.</summary>
internal sealed unsafe class GraphWorld : IDisposable
{
    private readonly List<NativeBuffer> _rows = [];

    public GraphWorld(float[][] vectors, Metric metric = Metric.Cosine, int? split = null)
    {
        Vectors = vectors;
        Metric = metric;
        Dimension = vectors[0].Length;
        Layout = new CodeLayout(Dimension);
        int first = split ?? vectors.Length;
        var stretches = new List<CodeStretch> { new(0, (uint)first, GraphMemory.Of(Rows(0, first)), Layout) };
        if (first < vectors.Length)
        {
            stretches.Add(new CodeStretch((uint)first, (uint)(vectors.Length - first), GraphMemory.Of(Rows(first, vectors.Length - first)), Layout));
        }

        Codes = new CodeTable([.. stretches], Layout, metric == Metric.Dot);
    }

    public float[][] Vectors { get; }

    public Metric Metric { get; }

    public int Dimension { get; }

    public CodeLayout Layout { get; }

    public CodeTable Codes { get; }

    public static GraphParameters Parameters { get; } = GraphParameters.Default with { EfConstruction = 100 };

    /// <summary>Vectors in a few dozen clusters, as embeddings are.</summary>
    public static float[][] Clusters(int count, int dimension, int seed)
    {
        var random = new Random(seed);
        float[][] centres = [.. Enumerable.Range(0, 40).Select(_ => Gaussian(random, dimension, 1))];
        return [.. Enumerable.Range(0, count).Select(_ => Near(random, centres[random.Next(centres.Length)], 0.6))];
    }

    public static float[] Near(Random random, float[] centre, double spread)
    {
        float[] noise = Gaussian(random, centre.Length, spread);
        return [.. centre.Select((x, i) => x + noise[i])];
    }

    public WorkingGraph Build(int threads = 1, GraphParameters? parameters = null)
    {
        var graph = new WorkingGraph(parameters ?? Parameters, (uint)Vectors.Length);
        new GraphBuilder(graph, Codes).Build(0, (uint)Vectors.Length, threads, ThreadPriority.Normal, static () => false);
        return graph;
    }

    /// <summary>The nodes that a walk finds, nearest first; only those that are accepted.</summary>
    public List<int> Search<TAcceptance>(WorkingGraph graph, float[] query, int ef, TAcceptance acceptance, int maxVisited = int.MaxValue)
        where TAcceptance : struct, IAcceptance
    {
        using var scratch = new GraphScratch();
        GraphQuery weights = Prepare(query, scratch);
        Assert.True(graph.TryGetEntry(out int level, out uint entry));
        GraphSearch.Run(new WorkingSpace(graph.Rows, graph.Capacity), graph.UpperLevels, level, entry, acceptance, Codes, weights, scratch, ef, maxVisited);
        long[] found = new long[ef];
        int count = GraphResults.Collect(new WorkingSpace(graph.Rows, graph.Capacity), acceptance, scratch, found);
        return [.. found.Take(count).Select(candidate => (int)Candidate.NodeOf(candidate))];
    }

    public List<int> Search(WorkingGraph graph, float[] query, int ef) => Search(graph, query, ef, default(AcceptAll));

    /// <summary>The best <paramref name="top"/> of what may be found, by brute force over the floats.</summary>
    public List<int> Exact(float[] query, int top, Func<int, bool>? accepts = null)
        => [.. Enumerable.Range(0, Vectors.Length).Where(i => accepts?.Invoke(i) ?? true).OrderByDescending(i => Score(query, Vectors[i])).ThenBy(i => i).Take(top)];

    /// <summary>Share of the exact best ten that a search with its rescoring finds.</summary>
    public double Recall(WorkingGraph graph, IEnumerable<float[]> queries, int ef)
    {
        const int Top = 10;
        int hits = 0;
        int asked = 0;
        foreach (float[] query in queries)
        {
            IEnumerable<int> found = Search(graph, query, ef).OrderByDescending(i => Score(query, Vectors[i])).Take(Top);
            hits += found.Intersect(Exact(query, Top)).Count();
            asked += Top;
        }

        return (double)hits / asked;
    }

    public void Dispose() => _rows.ForEach(static rows => rows.Dispose());

    /// <summary>Every link of a graph, level by level, as text.</summary>
    public static string Describe(WorkingGraph graph)
    {
        var rows = Enumerable.Range(0, (int)graph.Capacity).Select(i => string.Join(",", Neighbours(graph.Rows.Row((uint)i), graph.Rows.RowLength)));
        IEnumerable<string> upper = graph.UpperLevels.SelectMany(level => Enumerable.Range(0, (int)level.Count).Select(i => string.Join(",", Neighbours(level.Row((uint)i), level.RowLength))));
        return string.Join(";", rows.Concat(upper));
    }

    public static uint[] Neighbours(nint row, int length) => new ReadOnlySpan<uint>((void*)row, length).ToArray();

    private static float[] Gaussian(Random random, int dimension, double spread)
        => [.. Enumerable.Range(0, dimension).Select(_ => (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];

    private double Score(float[] a, float[] b)
    {
        double dot = 0;
        double length = 0;
        double distance = 0;
        for (int i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            length += (double)b[i] * b[i];
            distance += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        }

        return Metric switch { Metric.Cosine => dot / Math.Sqrt(length), Metric.Dot => dot, _ => -distance };
    }

    public GraphQuery Prepare(float[] query, GraphScratch scratch)
    {
        float[] prepared = [.. query];
        if (Metric != Metric.L2)
        {
            double norm = Math.Sqrt(query.Sum(x => (double)x * x));
            prepared = [.. query.Select(x => (float)(x / norm))];
        }

        scratch.PrepareQuery(Layout.QueryByteLength);
        return GraphQuery.Of(ScalarQuantizer.EncodeQuery(prepared, [], new Span<byte>((void*)scratch.Query, Layout.QueryByteLength)), Metric, Dimension);
    }

    private NativeBuffer Rows(int first, int count)
    {
        var rows = new NativeBuffer((long)count * Layout.RowByteLength);
        _rows.Add(rows);
        for (int i = 0; i < count; i++)
        {
            ScalarQuantizer.Encode(
                Vectors[first + i],
                Metric,
                Metric == Metric.Dot ? [] : new float[Dimension],
                new Span<byte>((void*)(rows.Address + (nint)Layout.CoarsePosition(i)), Layout.CoarseByteLength),
                new Span<byte>((void*)(rows.Address + (nint)Layout.FinePosition(i, count)), Layout.FineByteLength));
        }

        return rows;
    }
}
