namespace EmbedCache.Search;

/// <summary>How far a walk over the graph goes.</summary>
/// <param name="Ef">Candidates to find that may be results, at least as many as results.</param>
/// <param name="Width">Candidates to find in all, those included that may not be results: what the recall hangs on.</param>
/// <param name="MaxVisited">Nodes after which it gives up.</param>
internal readonly record struct WalkLimits(int Ef, int Width, int MaxVisited);
