using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Metadata;

/// <summary>
/// What may be learned or changed about a store after its header was written: a typed map in a Properties frame. Names that this version does
/// not know are kept.
/// </summary>
internal sealed class StoreProperties
{
    private const string ModelName = "model";
    private const string IndexName = "index";
    private const string DefaultTimeToLiveName = "default_ttl_ms";
    private const string CompressionName = "compression";
    private const string BitsName = "compression_bits";
    private const string RotatedName = "compression_rotated";
    private const string ShortCodesName = "short_codes";
    private const string LossCountName = "loss_count";
    private const string ResidualMeanName = "loss_residual_mean";
    private const string ResidualMaxName = "loss_residual_max";
    private const string CosineMeanName = "loss_cosine_mean";

    /// <summary>By <see cref="VectorCompression"/>.</summary>
    private static readonly string[] s_compressions = ["none", "float16", "int8", "product", "binary"];

    private StoreProperties(EmbeddingMetadata values, long offset, long frameByteLength)
    {
        Values = values;
        Offset = offset;
        FrameByteLength = frameByteLength;
    }

    public static StoreProperties Empty { get; } = new(EmbeddingMetadata.Empty, 0, 0);

    /// <summary>All of them.</summary>
    public EmbeddingMetadata Values { get; }

    /// <summary>Offset of the frame, or 0.</summary>
    public long Offset { get; }

    /// <summary>Bytes of the frame, or 0.</summary>
    public long FrameByteLength { get; }

    /// <summary>The model whose vectors the file holds, or null.</summary>
    public string? Model => Values.TryGetValue(ModelName, out object value) ? value as string : null;

    /// <summary>Expiry of records that are set without one, or null.</summary>
    public TimeSpan? DefaultTimeToLive => Values.TryGetValue(DefaultTimeToLiveName, out object value) && value is long and > 0 and <= UnixTime.MaxMilliseconds
        ? TimeSpan.FromMilliseconds((long)value)
        : null;

    /// <summary>What search sections writers make. A word that this version does not know counts as none: what it asks for cannot be made here.</summary>
    /// <remarks>A compressed file is to be small: beside its vectors nothing is kept unless it was asked for by name.</remarks>
    public IndexMode Index => !Values.TryGetValue(IndexName, out object value) ? Compression == VectorCompression.None ? IndexMode.Auto : IndexMode.None : value switch
    {
        "auto" => IndexMode.Auto,
        "codes" => IndexMode.Codes,
        _ => IndexMode.None,
    };

    public static EmbeddingMetadata Create(string? model, TimeSpan? defaultTimeToLive, IndexMode index)
    {
        EmbeddingMetadata values = EmbeddingMetadata.Empty;
        if (index != IndexMode.Auto)
        {
            values = values.With(IndexName, index == IndexMode.Codes ? "codes" : "none");
        }

        if (!string.IsNullOrEmpty(model))
        {
            values = values.With(ModelName, model!);
        }

        return defaultTimeToLive is { } timeToLive ? values.With(DefaultTimeToLiveName, (long)timeToLive.TotalMilliseconds) : values;
    }

    /// <summary>What vectors are kept as. A word that this version does not know counts as none: new vectors are then kept as they are.</summary>
    public VectorCompression Compression => Values.TryGetValue(CompressionName, out object value) && value is string name && Array.IndexOf(s_compressions, name) is > 0 and int index
        ? (VectorCompression)index
        : VectorCompression.None;

    /// <summary>Bits for each element of a compressed vector, or null.</summary>
    public double? BitsPerElement => Compression == VectorCompression.None ? null : RealOf(BitsName);

    /// <summary>Whether PQ quantises rotated vectors.</summary>
    public bool IsRotated => Compression == VectorCompression.PQ && Values.TryGetValue(RotatedName, out object value) && value is true;

    /// <summary>What compression cost, or null.</summary>
    public CompressionLoss? Loss => Compression != VectorCompression.None && Values.TryGetValue(LossCountName, out object value) && value is long count and > 0
        ? new CompressionLoss(count, RealOf(ResidualMeanName) ?? 0, RealOf(ResidualMaxName) ?? 0, RealOf(CosineMeanName) ?? 0)
        : null;

    /// <summary>A vector that a codebook would cost more than this part of its length is not one of those that the codebook was learned for, and is kept as it is.</summary>
    public double MaxAcceptedResidual => Compression is VectorCompression.PQ or VectorCompression.Binary && Loss is { } loss ? 2 * loss.MaxResidual : double.PositiveInfinity;

    /// <summary>The values with another compression.</summary>
    public static EmbeddingMetadata WithCompression(EmbeddingMetadata values, VectorCompression compression, double bitsPerElement, bool isRotated, CompressionLoss? loss)
    {
        foreach (string name in new[] { CompressionName, BitsName, RotatedName, LossCountName, ResidualMeanName, ResidualMaxName, CosineMeanName })
        {
            values = values.Without(name);
        }

        if (compression == VectorCompression.None)
        {
            return values;
        }

        values = values.With(CompressionName, s_compressions[(int)compression]).With(BitsName, compression switch
        {
            VectorCompression.Float16 => 16.0,
            VectorCompression.Int8 => 8.0,
            _ => bitsPerElement,
        });
        values = isRotated ? values.With(RotatedName, true) : values;
        return loss is null
            ? values
            : values.With(LossCountName, loss.Count).With(ResidualMeanName, loss.MeanResidual).With(ResidualMaxName, loss.MaxResidual).With(CosineMeanName, loss.MeanCosine);
    }

    /// <summary>True when vectors are kept as codes of a codebook.</summary>
    public static bool NeedsCodebook(EmbeddingMetadata values) => new StoreProperties(values, 0, 0).Compression is VectorCompression.PQ or VectorCompression.Binary;

    /// <summary>Whether compactions make short codes.</summary>
    public bool HasShortCodes => Values.TryGetValue(ShortCodesName, out object value) && value is true;

    /// <summary>The values with short codes or without.</summary>
    public static EmbeddingMetadata WithShortCodes(EmbeddingMetadata values, bool hasThem) => hasThem ? values.With(ShortCodesName, true) : values.Without(ShortCodesName);

    private double? RealOf(string name) => Values.TryGetValue(name, out object value) && value is double real ? real : null;

    /// <summary>Reads the Properties frame at an offset.</summary>
    /// <exception cref="CorruptFileException">None is there.</exception>
    public static StoreProperties Read(LogFile log, long offset, long tail)
    {
        ReadOnlySpan<byte> payload = PayloadReader.Read(log, offset, tail, FrameKind.Properties);
        return new StoreProperties(MetadataCodec.Decode(payload, log.Path, offset), offset, FrameHeader.UnitsFor(payload.Length) * FormatConstants.Unit);
    }
}
