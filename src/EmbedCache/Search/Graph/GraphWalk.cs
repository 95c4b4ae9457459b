using System.Runtime.CompilerServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Search.Graph;

/// <summary>
/// SEARCH-LAYER of Malkov and Yashunin (algorithm 2):
/// <code>
///   while there is a candidate c that was not expanded
///     for each neighbour e of c that was not visited
///       mark e visited
///       if e is nearer than the furthest of the ef best, or there are fewer
///         add e to the candidates; drop what is further than the ef best
/// </code>
/// Candidates and results are one sorted array. What may not be a result (dead, or not matching a filter) stands in it too, so that the walk goes
/// through it, and does not count towards ef. Every node is visited at most once, so that a graph with wrong links ends the walk like any other.
/// </summary>
internal static unsafe partial class GraphWalk
{
    /// <summary>Lines that are asked for before the first of them is used. Whole rows at once measured a quarter faster than their first lines alone, and more than this no faster.</summary>
    private const int LinesInFlight = 100;

    /// <summary>Walks from what stands in the scratch's pool until its ef best were expanded, or <paramref name="maxVisited"/> nodes were seen.</summary>
    /// <returns>False when it stopped early.</returns>
    public static bool Run<TSpace, TAcceptance>(in TSpace space, in TAcceptance acceptance, CodeTable codes, in GraphQuery query, GraphScratch scratch, int ef, int maxVisited)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        if (FirstWalk.IsCompiling)
        {
            return RunPlainly(space, acceptance, codes, query, scratch, ef, maxVisited);
        }

        int cursor = 0;
        while (true)
        {
            switch (RunWithin(space, acceptance, codes, query, scratch, ef, maxVisited, ref cursor))
            {
                case Outcome.Done:
                    return true;
                case Outcome.TooLong:
                    return false;
                default:
                    scratch.GrowPool(2 * scratch.PoolCapacity);
                    scratch.GrowTrail(2 * scratch.TrailCapacity);
                    break;
            }
        }
    }

    /// <summary>Compiles the loops of walks, by one over nothing, from nowhere, which ends at once.</summary>
    public static void Compile<TSpace, TAcceptance>(in TAcceptance acceptance, CodeTable codes, GraphScratch scratch)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        int cursor = 0;
        RunWithin(default(TSpace), acceptance, codes, default, scratch, 1, 1, ref cursor);
    }

    /// <summary>Puts the node that a walk starts from into the pool.</summary>
    public static void Start<TAcceptance>(uint node, float distance, in TAcceptance acceptance, GraphScratch scratch)
        where TAcceptance : struct, IAcceptance
    {
        bool isAccepted = acceptance.Accepts(node);
        *(long*)scratch.Pool = Candidate.Pack(distance, node) | (isAccepted ? Candidate.Accepted : 0);
        scratch.Count = 1;
        scratch.Accepted = isAccepted ? 1 : 0;
        *(uint*)scratch.Trail = node;
        scratch.TrailCount = 1;
        ((uint*)scratch.Visited)[node >> 5] |= 1u << (int)node;
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static Outcome RunWithin<TSpace, TAcceptance>(in TSpace space, in TAcceptance acceptance, CodeTable codes, in GraphQuery query, GraphScratch scratch, int ef, int maxVisited, ref int cursorOut)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        TSpace nodes = space;
        TAcceptance accepts = acceptance;
        GraphQuery q = query;
        uint nodeCount = nodes.Count;
        int rowLength = nodes.RowLength;
        int rowByteLength = rowLength * sizeof(uint);
        int coarseLength = codes.Layout.CoarseByteLength;
        int fineLength = codes.Layout.FineByteLength;
        int rowsAhead = Math.Max(2, LinesInFlight * Prefetch.LineByteLength / coarseLength);
        nint code = scratch.Query;
        long* pool = (long*)scratch.Pool;
        uint* visited = (uint*)scratch.Visited;
        uint* trail = (uint*)scratch.Trail;
        int poolLimit = scratch.PoolCapacity - rowLength;
        int trailLimit = Math.Min(maxVisited, scratch.TrailCapacity - rowLength);
        int count = scratch.Count;
        int accepted = scratch.Accepted;
        int seen = scratch.TrailCount;
        int cursor = cursorOut;
        long bound = accepted >= ef ? pool[count - 1] : long.MaxValue;
        nint* rows = stackalloc nint[GraphParameters.MaxRowLength];
        Near* near = stackalloc Near[GraphParameters.MaxRowLength];
        Outcome outcome = Outcome.Done;

        while (true)
        {
            while (cursor < count && (pool[cursor] & Candidate.Expanded) != 0)
            {
                cursor++;
            }

            if (cursor == count)
            {
                break;
            }

            if (count > poolLimit || seen > trailLimit)
            {
                outcome = seen > maxVisited ? Outcome.TooLong : Outcome.NeedsRoom;
                break;
            }

            uint* neighbours = (uint*)nodes.Row(Candidate.NodeOf(pool[cursor]));
            pool[cursor] |= Candidate.Expanded;

            // Whether a node was visited cannot be foretold, so nothing branches on it.
            uint* fresh = trail + seen;
            int freshCount = 0;
            for (int j = 0; j < rowLength; j++)
            {
                uint node = neighbours[j];
                if (node >= nodeCount)
                {
                    break;
                }

                uint word = visited[node >> 5];
                uint bit = 1u << (int)node;
                fresh[freshCount] = node;
                freshCount += (word & bit) == 0 ? 1 : 0;
                visited[node >> 5] = word | bit;
            }

            seen += freshCount;
            for (int j = 0; j < freshCount; j++)
            {
                nint row = codes.Coarse(nodes.OrdinalOf(fresh[j]));
                rows[j] = row;
                if (j < rowsAhead)
                {
                    Prefetch.Near(row, coarseLength);
                }
            }

            // Most are too far by their coarse rows already. The fine rows of the others are asked for together.
            int nearCount = 0;
            float limit = bound == long.MaxValue ? float.PositiveInfinity : Candidate.DistanceOf(bound);
            for (int j = 0; j < freshCount; j++)
            {
                if (j + rowsAhead < freshCount)
                {
                    Prefetch.Near(rows[j + rowsAhead], coarseLength);
                }

                nint row = rows[j];
                int product = codes.CoarseProduct(code, row);
                if (codes.LeastDistance(q, row, product) > limit)
                {
                    continue;
                }

                nint fine = codes.Fine(nodes.OrdinalOf(fresh[j]));
                Prefetch.Near(fine, fineLength);
                near[nearCount++] = new Near(fresh[j], product, row, fine);
            }

            int lowest = cursor;
            for (int j = 0; j < nearCount; j++)
            {
                ref Near next = ref near[j];
                uint node = next.Node;
                long candidate = Candidate.Pack(codes.Distance(q, code, next.Coarse, next.Fine, next.Product), node);
                if (candidate >= bound)
                {
                    continue;
                }

                // Most of what comes in is expanded sooner or later.
                Prefetch.Near(nodes.Hint(node), rowByteLength);
                int position = SortedInsertion.Insert(ref *pool, count, accepts.Accepts(node) ? candidate | Candidate.Accepted : candidate);
                count++;
                lowest = Math.Min(lowest, position);
                if ((pool[position] & Candidate.Accepted) != 0 && ++accepted >= ef)
                {
                    if (accepted > ef)
                    {
                        accepted--;
                        count--;
                    }

                    while ((pool[count - 1] & Candidate.Accepted) == 0)
                    {
                        count--;
                    }

                    bound = pool[count - 1];
                }
            }

            cursor = lowest;
        }

        scratch.Count = count;
        scratch.Accepted = accepted;
        scratch.TrailCount = seen;
        cursorOut = cursor;
        return outcome;
    }

    /// <summary>A node whose fine row is to be looked at.</summary>
    private readonly record struct Near(uint Node, int Product, nint Coarse, nint Fine);

    private enum Outcome
    {
        Done,
        NeedsRoom,
        TooLong,
    }
}
