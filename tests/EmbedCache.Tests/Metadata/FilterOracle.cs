using System.Globalization;
using EmbedCache.Metadata;

namespace EmbedCache.Tests.Metadata;

/// <summary>Filters and records made at random, and what a filter means spelled out on objects, apart from the engine's encoded form.</summary>
internal static class FilterOracle
{
    private static readonly string[] s_names = ["lang", "Lang", "year", "score", "draft", "seen", "tags", "a name", "größe"];

    private static readonly string[] s_texts = ["", "a", "A", "ab", "Ab", "é", "É", "en", "x'y", "日本", "😀z"];

    private static readonly DateTimeOffset s_date = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static EmbeddingMetadata RandomRecord(Random random)
    {
        EmbeddingMetadata record = EmbeddingMetadata.Empty;
        foreach (string name in s_names)
        {
            if (random.Next(4) > 0)
            {
                record = record.With(name, random.Next(6) == 5 ? RandomList(random) : RandomValue(random));
            }
        }

        return record;
    }

    public static Filter RandomFilter(Random random, int depth)
    {
        int kind = depth == 0 ? 3 + random.Next(7) : random.Next(10);
        string name = random.Next(5) == 0 ? "LANG" : s_names[random.Next(s_names.Length)];
        bool ignoreCase = random.Next(2) == 0;
        return kind switch
        {
            0 => Filter.And(RandomFilter(random, depth - 1), RandomFilter(random, depth - 1)),
            1 => Filter.Or(RandomFilter(random, depth - 1), RandomFilter(random, depth - 1), RandomFilter(random, depth - 1)),
            2 => Filter.Not(RandomFilter(random, depth - 1)),
            3 => Filter.Equal(name, RandomValue(random), ignoreCase),
            4 => Filter.In(name, [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomValue(random))], ignoreCase),
            5 => RandomOrder(random, name, ignoreCase),
            6 => Filter.StartsWith(name, RandomText(random), ignoreCase),
            7 => Filter.Contains(name, RandomText(random), ignoreCase),
            8 => Filter.Exists(name),
            _ => Filter.Between(name, RandomOrdered(random), RandomOrdered(random), ignoreCase),
        };
    }

    public static bool Matches(Filter filter, EmbeddingMetadata record) => filter switch
    {
        FilterConstant constant => constant.Value,
        FilterGroup { IsAnd: true } group => group.Parts.All(part => Matches(part, record)),
        FilterGroup group => group.Parts.Any(part => Matches(part, record)),
        FilterNot negation => !Matches(negation.Part, record),
        _ => Matches((FilterTest)filter, record),
    };

    private static bool Matches(FilterTest test, EmbeddingMetadata record)
    {
        string? name = record.ContainsKey(test.Name) ? test.Name : record.Keys.FirstOrDefault(key => AreEqualInAscii(key, test.Name));
        if (name is null)
        {
            return false;
        }

        object value = record[name];
        StringComparison comparison = test.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return test.Operator switch
        {
            FilterOperator.Exists => true,
            FilterOperator.Contains => value is IReadOnlyList<string> list
                ? list.Any(item => string.Equals(item, (string)test.Values[0], comparison))
                : value is string text && text.IndexOf((string)test.Values[0], comparison) >= 0,
            FilterOperator.StartsWith => value is string text && text.StartsWith((string)test.Values[0], comparison),
            _ => test.Values.Any(constant => Compares(test.Operator, value, constant, comparison)),
        };
    }

    private static bool AreEqualInAscii(string left, string right)
        => left.Length == right.Length && left.Zip(right).All(pair => pair.First == pair.Second
            || (pair.First < 128 && pair.Second < 128 && char.ToUpperInvariant(pair.First) == char.ToUpperInvariant(pair.Second)));

    private static bool Compares(FilterOperator @operator, object value, object constant, StringComparison comparison)
    {
        int? order = (value, constant) switch
        {
            (string text, string other) => comparison == StringComparison.OrdinalIgnoreCase
                ? string.Compare(text, other, comparison)
                : EmbedCache.Primitives.StrictUtf8.Compare(text, other),
            (long or double, long or double) => CompareNumbers(value, constant),
            (DateTimeOffset date, DateTimeOffset other) => date.CompareTo(other),
            (bool truth, bool other) => truth == other ? 0 : null,
            _ => null,
        };
        return order is { } known && @operator switch
        {
            FilterOperator.Less => known < 0,
            FilterOperator.LessOrEqual => known <= 0,
            FilterOperator.Greater => known > 0,
            FilterOperator.GreaterOrEqual => known >= 0,
            _ => known == 0,
        };
    }

    /// <summary>Exact: both sides as decimal where they are small, else as they are.</summary>
    private static int? CompareNumbers(object left, object right)
        => left is double.NaN ? null
            : Convert.ToDecimal(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToDecimal(right, CultureInfo.InvariantCulture));

    private static Filter RandomOrder(Random random, string name, bool ignoreCase)
    {
        object value = RandomOrdered(random);
        return random.Next(4) switch
        {
            0 => Filter.Less(name, value, ignoreCase),
            1 => Filter.LessOrEqual(name, value, ignoreCase),
            2 => Filter.Greater(name, value, ignoreCase),
            _ => Filter.GreaterOrEqual(name, value, ignoreCase),
        };
    }

    private static object RandomOrdered(Random random)
    {
        object value = RandomValue(random);
        return value is bool or double.NaN ? 1L : value;
    }

    private static object RandomValue(Random random) => random.Next(5) switch
    {
        0 => RandomText(random),
        1 => (long)random.Next(-3, 4),
        2 => random.Next(-6, 7) / 2.0,
        3 => random.Next(2) == 0,
        _ => s_date.AddDays(random.Next(3)),
    };

    private static string RandomText(Random random) => s_texts[random.Next(s_texts.Length)];

    private static string[] RandomList(Random random) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomText(random))];
}
