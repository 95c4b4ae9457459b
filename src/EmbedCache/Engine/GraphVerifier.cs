using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Search.Graph;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>The part of Verify that is about the graph: that its layers join, and that every number in every row is one of a node.</summary>
internal sealed class GraphVerifier(Snapshot snapshot, Action<long, string> report, CancellationToken cancellationToken)
{
    /// <summary>Looks at everything; reports the first problem of each layer. To be called where no section is damaged.</summary>
    public void Check()
    {
        DerivedSections derived = DerivedSections.Of(snapshot.Index.Derived.Entries);
        CatalogEntry[] entries = derived.GraphEntries;
        if (entries.Length == 0)
        {
            return;
        }

        if (derived.Graph(snapshot.Log, snapshot.PublishedTail, snapshot.Index.OrdinalCount) is not { } index)
        {
            report(entries[0].FrameOffset, "The Graph sections do not make a graph over the codes; searches do without it");
            return;
        }

        PersistedGraph graph = index.Graph;
        foreach (GraphLayer layer in graph.Layers)
        {
            CheckRows(layer, graph);
            CheckBitmap(layer);
        }

        CheckLevels(graph);
    }

    private void CheckRows(GraphLayer layer, PersistedGraph graph)
    {
        GraphHeader header = layer.Header;
        for (uint row = 0; row < header.RowCount; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long position = header.RowsPosition + ((long)row * header.RowByteLength);
            if (!IsRowValid(MemoryMarshal.Cast<byte, uint>(layer.Section.Range(position, header.RowByteLength)), header.NodeCount))
            {
                report(layer.Section.Offset + SectionFrame.EntriesOffset + position, $"Row {row} of the Graph section links to no node");
                return;
            }
        }
    }

    /// <summary>Neighbours from the front, copies from the back, nothing between.</summary>
    private static bool IsRowValid(ReadOnlySpan<uint> row, uint nodeCount)
    {
        int index = 0;
        while (index < row.Length && row[index] < nodeCount)
        {
            index++;
        }

        while (index < row.Length && row[index] == GraphHeader.Unused)
        {
            index++;
        }

        while (index < row.Length && (row[index] & GraphHeader.CopyFlag) != 0 && (row[index] & ~GraphHeader.CopyFlag) < nodeCount)
        {
            index++;
        }

        return index == row.Length;
    }

    private void CheckBitmap(GraphLayer layer)
    {
        if (layer.Header.Kind != GraphLayerKind.Overlay)
        {
            return;
        }

        uint rows = 0;
        uint misses = 0;
        for (uint node = 0; node < layer.Header.NodeCount; node++)
        {
            bool hasRow = layer.TryGetRank(node, out uint rank);
            misses += hasRow && rank != rows ? 1u : 0;
            rows += hasRow ? 1u : 0;
        }

        if (misses > 0 || rows != layer.Header.RowCount)
        {
            report(layer.Section.Offset, "The bitmap and the ranks of the Graph section contradict its rows");
        }
    }

    private void CheckLevels(PersistedGraph graph)
    {
        uint countBelow = graph.BaseCount;
        for (int i = 0; i < graph.Levels.Length; i++)
        {
            UpperLevel level = graph.Levels[i];
            long before = -1;
            for (uint node = 0; node < level.Count; node++)
            {
                uint ordinal = level.OrdinalOf(node);
                uint down = level.DownOf(node, countBelow);
                bool isBelow = i == 0 ? down == ordinal : graph.Levels[i - 1].OrdinalOf(down) == ordinal;
                if (ordinal <= before || !isBelow || !IsRowValid(level.Neighbours(node), level.Count))
                {
                    report(graph.Layers[0].Section.Offset, $"Entry {node} of level {i + 1} of the Graph section is not that of a node");
                    return;
                }

                before = ordinal;
            }

            countBelow = level.Count;
        }
    }
}
