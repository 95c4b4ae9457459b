namespace EmbedCache.Search;

/// <summary>How far a walk over the graph goes.</summary>
/// <param name="Ef">Candidates to find that may be results, at least as many as results.</param>
/// <param name="Width">Candidates to find in all, those included that may not be results: what the recall hangs on.</param>
/// <param name="MaxVisited">Nodes after which it gives up.</param>
internal readonly record struct WalkLimits(int Ef, int Width, int MaxVisited)
{
    /// <summary>The walk may be wider where that finds more: nobody chose EfSearch, and what may not be a result is dead and not filtered out.</summary>
    public bool IsEfChosenHere { get; init; }
}
