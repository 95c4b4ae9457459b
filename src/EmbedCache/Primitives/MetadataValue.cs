using System.Collections;
using System.Collections.ObjectModel;
using System.Globalization;

namespace EmbedCache.Primitives;

/// <summary>
/// The values that metadata can hold, one representation each: string, long, double, bool, DateTimeOffset in UTC to the millisecond, and a read-only list
/// of strings. What comes in is brought to one of these once, here; everything behind it trusts that.
/// </summary>
internal static class MetadataValue
{
    /// <summary>Most bytes of a record's encoded metadata.</summary>
    public const int MaxMapByteLength = 65_535;

    /// <summary>Most bytes of a name in UTF-8.</summary>
    public const int MaxNameByteLength = 255;

    /// <summary>Length of an encoded map before its first entry: the count.</summary>
    public const int MapPrefixByteLength = sizeof(ushort);

    private const int EntryPrefixByteLength = sizeof(byte) + sizeof(byte);
    private const int StringPrefixByteLength = sizeof(ushort);
    private const int ListPrefixByteLength = sizeof(ushort);

    /// <summary>Brings a name and a value to the form that is kept.</summary>
    /// <param name="name">1 to 255 bytes of UTF-8.</param>
    /// <param name="value">Anything.</param>
    /// <param name="normalised">A string, long, double, bool, DateTimeOffset or ReadOnlyCollection of string.</param>
    /// <param name="byteLength">Length of the entry in the file.</param>
    /// <param name="problem">When false is returned: what is wrong, as the rest of a sentence.</param>
    public static bool TryNormalise(string? name, object? value, out object normalised, out int byteLength, out string problem)
    {
        normalised = string.Empty;
        byteLength = 0;
        long nameLength = name is null ? 0 : StrictUtf8.GetByteCount(name);
        if (nameLength is <= 0 or > MaxNameByteLength)
        {
            problem = nameLength < 0 ? "has a lone surrogate in its name" : $"has a name of {nameLength} bytes of UTF-8; 1 to {MaxNameByteLength} are possible";
            return false;
        }

        if (!TryNormaliseValue(value, out normalised, out long valueLength, out problem))
        {
            return false;
        }

        long length = EntryPrefixByteLength + nameLength + valueLength;
        if (length > MaxMapByteLength - MapPrefixByteLength)
        {
            problem = $"takes {length} bytes; all metadata of a record has at most {MaxMapByteLength}";
            return false;
        }

        byteLength = (int)length;
        return true;
    }

    /// <summary>True when two normalised values are the same, in type too.</summary>
    public static bool AreEqual(object left, object right)
        => left is IReadOnlyList<string> leftList && right is IReadOnlyList<string> rightList ? leftList.SequenceEqual(rightList, StringComparer.Ordinal) : left.Equals(right);

    /// <summary>A hash code that agrees with <see cref="AreEqual"/>. Never reaches a file.</summary>
    public static int Hash(object value) => value is IReadOnlyList<string> list ? list.Count : value.GetHashCode();

    /// <summary>A normalised value for display, in the invariant culture.</summary>
    public static string Format(object value) => value switch
    {
        IReadOnlyList<string> list => "[" + string.Join(", ", list) + "]",
        DateTimeOffset date => date.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };

    private static bool TryNormaliseValue(object? value, out object normalised, out long byteLength, out string problem)
    {
        problem = string.Empty;
        byteLength = sizeof(long);
        normalised = string.Empty;
        switch (value)
        {
            case string text:
                normalised = text;
                return TryMeasure(text, out byteLength, out problem);
            case char character:
                normalised = character.ToString();
                return TryMeasure((string)normalised, out byteLength, out problem);
            case bool:
                normalised = value;
                byteLength = sizeof(byte);
                return true;
            case ulong and > long.MaxValue:
                problem = $"is {value}; integers go up to {long.MaxValue}";
                return false;
            case sbyte or byte or short or ushort or int or uint or long or ulong:
                normalised = Convert.ToInt64(value, CultureInfo.InvariantCulture);
                return true;
            case float or double or decimal:
                normalised = Convert.ToDouble(value, CultureInfo.InvariantCulture);
                return true;
            case DateTime date:
                normalised = TruncateDate(date.Kind == DateTimeKind.Utc ? date : date.ToUniversalTime());
                return true;
            case DateTimeOffset date:
                normalised = TruncateDate(date.UtcDateTime);
                return true;
            case IDictionary:
                break;
            case IEnumerable sequence:
                return TryNormaliseList(sequence, out normalised, out byteLength, out problem);
        }

        problem = value is null
            ? "is null; leave the entry out instead"
            : $"is a {value.GetType().Name}; a string, an integer, a double, a bool, a date or a list of strings is possible";
        return false;
    }

    private static DateTimeOffset TruncateDate(DateTime utc)
        => new(utc.Ticks - (utc.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);

    private static bool TryMeasure(string text, out long byteLength, out string problem)
    {
        long length = StrictUtf8.GetByteCount(text);
        byteLength = StringPrefixByteLength + length;
        problem = length < 0 ? "holds a lone surrogate, so it is not well-formed text"
            : length > ushort.MaxValue ? $"has {length} bytes of UTF-8; all metadata of a record has at most {MaxMapByteLength}"
            : string.Empty;
        return problem.Length == 0;
    }

    private static bool TryNormaliseList(IEnumerable sequence, out object normalised, out long byteLength, out string problem)
    {
        normalised = string.Empty;
        byteLength = ListPrefixByteLength;
        problem = string.Empty;
        List<string> list = [];
        foreach (object? item in sequence)
        {
            if (item is not string text)
            {
                problem = $"is a list that holds {(item is null ? "null" : $"a {item.GetType().Name}")}; lists hold strings";
                return false;
            }

            if (!TryMeasure(text, out long itemLength, out problem))
            {
                return false;
            }

            // A sequence need not end: stop at the first item that cannot fit.
            byteLength += itemLength;
            if (byteLength > MaxMapByteLength)
            {
                problem = $"is a list of more than {MaxMapByteLength} bytes; all metadata of a record has at most that";
                return false;
            }

            list.Add(text);
        }

        normalised = new ReadOnlyCollection<string>(list.ToArray());
        return true;
    }
}
