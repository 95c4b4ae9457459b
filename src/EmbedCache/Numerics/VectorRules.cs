using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>What vectors a file accepts, as records and as queries.</summary>
internal static class VectorRules
{
    // Below the smallest normal float a norm has lost bits, and with them the vector its direction.
    private const double SmallestNorm = 1.1754943508222875e-38;

    /// <summary>Checks a vector and measures its L2 norm, computed in binary64 and rounded to a float.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="dimension">How many elements it must have.</param>
    /// <param name="metric">Under cosine, a vector needs a direction.</param>
    /// <param name="key">Key of the record for the message, or null for a query.</param>
    /// <param name="path">The file, for the message.</param>
    /// <exception cref="InvalidEmbeddingException">Wrong dimension, not finite, without direction, or with a norm past the largest float.</exception>
    public static float Measure(ReadOnlySpan<float> vector, int dimension, Metric metric, string? key, string path)
    {
        RequireDimension(vector, dimension, key, path);
        return RequireNorm(vector, VectorNorm.SumOfSquares(vector), metric, key, path);
    }

    /// <summary>The first half of <see cref="Measure"/>: the dimension.</summary>
    public static void RequireDimension(ReadOnlySpan<float> vector, int dimension, string? key, string path)
    {
        if (vector.Length != dimension)
        {
            throw Refuse(InvalidEmbeddingReason.WrongDimension, $"has {vector.Length} elements; the file holds vectors of {dimension}", key, path);
        }
    }

    /// <summary>The second half: the norm, from the sum of squares that somebody took in passing.</summary>
    public static float RequireNorm(ReadOnlySpan<float> vector, double sumOfSquares, Metric metric, string? key, string path)
    {
        if (!VectorNorm.IsSumOfFinite(sumOfSquares))
        {
            int index = 0;
            while (index < vector.Length - 1 && float.IsFinite(vector[index]))
            {
                index++;
            }

            throw Refuse(InvalidEmbeddingReason.NotFinite, $"has {vector[index]} at index {index}; every element must be finite", key, path);
        }

        double norm = Math.Sqrt(sumOfSquares);
        if (metric == Metric.Cosine && norm < SmallestNorm)
        {
            throw Refuse(InvalidEmbeddingReason.ZeroVector, norm == 0 ? "is zero, and a zero vector has no direction to compare by cosine" : "is so small that it has no direction to compare by cosine", key, path);
        }

        return norm <= float.MaxValue
            ? (float)norm
            : throw Refuse(InvalidEmbeddingReason.NormOverflow, "has a norm past the largest float", key, path);
    }

    private static InvalidEmbeddingException Refuse(InvalidEmbeddingReason reason, string what, string? key, string path)
        => new(reason, key is null ? $"The query vector {what}" : $"The vector of '{Shorten(key)}' {what}", key is null ? null : Shorten(key), path);

    private static string Shorten(string key) => key.Length <= 80 ? key : key.Substring(0, 80) + "...";
}
