namespace EmbedCache.Search.Graph;

/// <summary>A graph in the making: level 0 over what the file holds, and the upper levels, all of them in memory.</summary>
internal sealed unsafe class WorkingGraph : IDisposable
{
    private readonly NativeBuffer[] _upperBuffers;
    private readonly object _entryGate = new();

    // Level in the upper half, node within that level in the lower. Negative: no node yet.
    private long _entry = -1;

    /// <param name="parameters">The graph's numbers.</param>
    /// <param name="capacity">Nodes that may be inserted: their levels are known beforehand, so that the upper levels never grow.</param>
    /// <param name="below">Rows that the file holds, or null.</param>
    public WorkingGraph(GraphParameters parameters, uint capacity, IPersistedRows? below = null)
    {
        Parameters = parameters;
        Capacity = capacity;
        Rows = new WorkingRows(below, capacity, parameters.M0);
        (UpperLevels, _upperBuffers) = AllocateUpperLevels(parameters, capacity);
    }

    /// <summary>Goes on from a graph in the file. What its overlays added has no links above level 0 yet: <see cref="GraphBuilder.BuildAbove"/>.</summary>
    /// <returns>Null where the upper levels in the file are not those of its nodes.</returns>
    public static WorkingGraph? TryResume(PersistedGraph persisted, uint capacity)
    {
        var graph = new WorkingGraph(persisted.Parameters, capacity, persisted);
        for (int i = 0; i < persisted.Levels.Length; i++)
        {
            UpperLevel level = persisted.Levels[i];
            if (i >= graph.UpperLevels.Length || graph.UpperLevels[i].NodeOf(persisted.BaseCount) != level.Count)
            {
                graph.Dispose();
                return null;
            }

            for (uint node = 0; node < level.Count; node++)
            {
                // A number past the end of the level in the file would be that of a node whose code is not there yet.
                var row = new Span<uint>((void*)graph.UpperLevels[i].Row(node), level.RowLength);
                foreach (uint neighbour in level.Neighbours(node))
                {
                    if (neighbour >= level.Count)
                    {
                        break;
                    }

                    row[0] = neighbour;
                    row = row.Slice(1);
                }
            }
        }

        graph.RaiseEntry(persisted.EntryLevel, persisted.Entry);
        return graph;
    }

    public GraphParameters Parameters { get; }

    public uint Capacity { get; }

    public WorkingRows Rows { get; }

    /// <summary>Level 1 first.</summary>
    public UpperLevel[] UpperLevels { get; }

    /// <summary>Where a search starts.</summary>
    /// <returns>False while there is no node.</returns>
    public bool TryGetEntry(out int level, out uint node)
    {
        long entry = Volatile.Read(ref _entry);
        level = (int)(entry >> 32);
        node = (uint)entry;
        return entry >= 0;
    }

    /// <summary>Makes a node the entry unless there is one of its level or higher.</summary>
    public void RaiseEntry(int level, uint node)
    {
        lock (_entryGate)
        {
            if (_entry < 0 || level > (int)(_entry >> 32))
            {
                Volatile.Write(ref _entry, ((long)level << 32) | node);
            }
        }
    }

    /// <summary>Number of an ordinal's node in a level; in level 0 that is the ordinal.</summary>
    public uint NodeOf(uint ordinal, int level) => level == 0 ? ordinal : UpperLevels[level - 1].NodeOf(ordinal);

    public void Dispose()
    {
        Rows.Dispose();
        foreach (NativeBuffer buffer in _upperBuffers)
        {
            buffer.Dispose();
        }
    }

    /// <summary>Every node's entry, without neighbours.</summary>
    private static (UpperLevel[] Levels, NativeBuffer[] Buffers) AllocateUpperLevels(GraphParameters parameters, uint capacity)
    {
        var counts = new uint[GraphParameters.MaxLevel];
        for (uint ordinal = 0; ordinal < capacity; ordinal++)
        {
            for (int level = parameters.LevelOf(ordinal); level > 0; level--)
            {
                counts[level - 1]++;
            }
        }

        int levelCount = Array.IndexOf(counts, 0u);
        levelCount = levelCount < 0 ? counts.Length : levelCount;
        var levels = new UpperLevel[levelCount];
        var buffers = new NativeBuffer[levelCount];
        for (int i = 0; i < levelCount; i++)
        {
            buffers[i] = new NativeBuffer((long)counts[i] * UpperLevel.EntryByteLengthFor(parameters.M));
            Fill(buffers[i]);
            levels[i] = new UpperLevel(GraphMemory.Of(buffers[i]), 0, counts[i], parameters.M, capacity);
        }

        Number(parameters, capacity, levels);
        return (levels, buffers);
    }

    private static void Number(GraphParameters parameters, uint capacity, UpperLevel[] levels)
    {
        var used = new uint[levels.Length];
        for (uint ordinal = 0; ordinal < capacity; ordinal++)
        {
            uint down = ordinal;
            int top = parameters.LevelOf(ordinal);
            for (int level = 1; level <= top; level++)
            {
                uint node = used[level - 1]++;
                var entry = (uint*)levels[level - 1].Entry(node);
                entry[0] = ordinal;
                entry[1] = down;
                down = node;
            }
        }
    }

    private static void Fill(NativeBuffer buffer)
    {
        const int Piece = 1 << 20;
        for (long done = 0; done < buffer.ByteLength; done += Piece)
        {
            new Span<byte>((void*)(buffer.Address + (nint)done), (int)Math.Min(Piece, buffer.ByteLength - done)).Fill(byte.MaxValue);
        }
    }
}
