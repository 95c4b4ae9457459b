namespace EmbedCache.Search.Graph;

/// <content>
/// Taking the nodes of holes out of level 0. Each live node that is linked with some gets live neighbours in their place, as if it were inserted anew; those of the holes are
/// then linked with live ones only, so that a walk that comes down on one from the levels above is out with its first step.
/// </content>
internal sealed unsafe partial class GraphInserter
{
    /// <summary>Nodes after which a walk out of a hole takes what it has found.</summary>
    private const int FarthestOut = 50_000;

    /// <summary>Of the live nodes nearest to one of a hole so many are linked with others of them. (Fashion-MNIST, where the nearest 1,000 were deleted: recall 0.87 without, 0.945 with one, 0.965 with eight.)</summary>
    private const int JoinedCount = 8;

    /// <summary>Links a live node with live ones in the place of those of a hole.</summary>
    public void Mend(uint node, GraphHoles holes, BuildScratch scratch)
    {
        var space = new WorkingSpace(graph.Rows, _nodeCount);
        int count = Select(space, FindLive(space, node, holes.Live, scratch), graph.Parameters.M, node, scratch);
        _locks.Enter(0, node);
        try
        {
            Keep((uint*)graph.Rows.Writable(node), space, holes);
        }
        finally
        {
            _locks.Exit(0, node);
        }

        LinkSelected(space, node, count, scratch);
    }

    /// <summary>
    /// Links a node of a hole with live ones, and none with it. The nearest of them are linked with each other: a query that stands where the node does looks for them
    /// together, and nothing else may lead from one to the next. Where none is found its row stays.
    /// </summary>
    public void LeadOut(uint node, GraphHoles holes, BuildScratch scratch)
    {
        var space = new WorkingSpace(graph.Rows, _nodeCount);
        Span<long> live = FindLive(space, node, holes.Live, scratch);
        int count = Select(space, live, space.RowLength, node, scratch);
        if (count == 0)
        {
            return;
        }

        _locks.Enter(0, node);
        try
        {
            var row = new Span<uint>((uint*)graph.Rows.Writable(node), space.RowLength);
            row.Fill(Unused);
            scratch.Selected.AsSpan(0, count).CopyTo(row);
        }
        finally
        {
            _locks.Exit(0, node);
        }

        Join(space, live.Slice(0, Math.Min(live.Length, graph.Parameters.M)), scratch);
    }

    /// <summary>Links nodes with those of them that the heuristic selects.</summary>
    private void Join(in WorkingSpace space, ReadOnlySpan<long> near, BuildScratch scratch)
    {
        for (int i = 0; i < Math.Min(near.Length, JoinedCount) && near.Length > 1; i++)
        {
            uint[] others = scratch.Others;
            int count = 0;
            for (int j = 0; j < near.Length; j++)
            {
                others[count] = Candidate.NodeOf(near[j]);
                count += j == i ? 0 : 1;
            }

            uint node = Candidate.NodeOf(near[i]);
            Span<long> candidates = scratch.Linked.AsSpan(0, count);
            fixed (uint* row = others)
            {
                Measure(space, node, row, others[count - 1], candidates, scratch);
            }

            LinkSelected(space, node, Select(space, candidates, graph.Parameters.M, node, scratch), scratch);
        }
    }

    /// <summary>Links a node with those that the heuristic selected, both ways.</summary>
    private void LinkSelected(in WorkingSpace space, uint node, int count, BuildScratch scratch)
    {
        uint[] others = scratch.Others;
        scratch.Selected.AsSpan(0, count).CopyTo(others);
        for (int i = 0; i < count; i++)
        {
            Link(space, 0, node, others[i], scratch);
            Link(space, 0, others[i], node, scratch);
        }
    }

    /// <summary>The live nodes nearest to a node, nearest first, in the walk's pool; the node itself among them where it lives.</summary>
    private Span<long> FindLive(in WorkingSpace space, uint node, in AcceptMarked live, BuildScratch scratch)
    {
        GraphScratch walk = scratch.Walk;
        GraphQuery query = codes.Load(node, walk.Query);
        int ef = graph.Parameters.EfConstruction / 2;
        walk.Begin(space.Count, ef, space.RowLength);
        GraphWalk.Start(node, codes.Distance(query, walk.Query, node), live, walk);
        GraphWalk.Run(space, live, codes, query, walk, ef, FarthestOut);
        var pool = new Span<long>((void*)walk.Pool, walk.Count);
        int count = 0;
        foreach (long candidate in pool)
        {
            pool[count] = candidate;
            count += (candidate & Candidate.Accepted) != 0 ? 1 : 0;
        }

        return pool.Slice(0, count);
    }

    /// <summary>Takes the nodes of holes out of a row; what stands behind them moves up, and copies stay where they are.</summary>
    private static void Keep(uint* row, in WorkingSpace space, GraphHoles holes)
    {
        int kept = 0;
        int degree = 0;
        for (; degree < space.RowLength && row[degree] < space.Count; degree++)
        {
            uint neighbour = row[degree];
            row[kept] = neighbour;
            kept += holes.Contains(neighbour) ? 0 : 1;
        }

        for (; kept < degree; kept++)
        {
            row[kept] = Unused;
        }
    }
}
