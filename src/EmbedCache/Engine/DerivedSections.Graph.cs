using EmbedCache.Format;
using EmbedCache.Search.Graph;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <content>The proximity graph.</content>
internal sealed partial class DerivedSections
{
    private GraphIndex? _graph;
    private bool _hasLookedForGraph;

    /// <summary>True once a damaged block was met on a walk: the graph is not used any more by this state, and the next builder begins anew.</summary>
    public bool IsGraphDamaged { get; private set; }

    /// <summary>The catalog's Graph sections.</summary>
    public CatalogEntry[] GraphEntries => [.. Entries.Where(entry => entry.Kind == FrameKind.Graph)];

    /// <summary>From here on searches do without the graph.</summary>
    public void GiveUpGraph()
    {
        lock (_gate)
        {
            IsGraphDamaged = true;
        }
    }

    /// <summary>The graph, opened when it is first asked for; null where there is none to be used.</summary>
    /// <param name="log">The file.</param>
    /// <param name="tail">End of the log; nothing past it is named.</param>
    /// <param name="ordinalCount">Ordinals in the index.</param>
    public GraphIndex? Graph(LogFile log, long tail, long ordinalCount)
    {
        lock (_gate)
        {
            if (!_hasLookedForGraph)
            {
                _graph = Codes(log, tail, ordinalCount) is { } codes ? OpenGraph(log, tail, codes) : null;
                _hasLookedForGraph = true;
            }

            return IsGraphDamaged || AreCodesDamaged ? null : _graph;
        }
    }

    private GraphIndex? OpenGraph(LogFile log, long tail, CodeRuns codes)
    {
        var sections = new List<Section>();
        foreach (CatalogEntry entry in Entries)
        {
            if (entry.Kind == FrameKind.Graph)
            {
                if (TryOpen(log, entry, tail) is not { } section)
                {
                    return null;
                }

                sections.Add(section);
            }
        }

        try
        {
            return sections.Count == 0 ? null : GraphIndex.TryOpen(sections, codes, log.Header.Metric);
        }
        catch (CorruptFileException)
        {
            return null;
        }
    }
}
