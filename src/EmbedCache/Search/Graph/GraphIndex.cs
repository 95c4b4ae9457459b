using EmbedCache.Numerics;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Search.Graph;

/// <summary>A graph in the file and the codes that it is walked over, ready to be searched.</summary>
internal sealed class GraphIndex
{
    private GraphIndex(PersistedGraph graph, CodeTable codes)
    {
        Graph = graph;
        Codes = codes;
    }

    public PersistedGraph Graph { get; }

    public CodeTable Codes { get; }

    /// <summary>Opens what a catalog names; null where it makes no graph.</summary>
    /// <param name="sections">The Graph sections, in any order.</param>
    /// <param name="codes">The codes.</param>
    /// <param name="metric">The file's metric.</param>
    /// <exception cref="CorruptFileException">A block that was looked at is damaged.</exception>
    public static GraphIndex? TryOpen(IEnumerable<Section> sections, CodeRuns codes, Metric metric)
        => PersistedGraph.TryOpen(sections, codes.Count) is { } graph && TryMap(codes, metric) is { } table ? new GraphIndex(graph, table) : null;

    /// <summary>Makes a query ready for walks: its code in the scratch, and how inner products become distances.</summary>
    /// <param name="vector">The query, at length 1 under cosine and dot.</param>
    /// <param name="metric">The file's metric.</param>
    /// <param name="mean">The codebook's mean.</param>
    /// <param name="scratch">Takes the code.</param>
    public unsafe GraphQuery Prepare(ReadOnlySpan<float> vector, Metric metric, ReadOnlySpan<float> mean, GraphScratch scratch)
    {
        CodeLayout layout = Codes.Layout;
        scratch.PrepareQuery(layout.QueryByteLength);
        CodeRow fields = ScalarQuantizer.EncodeQuery(vector, metric == Metric.L2 ? mean : [], new Span<byte>((void*)scratch.Query, layout.QueryByteLength));
        return GraphQuery.Of(fields, metric, layout.Dimension);
    }

    /// <summary>The codes as addresses; null where they are not mapped and too long for a copy, or more than a graph can number.</summary>
    public static CodeTable? TryMap(CodeRuns codes, Metric metric)
    {
        var stretches = new List<CodeStretch>();
        foreach (CodeRun run in codes.Runs)
        {
            if (run.EndOrdinal >= Candidate.NodeLimit || GraphMemory.TryOpen(run.Section) is not { } memory)
            {
                return null;
            }

            stretches.Add(new CodeStretch((uint)run.FirstOrdinal, (uint)run.Count, memory, codes.Layout));
        }

        return new CodeTable([.. stretches], codes.Layout, metric == Metric.Dot);
    }
}
