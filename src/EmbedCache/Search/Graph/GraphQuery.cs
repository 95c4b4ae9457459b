using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>
/// How a walk turns the inner product I of its query's code and a row's into a distance:
/// <c>Base + NormWeight * norm^2 - DotWeight * scale * I</c>, with the row's norm and scale.
/// </summary>
/// <param name="Base">What is the same for all rows.</param>
/// <param name="NormWeight">1 for squared distances, else 0.</param>
/// <param name="DotWeight">What an inner product counts.</param>
/// <param name="Sum">Sum of the query's codes.</param>
/// <param name="Slack">
/// How much nearer than by its coarse row a node may be, for each unit of the row's coarse residual. No bound: what a row lacks points in any direction, so that its inner product with the query is
/// seldom more than a few times their lengths over the root of the dimension.
/// </param>
internal readonly record struct GraphQuery(float Base, float NormWeight, float DotWeight, int Sum, float Slack)
{
    /// <summary>So many standard deviations of that inner product. (With 3 of them recall was the same to 0.0006 on three sets, and walks took a twentieth longer.)</summary>
    private const double Deviations = 1;

    /// <summary>What a unit of distance is of a score: the query's scale, which inner products leave out.</summary>
    public float ScoreUnit { get; init; } = 1;

    /// <summary>Distances from a query. What is the same for every row is left out: under L2 the query's length, under cosine its scale and what it has in common with the mean.</summary>
    /// <param name="query">What stands beside its code.</param>
    /// <param name="metric">The file's metric.</param>
    /// <param name="dimension">Elements.</param>
    public static GraphQuery Of(in CodeRow query, Metric metric, int dimension)
        => metric == Metric.L2 ? Of(0, 1, 2 * query.Scale, query, dimension) : Of(0, 0, 1, query, dimension) with { ScoreUnit = query.Scale };

    /// <summary>Distances from a node.</summary>
    /// <param name="node">What stands beside its code.</param>
    /// <param name="isDot">True where larger inner products are nearer.</param>
    /// <param name="dimension">Elements.</param>
    public static GraphQuery OfNode(in CodeRow node, bool isDot, int dimension)
        => isDot ? Of(0, 0, node.Scale, node, dimension) : Of(node.Norm * node.Norm, 1, 2 * node.Scale, node, dimension);

    private static GraphQuery Of(float basis, float normWeight, float dotWeight, in CodeRow code, int dimension)
    {
        double length = code.Scale > 0 ? code.Norm / code.Scale : 0;
        return new GraphQuery(basis, normWeight, dotWeight, code.Sum, (float)(dotWeight * length * Math.Min(1, Deviations / Math.Sqrt(dimension))));
    }
}
