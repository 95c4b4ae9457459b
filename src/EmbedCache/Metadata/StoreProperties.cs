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
    public IndexMode Index => !Values.TryGetValue(IndexName, out object value) ? IndexMode.Auto : value switch
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

    /// <summary>Reads the Properties frame at an offset.</summary>
    /// <exception cref="CorruptFileException">None is there.</exception>
    public static StoreProperties Read(LogFile log, long offset, long tail)
    {
        ReadOnlySpan<byte> payload = PayloadReader.Read(log, offset, tail, FrameKind.Properties);
        return new StoreProperties(MetadataCodec.Decode(payload, log.Path, offset), offset, FrameHeader.UnitsFor(payload.Length) * FormatConstants.Unit);
    }
}
