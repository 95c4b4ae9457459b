using System.Collections;
using System.Collections.Specialized;
using System.Globalization;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Metadata between PowerShell (hashtables, objects) and the file's typed values.</summary>
internal static class MetadataConverter
{
    /// <summary>Converts a hashtable or an object with properties. Null values are left out.</summary>
    /// <exception cref="InvalidEmbeddingException">A name or value that the format has no type for.</exception>
    public static EmbeddingMetadata? FromObject(object? source, string? key)
    {
        object? value = VectorConverter.Unwrap(source);
        switch (value)
        {
            case null:
                return null;
            case EmbeddingMetadata typed:
                return typed;
            case IDictionary dictionary:
                return FromDictionary(dictionary, key);
            case string or ValueType or Array:
                throw new InvalidEmbeddingException(
                    InvalidEmbeddingReason.InvalidMetadata, $"The metadata is a {value.GetType().Name}; give a hashtable such as @{{ lang = 'en' }}, or an object with properties", key);
            default:
                return FromProperties(PSObject.AsPSObject(source), key);
        }
    }

    /// <summary>Metadata as PowerShell reads it: names without regard to case, unless the file has two that differ by case alone.</summary>
    public static OrderedDictionary ToDictionary(EmbeddingMetadata metadata)
    {
        var table = new OrderedDictionary(metadata.Count, StringComparer.OrdinalIgnoreCase);
        foreach (KeyValuePair<string, object> pair in metadata)
        {
            if (table.Contains(pair.Key))
            {
                return ToExactDictionary(metadata);
            }

            table.Add(pair.Key, ToPowerShell(pair.Value));
        }

        return table;
    }

    /// <summary>Metadata on one line.</summary>
    public static string ToText(IDictionary metadata)
    {
        var parts = new List<string>(metadata.Count);
        foreach (DictionaryEntry entry in metadata)
        {
            parts.Add($"{entry.Key}={ValueText(entry.Value)}");
        }

        return string.Join("; ", parts);
    }

    private static string ValueText(object? value) => value switch
    {
        string text => text,
        DateTimeOffset time => time.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture),
        IEnumerable list => string.Join(",", list.Cast<object>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString() ?? string.Empty,
    };

    private static OrderedDictionary ToExactDictionary(EmbeddingMetadata metadata)
    {
        var table = new OrderedDictionary(metadata.Count, StringComparer.Ordinal);
        foreach (KeyValuePair<string, object> pair in metadata)
        {
            table.Add(pair.Key, ToPowerShell(pair.Value));
        }

        return table;
    }

    private static object ToPowerShell(object value) => value is IReadOnlyCollection<string> list and not string[]? list.ToArray() : value;

    private static EmbeddingMetadata? FromDictionary(IDictionary dictionary, string? key)
    {
        var entries = new List<KeyValuePair<string, object>>(dictionary.Count);
        foreach (DictionaryEntry entry in dictionary)
        {
            string name = VectorConverter.Unwrap(entry.Key) is string text ? text : Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? string.Empty;
            Add(entries, name, entry.Value, key);
        }

        return ToMetadata(entries);
    }

    private static EmbeddingMetadata? FromProperties(PSObject source, string? key)
    {
        var entries = new List<KeyValuePair<string, object>>();
        foreach (PSPropertyInfo property in source.Properties)
        {
            if (property.IsGettable)
            {
                Add(entries, property.Name, property.Value, key);
            }
        }

        return ToMetadata(entries);
    }

    private static EmbeddingMetadata? ToMetadata(List<KeyValuePair<string, object>> entries) => entries.Count == 0 ? null : new EmbeddingMetadata(entries);

    private static void Add(List<KeyValuePair<string, object>> entries, string name, object? value, string? key)
    {
        if (VectorConverter.Unwrap(value) is { } bare)
        {
            entries.Add(new KeyValuePair<string, object>(name, ToTyped(name, bare, key)));
        }
    }

    private static object ToTyped(string name, object value, string? key) => value switch
    {
        string or long or double or bool or DateTimeOffset => value,
        int i => (long)i,
        Enum e => e.ToString(),
        short or ushort or uint or byte or sbyte => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        ulong u => u <= long.MaxValue ? (long)u : throw Unsupported(name, value, key),
        float f => (double)f,
        decimal m => (double)m,
        DateTime time => new DateTimeOffset(time),
        char or Guid or Uri or Version => value.ToString()!,
        SwitchParameter flag => flag.ToBool(),
        IDictionary => throw Unsupported(name, value, key),
        IEnumerable sequence => ToTextList(name, sequence, key),
        _ => throw Unsupported(name, value, key),
    };

    private static string[] ToTextList(string name, IEnumerable sequence, string? key)
    {
        var list = new List<string>();
        foreach (object? element in sequence)
        {
            object? bare = VectorConverter.Unwrap(element);
            list.Add(bare switch
            {
                string text => text,
                char or Guid or Uri or Version or Enum => bare.ToString()!,
                null => throw Unsupported(name, sequence, key),
                _ => throw Unsupported(name, bare, key),
            });
        }

        return [.. list];
    }

    private static InvalidEmbeddingException Unsupported(string name, object value, string? key) =>
        new(
            InvalidEmbeddingReason.InvalidMetadata,
            $"The metadata entry '{name}' holds a {value.GetType().Name}; a value can be text, a number, true or false, a date, or a list of texts",
            key);
}
