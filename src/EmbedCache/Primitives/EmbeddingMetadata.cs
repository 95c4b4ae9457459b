using System.Collections;
using EmbedCache.Primitives;

namespace EmbedCache;

/// <summary>
/// The typed metadata of one record: names (1 to 255 bytes of UTF-8) to values. A value is a <see cref="string"/>, <see cref="long"/>,
/// <see cref="double"/>, <see cref="bool"/>, <see cref="DateTimeOffset"/> (kept as UTC, to the millisecond) or a list of strings
/// (<see cref="IReadOnlyList{T}"/>). Names are compared byte for byte and enumerate in the order of their UTF-8 bytes, which is also the order in the
/// file. Immutable. In the file it takes at most 65,535 bytes.
/// </summary>
public sealed class EmbeddingMetadata : IReadOnlyDictionary<string, object>, IEquatable<EmbeddingMetadata>
{
    // Sorted arrays side by side: metadata is small, written once and read in order.
    private readonly string[] _names;
    private readonly object[] _values;

    /// <summary>Metadata of these entries; integers widen to long, float and decimal to double, DateTime (local and unspecified taken as local) to DateTimeOffset, sequences of strings to a list.</summary>
    /// <exception cref="InvalidEmbeddingException">A name is empty, too long or there twice, the format has no type for a value, or all of it takes more than 65,535 bytes.</exception>
    public EmbeddingMetadata(IEnumerable<KeyValuePair<string, object>> entries)
    {
        if (entries is null)
        {
            throw new ArgumentNullException(nameof(entries));
        }

        List<string> names = [];
        List<object> values = [];
        int byteLength = MetadataValue.MapPrefixByteLength;
        foreach (KeyValuePair<string, object> entry in entries)
        {
            object value = Normalise(entry.Key, entry.Value, out int entryByteLength);
            byteLength += entryByteLength;
            CheckLength(byteLength);
            names.Add(entry.Key);
            values.Add(value);
        }

        _names = [.. names];
        _values = [.. values];
        Array.Sort(_names, _values, StrictUtf8.Order);
        for (int i = 1; i < _names.Length; i++)
        {
            if (_names[i - 1] == _names[i])
            {
                throw Invalid($"Metadata entry '{_names[i]}' is there twice");
            }
        }

        ByteLength = _names.Length == 0 ? 0 : byteLength;
    }

    private EmbeddingMetadata(string[] names, object[] values, int byteLength)
    {
        _names = names;
        _values = values;
        ByteLength = byteLength;
    }

    /// <summary>Metadata without entries; takes no bytes in the file.</summary>
    public static EmbeddingMetadata Empty { get; } = new([], [], 0);

    /// <inheritdoc/>
    public int Count => _names.Length;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _names;

    /// <inheritdoc/>
    public IEnumerable<object> Values => _values;

    /// <summary>Length of the encoded map in bytes; 0 when there are no entries.</summary>
    internal int ByteLength { get; }

    /// <inheritdoc/>
    public object this[string key] => TryGetValue(key, out object value) ? value : throw new KeyNotFoundException($"No metadata entry '{key}'.");

    /// <summary>A copy with a value added or replaced. Values are converted as by the constructor.</summary>
    /// <exception cref="InvalidEmbeddingException">The name is empty or too long, the format has no type for the value, or all of it takes more than 65,535 bytes.</exception>
    public EmbeddingMetadata With(string name, object value)
    {
        object normalised = Normalise(name, value, out _);
        List<KeyValuePair<string, object>> entries = [.. this.Where(pair => pair.Key != name), new(name, normalised)];
        return new EmbeddingMetadata(entries);
    }

    /// <summary>A copy without an entry; this one when it is not there.</summary>
    public EmbeddingMetadata Without(string name)
        => !ContainsKey(name) ? this : Count == 1 ? Empty : new EmbeddingMetadata(this.Where(pair => pair.Key != name));

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Find(key) >= 0;

    /// <inheritdoc/>
    public bool TryGetValue(string key, out object value)
    {
        int index = Find(key);
        value = index >= 0 ? _values[index] : null!;
        return index >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator()
    {
        for (int i = 0; i < _names.Length; i++)
        {
            yield return new KeyValuePair<string, object>(_names[i], _values[i]);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>True when both have the same names with the same values of the same types.</summary>
    public bool Equals(EmbeddingMetadata? other)
    {
        if (other is null || Count != other.Count || ByteLength != other.ByteLength)
        {
            return false;
        }

        for (int i = 0; i < _names.Length; i++)
        {
            if (_names[i] != other._names[i] || !MetadataValue.AreEqual(_values[i], other._values[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EmbeddingMetadata);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        int hash = _names.Length;
        for (int i = 0; i < _names.Length; i++)
        {
            hash = unchecked((hash * 31) + (StringComparer.Ordinal.GetHashCode(_names[i]) ^ MetadataValue.Hash(_values[i])));
        }

        return hash;
    }

    /// <summary>The entries as "{a=1, b=text}", for display.</summary>
    public override string ToString() => "{" + string.Join(", ", this.Select(pair => pair.Key + "=" + MetadataValue.Format(pair.Value))) + "}";

    /// <summary>Takes arrays that are normalised, sorted and free of duplicates already: a decoder's.</summary>
    internal static EmbeddingMetadata FromSorted(string[] names, object[] values, int byteLength) => new(names, values, byteLength);

    private static object Normalise(string name, object value, out int byteLength)
        => MetadataValue.TryNormalise(name, value, out object normalised, out byteLength, out string problem)
            ? normalised
            : throw Invalid($"Metadata entry '{Shorten(name)}' {problem}");

    private static void CheckLength(int byteLength)
    {
        if (byteLength > MetadataValue.MaxMapByteLength)
        {
            throw Invalid($"The metadata takes more than {MetadataValue.MaxMapByteLength} bytes");
        }
    }

    private static InvalidEmbeddingException Invalid(string message) => new(InvalidEmbeddingReason.InvalidMetadata, message);

    private static string Shorten(string? name) => name is null ? string.Empty : name.Length <= 40 ? name : name.Substring(0, 40) + "…";

    private int Find(string name) => Array.BinarySearch(_names, name ?? throw new ArgumentNullException(nameof(name)), StrictUtf8.Order);
}
