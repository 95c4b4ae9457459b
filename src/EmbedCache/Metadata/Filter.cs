using System.Buffers;
using System.Text;
using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Primitives;

namespace EmbedCache;

/// <summary>
/// Which records a search may return, by their metadata: an immutable tree of tests joined by and, or, not.
/// <para>
/// A test of a name that a record does not have, or has with a value of another type, fails; there is no third truth value, so <see cref="Not"/> of it
/// passes: <c>year &lt; 2020</c> leaves out records without a year, <c>not year &lt; 2020</c> lets them in, and so does <c>lang != 'en'</c> with records
/// without a language. Integers and reals compare as numbers, texts by code point (with case, unless told to ignore it), dates by the millisecond;
/// booleans know equality alone, lists <see cref="Contains"/> and <see cref="Exists"/> alone. A name means the entry of exactly that name or, where a
/// record has none, the first that differs from it in the case of ASCII letters alone.
/// </para>
/// <para>
/// <see cref="ToString"/> gives the text form, which <see cref="Parse"/> reads: <c>lang = 'en' and year between 2020 and 2024 and not draft = true</c>.
/// Two filters are equal when their text forms are.
/// </para>
/// </summary>
public abstract class Filter : IEquatable<Filter>
{
    /// <summary>Deepest nesting of a filter.</summary>
    internal const int MaxDepth = 64;

    /// <summary>Most tests, negations and groups of a filter.</summary>
    internal const int MaxNodeCount = 4096;

    /// <summary>Up to 2^53 every integer is a double.</summary>
    private const long DoubleIntegers = 1L << 53;

    private string? _text;

    private protected Filter(int depth, int nodeCount)
    {
        Depth = depth;
        NodeCount = nodeCount;
        if (depth > MaxDepth || nodeCount > MaxNodeCount)
        {
            throw new ArgumentException($"The filter is too large: it may be nested {MaxDepth} deep and have {MaxNodeCount} parts");
        }
    }

    /// <summary>Every record passes.</summary>
    public static Filter Everything { get; } = new FilterConstant(true);

    /// <summary>No record passes.</summary>
    public static Filter Nothing { get; } = new FilterConstant(false);

    internal int Depth { get; }

    internal int NodeCount { get; }

    /// <summary>Whether a negation can be spelled within it.</summary>
    internal virtual bool CanNegate => false;

    /// <summary>The value is equal: in type too, but that integers and reals are one.</summary>
    /// <param name="name">Name of the entry, 1 to 255 bytes of UTF-8.</param>
    /// <param name="value">Text, number, boolean or date, converted as by <see cref="EmbeddingMetadata"/>.</param>
    /// <param name="ignoreCase">Texts: without regard to case (<see cref="StringComparison.OrdinalIgnoreCase"/>).</param>
    /// <exception cref="ArgumentException">No value that a filter can have.</exception>
    public static Filter Equal(string name, object value, bool ignoreCase = false) => Test(name, FilterOperator.Equal, value, ignoreCase);

    /// <summary>The negation of <see cref="Equal"/>: also where there is no value.</summary>
    /// <exception cref="ArgumentException">No value that a filter can have.</exception>
    public static Filter NotEqual(string name, object value, bool ignoreCase = false) => Not(Equal(name, value, ignoreCase));

    /// <summary>The value is a number, date or text below.</summary>
    /// <exception cref="ArgumentException">No value that has an order.</exception>
    public static Filter Less(string name, object value, bool ignoreCase = false) => Test(name, FilterOperator.Less, value, ignoreCase);

    /// <summary>The value is a number, date or text not above.</summary>
    /// <exception cref="ArgumentException">No value that has an order.</exception>
    public static Filter LessOrEqual(string name, object value, bool ignoreCase = false) => Test(name, FilterOperator.LessOrEqual, value, ignoreCase);

    /// <summary>The value is a number, date or text above.</summary>
    /// <exception cref="ArgumentException">No value that has an order.</exception>
    public static Filter Greater(string name, object value, bool ignoreCase = false) => Test(name, FilterOperator.Greater, value, ignoreCase);

    /// <summary>The value is a number, date or text not below.</summary>
    /// <exception cref="ArgumentException">No value that has an order.</exception>
    public static Filter GreaterOrEqual(string name, object value, bool ignoreCase = false) => Test(name, FilterOperator.GreaterOrEqual, value, ignoreCase);

    /// <summary>The value is not below <paramref name="low"/> and not above <paramref name="high"/>.</summary>
    /// <exception cref="ArgumentException">No values that have an order.</exception>
    public static Filter Between(string name, object low, object high, bool ignoreCase = false)
        => And(GreaterOrEqual(name, low, ignoreCase), LessOrEqual(name, high, ignoreCase));

    /// <summary>The value is equal to one of several; of none, nothing passes.</summary>
    /// <exception cref="ArgumentException">No values that a filter can have.</exception>
    public static Filter In(string name, IEnumerable<object> values, bool ignoreCase = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        CheckName(name);
        object[] constants = [.. values.Select(value => Constant(FilterOperator.In, value)).Distinct()];
        return constants.Length == 0 ? Nothing : new FilterTest(name, FilterOperator.In, constants, ignoreCase);
    }

    /// <summary>The negation of <see cref="In"/>: also where there is no value.</summary>
    /// <exception cref="ArgumentException">No values that a filter can have.</exception>
    public static Filter NotIn(string name, IEnumerable<object> values, bool ignoreCase = false) => Not(In(name, values, ignoreCase));

    /// <summary>The value is a text that begins with <paramref name="text"/>.</summary>
    /// <exception cref="ArgumentException">The text is not well-formed.</exception>
    public static Filter StartsWith(string name, string text, bool ignoreCase = false) => Test(name, FilterOperator.StartsWith, text, ignoreCase);

    /// <summary>The value is a list with an item equal to <paramref name="text"/>, or a text that has it as a part.</summary>
    /// <exception cref="ArgumentException">The text is not well-formed.</exception>
    public static Filter Contains(string name, string text, bool ignoreCase = false) => Test(name, FilterOperator.Contains, text, ignoreCase);

    /// <summary>There is a value, of any type.</summary>
    /// <exception cref="ArgumentException">No name that an entry can have.</exception>
    public static Filter Exists(string name)
    {
        CheckName(name);
        return new FilterTest(name, FilterOperator.Exists, [], ignoreCase: false);
    }

    /// <summary>All of the filters pass; of none, everything.</summary>
    /// <exception cref="ArgumentException">The filter would be nested more than 64 deep or have more than 4,096 parts.</exception>
    public static Filter And(params Filter[] filters) => Join(filters, isAnd: true);

    /// <summary>One of the filters passes at least; of none, nothing.</summary>
    /// <exception cref="ArgumentException">The filter would be nested more than 64 deep or have more than 4,096 parts.</exception>
    public static Filter Or(params Filter[] filters) => Join(filters, isAnd: false);

    /// <summary>The filter does not pass.</summary>
    /// <exception cref="ArgumentException">The filter would be nested more than 64 deep or have more than 4,096 parts.</exception>
    public static Filter Not(Filter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return filter switch
        {
            FilterNot negation => negation.Part,
            FilterConstant constant => constant.Value ? Nothing : Everything,
            _ => new FilterNot(filter),
        };
    }

    /// <summary>
    /// Reads the text form. Names are bare words (letters, digits, _ and .) or in double quotes; texts stand in single quotes, dates as
    /// <c>date '2024-05-01T12:00:00Z'</c>, numbers and true and false as they are; a quote within quotes is doubled. Tests are <c>= != &lt; &lt;= &gt; &gt;=</c>,
    /// <c>between x and y</c>, <c>in (x, y)</c>, <c>starts with</c>, <c>contains</c> and <c>exists</c>, the last three and <c>in</c> also with <c>not</c> in
    /// front; <c>nocase</c> behind the constant ignores the case of texts. <c>not</c> binds most, then <c>and</c>, then <c>or</c>; parentheses group.
    /// </summary>
    /// <param name="text">At most 1,048,576 characters.</param>
    /// <exception cref="InvalidFilterException">The text is no filter; says where.</exception>
    public static Filter Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new FilterParser(text).Parse();
    }

    /// <summary>Whether metadata passes.</summary>
    public bool Matches(EmbeddingMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(metadata.ByteLength);
        try
        {
            return Matches(new MetadataBytes(bytes.AsSpan(0, MetadataCodec.Write(metadata, bytes)), null, 0));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>The text form.</summary>
    public sealed override string ToString()
    {
        if (_text is null)
        {
            var text = new StringBuilder();
            Write(text, isNegated: false);
            _text = text.ToString();
        }

        return _text;
    }

    /// <inheritdoc/>
    public bool Equals(Filter? other) => other is not null && (ReferenceEquals(this, other) || ToString() == other.ToString());

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as Filter);

    /// <inheritdoc/>
    public sealed override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>Whether a record's metadata passes, decided on its bytes.</summary>
    internal abstract bool Matches(scoped in MetadataBytes metadata);

    /// <summary>Appends the text form, that of the negation where <see cref="CanNegate"/> says that there is one.</summary>
    internal abstract void Write(StringBuilder text, bool isNegated);

    private static FilterTest Test(string name, FilterOperator @operator, object value, bool ignoreCase)
    {
        CheckName(name);
        return new FilterTest(name, @operator, [Constant(@operator, value)], ignoreCase);
    }

    private static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!MetadataValue.TryNormalise(name, string.Empty, out _, out _, out string problem))
        {
            throw new ArgumentException("The entry that the filter names " + problem, nameof(name));
        }
    }

    private static object Constant(FilterOperator @operator, object value)
    {
        // A whole number of more than 53 bits is one that a double has not.
        value = value is decimal and (>= long.MinValue and < -DoubleIntegers or > DoubleIntegers and <= long.MaxValue) && decimal.Truncate((decimal)value) == (decimal)value ? (long)(decimal)value : value;
        if (!MetadataValue.TryNormalise("value", value, out object constant, out _, out string problem))
        {
            throw new ArgumentException("The value to compare with " + problem, nameof(value));
        }

        return constant switch
        {
            double real when !double.IsFinite(real) => throw new ArgumentException("Only finite numbers can be compared with", nameof(value)),
            string or long or double or DateTimeOffset => constant,
            bool when @operator is FilterOperator.Equal or FilterOperator.In => constant,
            bool => throw new ArgumentException("True and false have no order", nameof(value)),
            _ => throw new ArgumentException("A list is no value to compare with: use In for several values, Contains for the item of a list", nameof(value)),
        };
    }

    private static Filter Join(Filter[] filters, bool isAnd)
    {
        ArgumentNullException.ThrowIfNull(filters);
        var parts = new List<Filter>(filters.Length);
        foreach (Filter filter in filters)
        {
            ArgumentNullException.ThrowIfNull(filter, nameof(filters));
            if (filter is FilterGroup group && group.IsAnd == isAnd)
            {
                parts.AddRange(group.Parts);
            }
            else
            {
                parts.Add(filter);
            }
        }

        return parts.Count switch
        {
            0 => isAnd ? Everything : Nothing,
            1 => parts[0],
            _ => new FilterGroup(isAnd, [.. parts]),
        };
    }
}
