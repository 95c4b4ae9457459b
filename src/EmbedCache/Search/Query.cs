using EmbedCache.Numerics;

namespace EmbedCache.Search;

/// <summary>
/// A query vector made ready: under cosine and dot it is scaled to length 1, so that no product of a query and a record overflows where the
/// score itself would not.
/// </summary>
internal sealed class Query
{
    public Query(ReadOnlySpan<float> vector, int dimension, Metric metric, string path)
    {
        Metric = metric;
        Norm = VectorRules.Measure(vector, dimension, metric, null, path);
        Vector = vector.ToArray();
        if (metric != Metric.L2 && Norm > 0)
        {
            double scale = 1.0 / VectorNorm.Norm(vector);
            for (int i = 0; i < Vector.Length; i++)
            {
                Vector[i] = (float)(vector[i] * scale);
            }
        }
    }

    public Metric Metric { get; }

    /// <summary>The scaled vector (as given under L2).</summary>
    public float[] Vector { get; }

    /// <summary>Norm of the vector as given.</summary>
    public float Norm { get; }
}
