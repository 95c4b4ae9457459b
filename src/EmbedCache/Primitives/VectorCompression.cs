namespace EmbedCache;

/// <summary>What a file keeps of vectors.</summary>
public enum VectorCompression
{
    /// <summary>The vectors as they were given, bit for bit.</summary>
    None = 0,

    /// <summary>Halves with a scale for each vector: half the bytes, an error below a thousandth.</summary>
    Float16 = 1,

    /// <summary>Signed bytes with a scale for each vector: a quarter of the bytes, an error of about a hundredth.</summary>
    Int8 = 2,

    /// <summary>Product quantisation: a sixteenth of the bytes unless told otherwise, with centroids that are learned from the file's vectors, at least 64 (and 16 instead of 256 below 1,024). <see cref="OptimizeOptions.Rotate"/> rotates them before.</summary>
    PQ = 3,

    /// <summary>One, two or four bits for each element of the rotated vector: a sixteenth of the bytes unless told otherwise. Learns nothing but a mean, so that it takes any number of vectors.</summary>
    Binary = 4,
}

/// <summary>What compression cost the vectors of a file, measured when it encoded them.</summary>
public sealed class CompressionLoss
{
    internal CompressionLoss(long count, double meanResidual, double maxResidual, double meanCosine)
    {
        Count = count;
        MeanResidual = meanResidual;
        MaxResidual = maxResidual;
        MeanCosine = meanCosine;
    }

    /// <summary>Vectors that were measured.</summary>
    public long Count { get; }

    /// <summary>Mean length of what a vector lost, as a part of its own length.</summary>
    public double MeanResidual { get; }

    /// <summary>The greatest such part.</summary>
    public double MaxResidual { get; }

    /// <summary>Mean cosine of a vector and what is kept of it.</summary>
    public double MeanCosine { get; }

    /// <inheritdoc/>
    public override string ToString()
        => string.Format(System.Globalization.CultureInfo.InvariantCulture, "residual {0:0.#####} on average, {1:0.#####} at most; cosine {2:0.#####} on average; {3} vectors", MeanResidual, MaxResidual, MeanCosine, Count);
}
