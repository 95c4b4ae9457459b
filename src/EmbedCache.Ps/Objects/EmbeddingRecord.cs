using System.Collections;
using System.Collections.Specialized;
using System.Globalization;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>A record of an .edb file as it travels through a pipeline: one object, whose vector the pipeline never unrolls.</summary>
public class EmbeddingRecord
{
    private readonly ReadOnlyMemory<float> _source;
    private readonly EmbeddingMetadata _metadata;
    private float[]? _vector;
    private OrderedDictionary? _table;

    internal EmbeddingRecord(Embedding embedding)
    {
        Key = embedding.Key;
        Digest = embedding.Digest is { } digest ? DigestText.Format(digest) : null;
        Role = embedding.Role;
        Created = embedding.Created;
        Expires = embedding.Expires;
        _source = embedding.Vector;
        _metadata = embedding.Metadata;
    }

    /// <summary>The key's text; null when the file keeps digests only and the text was not given.</summary>
    public string? Key { get; }

    /// <summary>The key's salted SHA-256 as 64 hexadecimal digits in a digest file, else null.</summary>
    public string? Digest { get; }

    /// <summary>Role, part of the key.</summary>
    public EmbeddingRole Role { get; }

    /// <summary>The vector, bit for bit as it was set. A copy of the record's own, made when it is first asked for.</summary>
#pragma warning disable CA1819 // An array is what PowerShell and numeric code want; it belongs to this object alone.
    public float[] Vector => _vector ??= _source.ToArray();
#pragma warning restore CA1819

    /// <summary>Elements of the vector.</summary>
    public int Dimension => _source.Length;

    /// <summary>Metadata by name; empty when there is none.</summary>
    public IDictionary Metadata => _table ??= MetadataConverter.ToDictionary(_metadata);

    /// <summary>Metadata on one line, for format views: <c>lang=en; year=2024</c>.</summary>
    [Hidden]
    public string MetadataText => MetadataConverter.ToText(Metadata);

    /// <summary>When it was set, UTC.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>When it expires, or null.</summary>
    public DateTimeOffset? Expires { get; }

    /// <summary>The vector without a copy, for the module's own use.</summary>
    internal ReadOnlyMemory<float> VectorMemory => _vector ?? _source;

    /// <inheritdoc/>
    public override string ToString() => Key ?? Digest ?? string.Format(CultureInfo.InvariantCulture, "float[{0}]", Dimension);
}
