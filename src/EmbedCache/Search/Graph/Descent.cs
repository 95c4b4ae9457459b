using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>The way down through the upper levels: SEARCH-LAYER with ef = 1, which is a greedy walk.</summary>
internal static unsafe class Descent
{
    /// <summary>Moves <paramref name="node"/> to the nearest that a greedy walk on this level finds.</summary>
    /// <param name="level">The level.</param>
    /// <param name="codes">Codes by ordinal.</param>
    /// <param name="query">The query.</param>
    /// <param name="code">Its code.</param>
    /// <param name="node">Where to start, and what was found.</param>
    /// <param name="distance">Its distance, in and out.</param>
    public static void Greedy(in UpperLevel level, CodeTable codes, in GraphQuery query, nint code, ref uint node, ref float distance)
    {
        UpperLevel nodes = level;
        GraphQuery q = query;
        uint best = node;
        float nearest = distance;
        bool isBetter = true;
        while (isBetter)
        {
            // Every step comes strictly nearer, so that the walk ends on any graph.
            isBetter = false;
            uint* neighbours = (uint*)nodes.Row(best);
            for (int j = 0; j < nodes.RowLength; j++)
            {
                uint next = neighbours[j];
                if (next >= nodes.Count)
                {
                    break;
                }

                uint ordinal = nodes.OrdinalOf(next);
                Prefetch.Near(codes.Coarse(ordinal));
                Prefetch.Near(codes.Fine(ordinal));
            }

            for (int j = 0; j < nodes.RowLength; j++)
            {
                uint next = neighbours[j];
                if (next >= nodes.Count)
                {
                    break;
                }

                float candidate = codes.DistanceOnce(q, code, nodes.OrdinalOf(next));
                if (candidate < nearest)
                {
                    nearest = candidate;
                    best = next;
                    isBetter = true;
                }
            }
        }

        node = best;
        distance = nearest;
    }
}
