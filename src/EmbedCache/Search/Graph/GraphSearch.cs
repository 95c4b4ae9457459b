namespace EmbedCache.Search.Graph;

/// <summary>K-NN-SEARCH (algorithm 5): down the upper levels greedily, then the ef best of level 0.</summary>
internal static unsafe class GraphSearch
{
    /// <summary>Leaves the nearest nodes in the scratch's pool, nearest first; those that may be results carry <see cref="Candidate.Accepted"/>.</summary>
    /// <param name="space">Level 0.</param>
    /// <param name="upper">The levels above it, level 1 first.</param>
    /// <param name="entryLevel">Level of the node to start from.</param>
    /// <param name="entry">Its number in that level.</param>
    /// <param name="acceptance">Which nodes may be results.</param>
    /// <param name="codes">Codes by ordinal.</param>
    /// <param name="query">The query, whose code stands in the scratch.</param>
    /// <param name="scratch">What the search writes to.</param>
    /// <param name="ef">EfSearch: results to find.</param>
    /// <param name="maxVisited">Gives up after so many nodes.</param>
    /// <returns>False when it gave up: what is in the pool may not be the nearest.</returns>
    public static bool Run<TSpace, TAcceptance>(in TSpace space, UpperLevel[] upper, int entryLevel, uint entry, in TAcceptance acceptance, CodeTable codes, in GraphQuery query, GraphScratch scratch, int ef, int maxVisited)
        where TSpace : struct, IWalkSpace
        where TAcceptance : struct, IAcceptance
    {
        uint node = Descent.Run(upper, entryLevel, entry, 0, space.Count, codes, query, scratch.Query, out float distance);
        scratch.Begin(space.Count, ef, space.RowLength);
        GraphWalk.Start(node, distance, acceptance, scratch);
        return GraphWalk.Run(space, acceptance, codes, query, scratch, ef, maxVisited);
    }
}
