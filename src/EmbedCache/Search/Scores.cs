namespace EmbedCache.Search;

/// <summary>The one place that turns kernel results into scores (higher is better) and scores into distances (lower is nearer).</summary>
internal static class Scores
{
    /// <summary>Score from a kernel's result: the inner product with the scaled query, or the squared Euclidean distance.</summary>
    public static double FromKernel(Metric metric, double kernel, double recordNorm, double queryNorm) => metric switch
    {
        // Rounding may carry a cosine past 1 by an ulp or two.
        Metric.Cosine => Math.Min(1.0, Math.Max(-1.0, kernel / recordNorm)),
        Metric.Dot => kernel * queryNorm,
        _ => -Math.Sqrt(kernel),
    };

    public static double ToDistance(Metric metric, double score) => metric == Metric.Cosine ? 1.0 - score : -score;
}
