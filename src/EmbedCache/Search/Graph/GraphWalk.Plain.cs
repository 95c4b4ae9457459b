using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <remarks>
/// The reference: the same walk step by step, without vectors and without asking for anything ahead. Compiled ahead of time, it takes the first walk of a process a
/// fraction of the time that compiling the other takes.
/// </remarks>
internal static unsafe partial class GraphWalk
{
    /// <summary>As <see cref="Run"/>, with the same results.</summary>
    internal static bool RunPlainly<TSpace, TAcceptance>(in TSpace space, in TAcceptance acceptance, CodeTable codes, in GraphQuery query, GraphScratch scratch, int ef, int maxVisited)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        uint* fresh = stackalloc uint[GraphParameters.MaxRowLength];
        for (int cursor = 0; cursor < scratch.Count;)
        {
            if ((((long*)scratch.Pool)[cursor] & Candidate.Expanded) != 0)
            {
                cursor++;
                continue;
            }

            if (scratch.TrailCount > maxVisited)
            {
                return false;
            }

            scratch.GrowPool(scratch.Count + space.RowLength + 1);
            scratch.GrowTrail(scratch.TrailCount + space.RowLength);
            var pool = (long*)scratch.Pool;
            pool[cursor] |= Candidate.Expanded;
            int freshCount = VisitNeighbours(space, Candidate.NodeOf(pool[cursor]), scratch, fresh);

            // What is nearer than the furthest by its coarse row may be so by both, as in the other walk at the beginning of the step.
            float limit = scratch.Accepted >= ef ? Candidate.DistanceOf(pool[scratch.Count - 1]) : float.PositiveInfinity;
            for (int i = 0; i < freshCount; i++)
            {
                uint ordinal = space.OrdinalOf(fresh[i]);
                if (codes.LeastDistanceWithoutKernel(query, scratch.Query, ordinal) > limit)
                {
                    continue;
                }

                long candidate = Candidate.Pack(codes.DistanceWithoutKernel(query, scratch.Query, ordinal), fresh[i]);
                if (scratch.Accepted < ef || candidate < pool[scratch.Count - 1])
                {
                    cursor = Math.Min(cursor, Keep(scratch, acceptance.Accepts(fresh[i]) ? candidate | Candidate.Accepted : candidate, ef));
                }
            }
        }

        return true;
    }

    private static int VisitNeighbours<TSpace>(in TSpace space, uint node, GraphScratch scratch, uint* fresh)
        where TSpace : struct, IWalkSpace
    {
        var neighbours = (uint*)space.Row(node);
        int count = 0;
        for (int i = 0; i < space.RowLength && neighbours[i] < space.Count; i++)
        {
            if (scratch.Visit(neighbours[i]))
            {
                fresh[count++] = neighbours[i];
            }
        }

        return count;
    }

    /// <summary>Inserts a candidate, and drops what is further than the ef best; gives its index.</summary>
    private static int Keep(GraphScratch scratch, long candidate, int ef)
    {
        var pool = (long*)scratch.Pool;
        int position = SortedInsertion.InsertOneByOne(ref *pool, scratch.Count++, candidate);
        if ((candidate & Candidate.Accepted) != 0 && ++scratch.Accepted >= ef)
        {
            if (scratch.Accepted > ef)
            {
                scratch.Accepted--;
                scratch.Count--;
            }

            while ((pool[scratch.Count - 1] & Candidate.Accepted) == 0)
            {
                scratch.Count--;
            }
        }

        return position;
    }
}
