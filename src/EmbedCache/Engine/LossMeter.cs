using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Adds up what encoding costs.</summary>
internal sealed class LossMeter
{
    private long _count;
    private double _residuals;
    private double _maxResidual;
    private double _cosines;

    public void Add(in EncodedVector encoded)
    {
        _count++;
        _residuals += encoded.Residual;
        _maxResidual = Math.Max(_maxResidual, encoded.Residual);
        _cosines += encoded.Cosine;
    }

    /// <summary>Counts what was measured before.</summary>
    public void Add(CompressionLoss earlier)
    {
        _count += earlier.Count;
        _residuals += earlier.MeanResidual * earlier.Count;
        _maxResidual = Math.Max(_maxResidual, earlier.MaxResidual);
        _cosines += earlier.MeanCosine * earlier.Count;
    }

    /// <summary>The loss so far; null when nothing was encoded.</summary>
    public CompressionLoss? Read() => _count == 0 ? null : new CompressionLoss(_count, _residuals / _count, _maxResidual, _cosines / _count);
}
