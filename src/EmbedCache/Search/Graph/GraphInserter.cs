using System.Runtime.CompilerServices;
using EmbedCache.Primitives;

namespace EmbedCache.Search.Graph;

/// <summary>
/// INSERT of Malkov and Yashunin (algorithm 1):
/// <code>
///   from the entry point walk down, greedily, to the level above the node's own
///   on each level from there to 0
///     W = SEARCH-LAYER(node, EfConstruction)
///     neighbours = SELECT-NEIGHBORS-HEURISTIC(W, M)
///   on each level from 0 to the node's own
///     link both ways; where a neighbour's row is full, select again for it
///   a node above all others is the new entry point
/// </code>
/// A node whose code another node has too is not linked but hung below that one (<see cref="CopyLinks"/>).
/// Several threads may insert different nodes at once.
/// </summary>
internal sealed unsafe partial class GraphInserter(WorkingGraph graph, CodeTable codes)
{
    private const uint Unused = CopyLinks.Unused;

    /// <summary>More copies than a graph can have nodes stand in a tree of a tenth of this depth.</summary>
    private const int DeepestCopy = 64;

    private readonly NodeLocks _locks = new();

    /// <summary>Nodes that have a code. A row of the file may name any number, also one that the graph has room for and that no code is there for yet.</summary>
    private readonly uint _nodeCount = Math.Min(graph.Capacity, codes.Count);

    /// <summary>Inserts a node on all its levels.</summary>
    public void Insert(uint ordinal, BuildScratch scratch)
    {
        int own = graph.Parameters.LevelOf(ordinal);
        if (!graph.TryGetEntry(out int top, out uint entry))
        {
            graph.RaiseEntry(own, graph.NodeOf(ordinal, own));
            return;
        }

        GraphQuery query = codes.Load(ordinal, scratch.Walk.Query);
        (uint start, float distance) = ChooseAbove(ordinal, own, top, entry, query, scratch);
        var space = new WorkingSpace(graph.Rows, _nodeCount);
        FindNearest(space, query, start, distance, graph.Parameters.EfConstruction, scratch.Walk);
        if (FindOriginal(ordinal, scratch.Walk) is { } original)
        {
            AddCopy(original, ordinal);
            return;
        }

        Choose(space, 0, ordinal, scratch);
        LinkChosen(space, 0, ordinal, scratch);
        LinkAbove(ordinal, own, scratch);
        if (own > top)
        {
            graph.RaiseEntry(own, graph.NodeOf(ordinal, own));
        }
    }

    /// <summary>Inserts a node on its levels above 0, into a graph whose level 0 has it already, unless it has neighbours there. Copies have no place there.</summary>
    /// <param name="ordinal">Its ordinal.</param>
    /// <param name="first">Its number in level 1.</param>
    /// <param name="scratch">What this thread writes to.</param>
    public void InsertAbove(uint ordinal, uint first, BuildScratch scratch)
    {
        if (*(uint*)graph.UpperLevels[0].Row(first) < graph.UpperLevels[0].Count)
        {
            return;
        }

        int own = graph.Parameters.LevelOf(ordinal);
        bool hasEntry = graph.TryGetEntry(out int top, out uint entry);
        if (hasEntry)
        {
            if (*(uint*)graph.Rows.Row(ordinal) >= _nodeCount)
            {
                return;
            }

            ChooseAbove(ordinal, own, top, entry, codes.Load(ordinal, scratch.Walk.Query), scratch);
            LinkAbove(ordinal, own, scratch);
        }

        if (!hasEntry || own > top)
        {
            graph.RaiseEntry(own, graph.NodeOf(ordinal, own));
        }
    }

    /// <summary>Walks down from the entry and chooses a node's neighbours on the levels from its own to 1; gives where to start in level 0.</summary>
    private (uint Node, float Distance) ChooseAbove(uint ordinal, int own, int top, uint entry, in GraphQuery query, BuildScratch scratch)
    {
        uint node = Descent.Run(graph.UpperLevels, top, entry, Math.Min(top, own), _nodeCount, codes, query, scratch.Walk.Query, out float distance);
        for (int level = own; level > 0; level--)
        {
            if (level > top)
            {
                scratch.Choose(level, 0);
                continue;
            }

            UpperLevel space = graph.UpperLevels[level - 1];
            FindNearest(space, query, node, distance, graph.Parameters.EfConstruction, scratch.Walk);
            distance = Candidate.DistanceOf(*(long*)scratch.Walk.Pool);
            node = space.DownOf(scratch.Walk.NodeAt(0), CountBelow(level));
            Choose(space, level, space.NodeOf(ordinal), scratch);
        }

        return (node, distance);
    }

    /// <summary>
    /// Links a node with what was chosen for it on the levels above 0, from below: another thread that comes down on it finds its way on. (From above, one that met it before it
    /// had links below would link its own node with nothing else, and of records that come in the order of a trajectory a tenth were lost to searches.)
    /// </summary>
    private void LinkAbove(uint ordinal, int own, BuildScratch scratch)
    {
        for (int level = 1; level <= own; level++)
        {
            UpperLevel space = graph.UpperLevels[level - 1];
            LinkChosen(space, level, space.NodeOf(ordinal), scratch);
        }
    }

    private uint CountBelow(int level) => level == 1 ? _nodeCount : graph.UpperLevels[level - 2].Count;

    private void FindNearest<TSpace>(in TSpace space, in GraphQuery query, uint start, float distance, int ef, GraphScratch walk)
        where TSpace : struct, IWalkSpace
    {
        walk.Begin(space.Count, ef, space.RowLength);
        GraphWalk.Start(start, distance, default(AcceptAll), walk);
        GraphWalk.Run(space, default(AcceptAll), codes, query, walk, ef, int.MaxValue);
    }

    /// <summary>Chooses a node's neighbours on one level from what a walk found.</summary>
    private void Choose<TSpace>(in TSpace space, int level, uint self, BuildScratch scratch)
        where TSpace : struct, IWalkSpace
    {
        var found = new ReadOnlySpan<long>((void*)scratch.Walk.Pool, scratch.Walk.Count);
        scratch.Choose(level, Select(space, found, graph.Parameters.M, self, scratch));
    }

    /// <summary>Links a node, on one level, with the neighbours chosen for it there, both ways.</summary>
    private void LinkChosen<TSpace>(in TSpace space, int level, uint self, BuildScratch scratch)
        where TSpace : struct, IWalkSpace
    {
        ReadOnlySpan<uint> chosen = scratch.ChosenOn(level);
        _locks.Enter(level, self);
        try
        {
            chosen.CopyTo(new Span<uint>((void*)Writable(space, level, self), space.RowLength));
        }
        finally
        {
            _locks.Exit(level, self);
        }

        foreach (uint neighbour in chosen)
        {
            Link(space, level, neighbour, self, scratch);
        }
    }

    /// <summary>A node among the nearest found whose code is that of <paramref name="self"/>, byte for byte.</summary>
    private uint? FindOriginal(uint self, GraphScratch walk)
    {
        const int Looks = 4;
        for (int i = 0; i < Math.Min(Looks, walk.Count); i++)
        {
            uint other = walk.NodeAt(i);
            if (other != self && codes.AreEqual(other, self))
            {
                return other;
            }
        }

        return null;
    }

    /// <summary>
    /// Hangs a copy into the tree of copies below its original, where there is room; which way down differs from copy to copy. In a file that leads in a circle, or to
    /// what is no node, it takes the place of what leads there.
    /// </summary>
    private void AddCopy(uint original, uint copy)
    {
        uint node = original;
        uint turn = GraphParameters.Scatter(copy);
        for (int depth = 0; ; depth++)
        {
            _locks.Enter(0, node);
            uint next;
            try
            {
                var row = (uint*)graph.Rows.Writable(node);
                next = CopyLinks.TryAdd(row, graph.Rows.RowLength, copy, turn, isOriginal: node == original);
                if (next >= _nodeCount || depth == DeepestCopy)
                {
                    CopyLinks.Replace(row, graph.Rows.RowLength, next, copy);
                    next = copy;
                }
            }
            finally
            {
                _locks.Exit(0, node);
            }

            if (next == copy)
            {
                return;
            }

            node = next;
            turn = GraphParameters.Scatter(turn);
        }
    }

    private nint Writable<TSpace>(in TSpace space, int level, uint node)
        where TSpace : struct, IWalkSpace
        => level == 0 ? graph.Rows.Writable(node) : space.Row(node);

    /// <summary>Adds a neighbour to a node's row; where it is full, selects among what is there and the new one.</summary>
    private void Link<TSpace>(in TSpace space, int level, uint node, uint added, BuildScratch scratch)
        where TSpace : struct, IWalkSpace
    {
        int rowLength = space.RowLength;
        _locks.Enter(level, node);
        try
        {
            var row = (uint*)Writable(space, level, node);
            int degree = 0;
            while (degree < rowLength && row[degree] < space.Count)
            {
                if (row[degree++] == added)
                {
                    return;
                }
            }

            if (degree < rowLength && row[degree] == Unused)
            {
                row[degree] = added;
                return;
            }

            Span<long> candidates = scratch.Linked.AsSpan(0, degree + 1);
            Measure(space, node, row, added, candidates, scratch);
            int kept = Select(space, candidates, degree, node, scratch);
            for (int i = 0; i < degree; i++)
            {
                row[i] = i < kept ? scratch.Selected[i] : Unused;
            }
        }
        finally
        {
            _locks.Exit(level, node);
        }
    }

    /// <summary>The neighbours of a full row and one more, sorted by their distance from its node.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    private void Measure<TSpace>(in TSpace space, uint node, uint* row, uint added, Span<long> candidates, BuildScratch scratch)
        where TSpace : struct, IWalkSpace
    {
        TSpace nodes = space;
        GraphQuery query = codes.Load(nodes.OrdinalOf(node), scratch.Code);
        for (int i = 0; i < candidates.Length; i++)
        {
            uint other = i < candidates.Length - 1 ? row[i] : added;
            long candidate = Candidate.Pack(codes.Distance(query, scratch.Code, nodes.OrdinalOf(other)), other);
            int position = i;
            for (; position > 0 && candidates[position - 1] > candidate; position--)
            {
                candidates[position] = candidates[position - 1];
            }

            candidates[position] = candidate;
        }
    }

    /// <summary>
    /// SELECT-NEIGHBORS-HEURISTIC (algorithm 4, without extension and without keeping what was discarded): of the candidates, nearest first,
    /// those that are nearer to the node than to any chosen before them. Leaves them in <see cref="BuildScratch.Selected"/>.
    /// </summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    private int Select<TSpace>(in TSpace space, ReadOnlySpan<long> candidates, int most, uint self, BuildScratch scratch)
        where TSpace : struct, IWalkSpace
    {
        TSpace nodes = space;
        uint[] selected = scratch.Selected;
        uint[] ordinals = scratch.SelectedOrdinals;
        nint code = scratch.Code;
        int count = 0;
        foreach (long candidate in candidates)
        {
            uint node = Candidate.NodeOf(candidate);
            if (node == self)
            {
                continue;
            }

            uint ordinal = nodes.OrdinalOf(node);
            bool isChosen = true;
            if (count > 0)
            {
                float distance = Candidate.DistanceOf(candidate);
                GraphQuery query = codes.Load(ordinal, code);
                for (int i = 0; i < count && isChosen; i++)
                {
                    isChosen = codes.Distance(query, code, ordinals[i]) >= distance;
                }
            }

            if (isChosen)
            {
                ordinals[count] = ordinal;
                selected[count++] = node;
                if (count == most)
                {
                    break;
                }
            }
        }

        return count;
    }
}
