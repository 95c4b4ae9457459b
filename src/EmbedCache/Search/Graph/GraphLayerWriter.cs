using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Search.Graph;

/// <summary>Writes a graph in the making as a layer: all of it, or what changed since the graph below it.</summary>
internal sealed unsafe class GraphLayerWriter(WorkingGraph graph, uint count)
{
    /// <summary>The header of a base of the first <c>count</c> nodes.</summary>
    public GraphHeader BaseHeader()
    {
        graph.TryGetEntry(out int level, out uint entry);
        return Header(GraphLayerKind.Base) with { LevelCount = level, RowCount = count, Entry = entry };
    }

    /// <summary>The header of an overlay with the rows in memory.</summary>
    public GraphHeader OverlayHeader(long below) => Header(GraphLayerKind.Overlay) with { RowCount = CountChanged(), Below = below };

    /// <summary>Writes the entries of the section.</summary>
    public void Write(GraphHeader header, SectionWriter writer)
    {
        Span<byte> line = stackalloc byte[GraphHeader.ByteLength];
        header.Write(line);
        writer.Write(line);
        if (header.Kind == GraphLayerKind.Overlay)
        {
            WriteDirectory(header, writer);
        }

        for (uint node = 0; node < count; node++)
        {
            if (header.Kind == GraphLayerKind.Base || graph.Rows.IsChanged(node))
            {
                writer.Write(new ReadOnlySpan<byte>((void*)graph.Rows.Row(node), header.RowByteLength));
            }
        }

        if (header.LevelCount > 0)
        {
            WriteLevels(header, writer);
        }
    }

    private GraphHeader Header(GraphLayerKind kind) => new()
    {
        Kind = kind,
        M = graph.Parameters.M,
        M0 = graph.Parameters.M0,
        EfConstruction = graph.Parameters.EfConstruction,
        Seed = graph.Parameters.Seed,
        NodeCount = count,
    };

    private uint CountChanged()
    {
        uint changed = 0;
        for (uint node = 0; node < count; node++)
        {
            changed += graph.Rows.IsChanged(node) ? 1u : 0;
        }

        return changed;
    }

    private void WriteDirectory(in GraphHeader header, SectionWriter writer)
    {
        var ranks = new byte[GraphHeader.ToLines(header.BitmapLineCount * sizeof(uint))];
        Span<byte> line = stackalloc byte[FormatConstants.LineByteLength];
        uint rank = 0;
        for (int i = 0; i < header.BitmapLineCount; i++)
        {
            line.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(ranks.AsSpan(i * sizeof(uint)), rank);
            uint first = (uint)i * GraphHeader.BitsPerLine;
            for (uint bit = 0; bit < GraphHeader.BitsPerLine && first + bit < count; bit++)
            {
                if (graph.Rows.IsChanged(first + bit))
                {
                    line[(int)bit / 8] |= (byte)(1 << ((int)bit % 8));
                    rank++;
                }
            }

            writer.Write(line);
        }

        writer.Write(ranks);
    }

    /// <summary>The nodes of each level that are in the graph already; the highest levels may have none but copies, which searches do not start from.</summary>
    private void WriteLevels(in GraphHeader header, SectionWriter writer)
    {
        Span<byte> counts = stackalloc byte[FormatConstants.LineByteLength];
        counts.Clear();
        for (int i = 0; i < header.LevelCount; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(counts.Slice(i * sizeof(uint)), graph.UpperLevels[i].NodeOf(count));
        }

        writer.Write(counts);
        Span<byte> padding = stackalloc byte[FormatConstants.LineByteLength];
        padding.Clear();
        for (int i = 0; i < header.LevelCount; i++)
        {
            uint nodes = graph.UpperLevels[i].NodeOf(count);
            for (uint node = 0; node < nodes; node++)
            {
                writer.Write(new ReadOnlySpan<byte>((void*)graph.UpperLevels[i].Entry(node), header.UpperEntryByteLength));
            }

            long written = (long)nodes * header.UpperEntryByteLength;
            writer.Write(padding.Slice(0, (int)(GraphHeader.ToLines(written) - written)));
        }
    }
}
