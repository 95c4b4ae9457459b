namespace EmbedCache.Search.Graph;

/// <summary>
/// How a walk turns the inner product I of its query's code and a row's into a distance:
/// <c>Base + NormWeight * norm^2 - DotWeight * scale * I</c>, with the row's norm and scale.
/// </summary>
internal readonly record struct GraphQuery(float Base, float NormWeight, float DotWeight);
