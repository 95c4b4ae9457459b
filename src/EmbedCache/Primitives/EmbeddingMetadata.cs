using System.Collections;

namespace EmbedCache;

/// <summary>
/// The typed metadata of one record: names (1 to 255 bytes of UTF-8) to values. A value is a <see cref="string"/>, <see cref="long"/>,
/// <see cref="double"/>, <see cref="bool"/>, <see cref="DateTimeOffset"/> (kept as UTC, to the millisecond) or a list of strings. Names are compared
/// byte for byte and enumerate in that order, which is also the order in the file.
/// </summary>
public sealed class EmbeddingMetadata : IReadOnlyDictionary<string, object>
{
    private readonly SortedDictionary<string, object> _values = new(StringComparer.Ordinal);

    /// <summary>Metadata without entries; takes no bytes in the file.</summary>
    public static EmbeddingMetadata Empty { get; } = new();

    /// <inheritdoc/>
    public int Count => _values.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _values.Keys;

    /// <inheritdoc/>
    public IEnumerable<object> Values => _values.Values;

    /// <inheritdoc/>
    public object this[string key] => _values[key];

    /// <summary>Adds or replaces a value. Integers widen to long, float to double, DateTime (local and unspecified taken as local) to DateTimeOffset, sequences of strings to a list.</summary>
    /// <exception cref="InvalidEmbeddingException">The name is empty or too long, or the format has no type for the value.</exception>
    public EmbeddingMetadata With(string name, object value)
    {
        var copy = new EmbeddingMetadata();
        foreach (KeyValuePair<string, object> pair in _values)
        {
            copy._values[pair.Key] = pair.Value;
        }

        copy._values[name] = value;
        return copy;
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, out object value) => _values.TryGetValue(key, out value!);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
