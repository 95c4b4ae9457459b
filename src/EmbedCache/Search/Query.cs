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
        VectorRules.RequireDimension(vector, dimension, null, path);
        FirstQueries.Add();
        double sumOfSquares = FirstQueries.ArePast ? VectorNorm.SumOfSquares(vector) : VectorNorm.SumOfSquaresScalar(vector);
        VectorRules.RequireNorm(vector, sumOfSquares, metric, null, path);
        Norm = Math.Sqrt(sumOfSquares);
        if (metric == Metric.L2 || Norm == 0)
        {
            Vector = vector.ToArray();
            return;
        }

        Vector = new float[vector.Length];
        if (FirstQueries.ArePast)
        {
            VectorNorm.Scale(vector, 1.0 / Norm, Vector);
        }
        else
        {
            VectorNorm.ScaleScalar(vector, 1.0 / Norm, Vector);
        }
    }

    private readonly object _gate = new();
    private EncodedQuery? _encoded;

    public Metric Metric { get; }

    /// <summary>The scaled vector (as given under L2).</summary>
    public float[] Vector { get; }

    /// <summary>This query for codes of a codebook; made once, by whichever thread meets the first code.</summary>
    public EncodedQuery Encoded(Codebook codebook)
    {
        EncodedQuery? encoded = Volatile.Read(ref _encoded);
        if (encoded is not null && ReferenceEquals(encoded.Codebook, codebook))
        {
            return encoded;
        }

        lock (_gate)
        {
            if (_encoded is null || !ReferenceEquals(_encoded.Codebook, codebook))
            {
                Volatile.Write(ref _encoded, new EncodedQuery(codebook, Vector));
            }

            return _encoded!;
        }
    }

    /// <summary>Norm of the vector as given, in binary64: that of a denormal vector has few bits left in a float.</summary>
    public double Norm { get; }
}
