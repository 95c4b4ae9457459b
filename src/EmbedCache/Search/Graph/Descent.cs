using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>
/// The way down through the upper levels: SEARCH-LAYER with ef = 1, which is a greedy walk. It goes by coarse rows alone: what it finds is where another walk starts, and half of
/// the bytes tell that as well.
/// </summary>
internal static unsafe class Descent
{
    /// <summary>Walks from a node of one level to the nearest that it finds above a lower one.</summary>
    /// <param name="upper">The levels, level 1 first.</param>
    /// <param name="level">Level of the node to start from.</param>
    /// <param name="node">Its number in that level.</param>
    /// <param name="lowest">The level to go down to.</param>
    /// <param name="count">Nodes of level 0.</param>
    /// <param name="codes">Codes by ordinal.</param>
    /// <param name="query">The query.</param>
    /// <param name="code">Its code.</param>
    /// <param name="distance">Distance of what was found, by both rows.</param>
    /// <returns>What was found, by its number in the level gone down to.</returns>
    public static uint Run(UpperLevel[] upper, int level, uint node, int lowest, uint count, CodeTable codes, in GraphQuery query, nint code, out float distance)
    {
        GraphQuery coarse = query with { Slack = 0 };
        float nearest = level > lowest ? codes.CoarseDistanceOnce(coarse, code, upper[level - 1].OrdinalOf(node)) : 0;
        for (; level > lowest; level--)
        {
            Step(upper[level - 1], codes, coarse, code, ref node, ref nearest);
            node = upper[level - 1].DownOf(node, level == 1 ? count : upper[level - 2].Count);
        }

        distance = codes.DistanceOnce(query, code, level == 0 ? node : upper[level - 1].OrdinalOf(node));
        return node;
    }

    /// <summary>Moves <paramref name="node"/> to the nearest that a greedy walk on one level finds.</summary>
    private static void Step(in UpperLevel level, CodeTable codes, in GraphQuery query, nint code, ref uint node, ref float distance)
    {
        UpperLevel nodes = level;
        int length = codes.Layout.CoarseByteLength;
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

                Prefetch.Near(codes.Coarse(nodes.OrdinalOf(next)), length);
            }

            for (int j = 0; j < nodes.RowLength; j++)
            {
                uint next = neighbours[j];
                if (next >= nodes.Count)
                {
                    break;
                }

                float candidate = codes.CoarseDistanceOnce(query, code, nodes.OrdinalOf(next));
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
