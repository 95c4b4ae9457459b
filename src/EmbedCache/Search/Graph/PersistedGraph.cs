using System.Runtime.CompilerServices;
using EmbedCache.Storage;

namespace EmbedCache.Search.Graph;

/// <summary>A graph in the file: a base and the overlays over it, used in place. Immutable; threads share it.</summary>
internal sealed unsafe class PersistedGraph : IPersistedRows
{
    private readonly GraphLayer _base;

    // Newest first.
    private readonly GraphLayer[] _overlays;
    private readonly NativeBuffer _empty;

    private PersistedGraph(GraphLayer[] layers, UpperLevel[] levels)
    {
        Layers = layers;
        Levels = levels;
        _base = layers[0];
        _overlays = new GraphLayer[layers.Length - 1];
        for (int i = 0; i < _overlays.Length; i++)
        {
            _overlays[i] = layers[layers.Length - 1 - i];
        }

        Count = layers[layers.Length - 1].Header.NodeCount;
        BaseCount = _base.Header.NodeCount;
        Parameters = new GraphParameters(_base.Header.M, _base.Header.M0, _base.Header.EfConstruction, _base.Header.Seed);
        _empty = new NativeBuffer(_base.Header.RowByteLength);
        for (int i = 0; i < _base.Header.RowByteLength / sizeof(uint); i++)
        {
            ((uint*)_empty.Address)[i] = uint.MaxValue;
        }
    }

    /// <summary>The base, then the overlays, oldest first.</summary>
    public GraphLayer[] Layers { get; }

    /// <summary>Upper levels, level 1 first.</summary>
    public UpperLevel[] Levels { get; }

    /// <summary>Nodes, the overlays' included.</summary>
    public uint Count { get; }

    /// <summary>Nodes of the base: those that the upper levels know of.</summary>
    public uint BaseCount { get; }

    public GraphParameters Parameters { get; }

    public int EntryLevel => Levels.Length;

    /// <summary>Where searches start: a number in the highest level.</summary>
    public uint Entry => _base.Header.Entry;

    /// <summary>Puts the layers of a catalog together.</summary>
    /// <param name="sections">Its Graph sections, in any order.</param>
    /// <param name="codeCount">Ordinals that have a code: a walk could not measure others.</param>
    /// <returns>Null where they do not make a graph.</returns>
    /// <exception cref="CorruptFileException">A block that was looked at is damaged.</exception>
    public static PersistedGraph? TryOpen(IEnumerable<Section> sections, long codeCount)
    {
        var layers = new List<GraphLayer>();
        foreach (Section section in sections)
        {
            if (GraphLayer.TryOpen(section) is not { } layer)
            {
                return null;
            }

            layers.Add(layer);
        }

        layers.Sort((a, b) => a.Section.Offset.CompareTo(b.Section.Offset));
        return layers.Count > 0 && DoJoin(layers, codeCount) && layers[0].TryOpenLevels() is { } levels && layers[0].Header.Entry < EntryLimit(layers[0], levels)
            ? new PersistedGraph([.. layers], levels)
            : null;
    }

    /// <summary>A node's row in the newest layer that has it. The node must be below <see cref="Count"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Row(uint node) => _overlays.Length == 0 ? _base.BaseRow(node) : RowOfLayers(node);

    /// <summary>Where a node's row is in the base, if it has one there; nothing is checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Hint(uint node) => _base.BaseHint(node);

    /// <summary>Whether a layer from the one at <paramref name="index"/> on has a row for a node.</summary>
    public bool IsChangedSince(int index, uint node)
    {
        for (int i = Math.Max(index, 1); i < Layers.Length; i++)
        {
            if (Layers[i].OverlayRow(node) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private static uint EntryLimit(GraphLayer layer, UpperLevel[] levels) => levels.Length == 0 ? layer.Header.NodeCount : levels[levels.Length - 1].Count;

    private static bool DoJoin(List<GraphLayer> layers, long codeCount)
    {
        Format.GraphHeader first = layers[0].Header;
        bool doJoin = first.Kind == Format.GraphLayerKind.Base;
        for (int i = 1; i < layers.Count; i++)
        {
            Format.GraphHeader header = layers[i].Header;
            doJoin &= header.Kind == Format.GraphLayerKind.Overlay
                && header.Below == layers[i - 1].Section.Offset
                && header.NodeCount >= layers[i - 1].Header.NodeCount
                && header.M == first.M
                && header.M0 == first.M0;
        }

        return doJoin && layers[layers.Count - 1].Header.NodeCount <= codeCount;
    }

    private nint RowOfLayers(uint node)
    {
        foreach (GraphLayer overlay in _overlays)
        {
            nint row = overlay.OverlayRow(node);
            if (row != 0)
            {
                return row;
            }
        }

        return node < BaseCount ? _base.BaseRow(node) : _empty.Address;
    }
}
