using System.Buffers.Binary;
using System.Text;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Metadata;

/// <summary>
/// A leaf of a filter: one question about the value of one name. What is absent, and what is of a type that the question does not fit, fails it. There is
/// no third truth value: the negation of a test holds wherever the test does not.
/// </summary>
internal sealed class FilterTest : Filter
{
    private readonly HashSet<string>? _manyTexts;

    internal FilterTest(string name, FilterOperator @operator, object[] values, bool ignoreCase)
        : base(depth: 1, nodeCount: 1)
    {
        Name = name;
        NameUtf8 = StrictUtf8.Encoding.GetBytes(name);
        Operator = @operator;
        Values = values;
        IgnoreCase = ignoreCase && values.Any(value => value is string);
        Longs = Ranges(values, LongsFor, range => range.IsEmpty, (a, b) => a.Low.CompareTo(b.Low));
        Doubles = Ranges(values, DoublesFor, range => range.IsEmpty, (a, b) => a.Low.CompareTo(b.Low));
        Dates = Ranges(values, DatesFor, range => range.IsEmpty, (a, b) => a.Low.CompareTo(b.Low));
        HoldsForTrue = values.Contains(true);
        HoldsForFalse = values.Contains(false);
        Texts = [.. values.OfType<string>().Select(text => new TextTest(@operator, text, ignoreCase))];
        if (Texts.Length > 8)
        {
            _manyTexts = new HashSet<string>(values.OfType<string>(), ignoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        }
    }

    public string Name { get; }

    /// <summary>The name as the file has it.</summary>
    public byte[] NameUtf8 { get; }

    public FilterOperator Operator { get; }

    /// <summary>The constants, normalised: none for Exists, several for In, else one.</summary>
    public object[] Values { get; }

    /// <summary>Whether texts are compared without regard to case.</summary>
    public bool IgnoreCase { get; }

    /// <summary>Integers that pass: disjoint ranges, ascending.</summary>
    public LongRange[] Longs { get; }

    /// <summary>Reals that pass, likewise.</summary>
    public DoubleRange[] Doubles { get; }

    /// <summary>Dates that pass, in milliseconds, likewise.</summary>
    public LongRange[] Dates { get; }

    /// <summary>Whether true passes.</summary>
    public bool HoldsForTrue { get; }

    /// <summary>Whether false passes.</summary>
    public bool HoldsForFalse { get; }

    /// <summary>Texts pass that pass any of these.</summary>
    public TextTest[] Texts { get; }

    internal override bool Matches(scoped in MetadataBytes metadata)
        => metadata.TryFind(NameUtf8, out MetadataType type, out ReadOnlySpan<byte> value) && (Operator == FilterOperator.Exists || Holds(type, value));

    /// <summary>Whether an encoded value of a type passes.</summary>
    public bool Holds(MetadataType type, ReadOnlySpan<byte> value) => type switch
    {
        MetadataType.String => Operator != FilterOperator.Exists && HoldsForText(value),
        MetadataType.Long => Holds(Longs, BinaryPrimitives.ReadInt64LittleEndian(value)),
        MetadataType.Double => Holds(Doubles, BitConverter.Int64BitsToDouble(BinaryPrimitives.ReadInt64LittleEndian(value))),
        MetadataType.Date => Holds(Dates, BinaryPrimitives.ReadInt64LittleEndian(value)),
        MetadataType.Bool => value[0] != 0 ? HoldsForTrue : HoldsForFalse,
        MetadataType.StringList => Operator == FilterOperator.Contains && HasItem(value),
        _ => false,
    };

    /// <summary>Whether a text passes.</summary>
    public bool HoldsForText(ReadOnlySpan<byte> utf8)
    {
        if (_manyTexts is not null)
        {
            return _manyTexts.Contains(Encoding.UTF8.GetString(utf8));
        }

        foreach (TextTest test in Texts)
        {
            if (test.Holds(utf8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a list has what is asked for when it has this item.</summary>
    public bool HoldsForItem(ReadOnlySpan<byte> utf8) => Operator == FilterOperator.Contains && Texts[0].EqualsItem(utf8);

    internal override void Write(StringBuilder text, bool isNegated)
    {
        FilterText.AppendName(text, Name);
        if (Operator == FilterOperator.Equal)
        {
            text.Append(isNegated ? " != " : " = ");
        }
        else
        {
            text.Append(isNegated ? " not " : " ").Append(FilterText.Spelling(Operator)).Append(Operator == FilterOperator.Exists ? string.Empty : " ");
        }

        if (Operator == FilterOperator.In)
        {
            text.Append('(');
        }

        for (int i = 0; i < Values.Length; i++)
        {
            FilterText.AppendValue(text.Append(i == 0 ? string.Empty : ", "), Values[i]);
        }

        if (Operator == FilterOperator.In)
        {
            text.Append(')');
        }

        if (IgnoreCase)
        {
            text.Append(" nocase");
        }
    }

    /// <summary>Whether "name not operator" is a form of its own, so that a negation needs no parentheses.</summary>
    internal override bool CanNegate => Operator is FilterOperator.Equal or FilterOperator.In or FilterOperator.Contains or FilterOperator.Exists;

    private bool HasItem(ReadOnlySpan<byte> list)
    {
        var items = new MetadataItems(list);
        while (items.TryRead(out ReadOnlySpan<byte> item))
        {
            if (HoldsForItem(item))
            {
                return true;
            }
        }

        return false;
    }

    private LongRange LongsFor(object value) => value switch
    {
        long integer => NumberRanges.LongsAgainst(Operator, integer),
        double real => NumberRanges.LongsAgainst(Operator, real),
        _ => LongRange.None,
    };

    private DoubleRange DoublesFor(object value) => value switch
    {
        long integer => NumberRanges.DoublesAgainst(Operator, integer),
        double real => NumberRanges.DoublesAgainst(Operator, real),
        _ => DoubleRange.None,
    };

    private LongRange DatesFor(object value)
        => value is DateTimeOffset date ? NumberRanges.LongsAgainst(Operator, UnixTime.FromDateTimeOffset(date)) : LongRange.None;

    private static T[] Ranges<T>(object[] values, Func<object, T> convert, Func<T, bool> isEmpty, Comparison<T> order)
    {
        var ranges = new List<T>(values.Select(convert).Where(range => !isEmpty(range)).Distinct());
        ranges.Sort(order);
        return [.. ranges];
    }

    /// <summary>Only the last range that begins at or below a value can hold it.</summary>
    private static bool Holds(LongRange[] ranges, long value)
    {
        int low = 0;
        int high = ranges.Length;
        while (high - low > 1)
        {
            int middle = (low + high) >> 1;
            (low, high) = ranges[middle].Low <= value ? (middle, high) : (low, middle);
        }

        return ranges.Length > 0 && ranges[low].Holds(value);
    }

    private static bool Holds(DoubleRange[] ranges, double value)
    {
        int low = 0;
        int high = ranges.Length;
        while (high - low > 1)
        {
            int middle = (low + high) >> 1;
            (low, high) = ranges[middle].Low <= value ? (middle, high) : (low, middle);
        }

        return ranges.Length > 0 && ranges[low].Holds(value);
    }
}
