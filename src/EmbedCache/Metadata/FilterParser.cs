using System.Globalization;
using EmbedCache.Primitives;

namespace EmbedCache.Metadata;

/// <summary>
/// Reads the text form of a filter by recursive descent, counting how deep it is: hostile text ends in an error, never in the stack.
/// <code>
///   either   any ( "or" any )*
///   any      each ( "and" each )*
///   each     "not" each | "(" either ")" | "true" | "false" | name test
///   test     ( "=" | "==" | "!=" | "&lt;&gt;" | "&lt;" | "&lt;=" | "&gt;" | "&gt;=" ) value [ "nocase" ]
///            | [ "not" ] "in" "(" value ( "," value )* ")" [ "nocase" ]
///            | [ "not" ] "between" value "and" value [ "nocase" ]
///            | [ "not" ] ( "starts" "with" | "contains" ) text [ "nocase" ]
///            | [ "not" ] "exists"
///   value    text | number | "true" | "false" | "date" text
/// </code>
/// </summary>
internal sealed class FilterParser
{
    private const int MaxLength = 1 << 20;

    private readonly FilterScanner _scanner;
    private FilterToken _token;
    private int _depth;

    public FilterParser(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new InvalidFilterException($"The filter has {text.Length} characters; {MaxLength} are possible", MaxLength + 1);
        }

        _scanner = new FilterScanner(text);
        _token = _scanner.Next();
    }

    /// <summary>The whole text as one filter.</summary>
    /// <exception cref="InvalidFilterException">It is none.</exception>
    public Filter Parse()
    {
        Filter filter = ParseEither();
        return _token.Kind == FilterTokenKind.End ? filter : throw Unexpected("'and', 'or' or the end");
    }

    private Filter ParseEither() => ParseJoined("or", ParseAny, Filter.Or);

    private Filter ParseAny() => ParseJoined("and", ParseEach, Filter.And);

    private Filter ParseJoined(string word, Func<Filter> parsePart, Func<Filter[], Filter> join)
    {
        int position = _token.Position;
        List<Filter> parts = [parsePart()];
        while (_token.IsWord(word))
        {
            Advance();
            parts.Add(parsePart());
            if (parts.Count > Filter.MaxNodeCount)
            {
                throw TooLarge(_token.Position);
            }
        }

        return Make(() => join([.. parts]), position);
    }

    private Filter ParseEach()
    {
        int position = _token.Position;
        if (++_depth > Filter.MaxDepth)
        {
            throw TooLarge(position);
        }

        Filter filter;
        if (TryTakeWord("not"))
        {
            filter = Make(() => Filter.Not(ParseEach()), position);
        }
        else if (_token.Is("("))
        {
            Advance();
            filter = ParseEither();
            Expect(")");
        }
        else if (_token.IsWord("true") || _token.IsWord("false"))
        {
            filter = _token.IsWord("true") ? Filter.Everything : Filter.Nothing;
            Advance();
        }
        else
        {
            filter = ParseTest();
        }

        _depth--;
        return filter;
    }

    private Filter ParseTest()
    {
        FilterToken name = _token;
        if (name.Kind != FilterTokenKind.QuotedName && (name.Kind != FilterTokenKind.Word || FilterText.IsKeyword(name.Text)))
        {
            throw Unexpected("the name of a metadata entry");
        }

        Advance();
        bool isNegated = TryTakeWord("not");
        Filter test = ParseOperation(name, isNegated);
        return isNegated ? Make(() => Filter.Not(test), name.Position) : test;
    }

    private Filter ParseOperation(FilterToken name, bool isNegated)
    {
        if (TryTakeWord("exists"))
        {
            return Make(() => Filter.Exists(name.Text), name.Position);
        }

        if (TryTakeWord("in"))
        {
            return ParseIn(name);
        }

        if (TryTakeWord("contains"))
        {
            return ParseWithText(name, Filter.Contains);
        }

        if (TryTakeWord("starts"))
        {
            return TryTakeWord("with") ? ParseWithText(name, Filter.StartsWith) : throw Unexpected("'with'");
        }

        if (TryTakeWord("between"))
        {
            object low = ParseValue();
            object high = TryTakeWord("and") ? ParseValue() : throw Unexpected("'and' and the upper bound");
            return MakeTest(name, ignoreCase => Filter.Between(name.Text, low, high, ignoreCase));
        }

        if (isNegated || _token.Kind != FilterTokenKind.Symbol || Comparison(_token.Text) is not { } comparison)
        {
            throw Unexpected(isNegated ? "'in', 'between', 'starts with', 'contains' or 'exists'" : "a comparison such as '=', 'in', 'contains' or 'exists'");
        }

        Advance();
        object value = ParseValue();
        return MakeTest(name, ignoreCase => comparison(name.Text, value, ignoreCase));
    }

    private static Func<string, object, bool, Filter>? Comparison(string symbol) => symbol switch
    {
        "=" or "==" => Filter.Equal,
        "!=" or "<>" => Filter.NotEqual,
        "<" => Filter.Less,
        "<=" => Filter.LessOrEqual,
        ">" => Filter.Greater,
        ">=" => Filter.GreaterOrEqual,
        _ => null,
    };

    private Filter ParseIn(FilterToken name)
    {
        Expect("(");
        List<object> values = [ParseValue()];
        while (_token.Is(","))
        {
            Advance();
            values.Add(ParseValue());
        }

        Expect(")");
        return MakeTest(name, ignoreCase => Filter.In(name.Text, values, ignoreCase));
    }

    private Filter ParseWithText(FilterToken name, Func<string, string, bool, Filter> make)
    {
        FilterToken text = _token;
        if (text.Kind != FilterTokenKind.Text)
        {
            throw Unexpected("a text in single quotes");
        }

        Advance();
        return MakeTest(name, ignoreCase => make(name.Text, text.Text, ignoreCase));
    }

    private object ParseValue()
    {
        FilterToken token = _token;
        object value;
        if (token.Kind == FilterTokenKind.Text)
        {
            value = token.Text;
        }
        else if (token.Kind == FilterTokenKind.Number)
        {
            value = Number(token);
        }
        else if (token.IsWord("true") || token.IsWord("false"))
        {
            value = token.IsWord("true");
        }
        else if (TryTakeWord("date"))
        {
            value = Date(_token);
        }
        else
        {
            throw Unexpected("a value: a text in single quotes, a number, true, false, or date '2024-05-01'");
        }

        Advance();
        return value;
    }

    private static object Number(FilterToken token)
    {
        if (long.TryParse(token.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            return integer;
        }

        const NumberStyles RealStyle = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(token.Text, RealStyle, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real)
            ? real
            : throw new InvalidFilterException($"{token.Display} is not a number that can be compared with", token.Position);
    }

    private static object Date(FilterToken token)
        => token.Kind == FilterTokenKind.Text
            && DateTimeOffset.TryParse(token.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset date)
            ? date
            : throw new InvalidFilterException($"{token.Display} is not a date; write date '2024-05-01' or date '2024-05-01T12:00:00Z' (UTC unless it says otherwise)", token.Position);

    /// <summary>A test, and the word that may stand behind it.</summary>
    private Filter MakeTest(FilterToken name, Func<bool, Filter> make)
    {
        bool ignoreCase = TryTakeWord("nocase");
        return Make(() => make(ignoreCase), name.Position);
    }

    /// <summary>What a factory refuses is a mistake of the text.</summary>
    private static Filter Make(Func<Filter> make, int position)
    {
        try
        {
            return make();
        }
        catch (ArgumentException refused)
        {
            throw new InvalidFilterException(FirstLine(refused.Message), position);
        }
    }

    /// <summary>Without the name of the parameter, which is not the reader's.</summary>
    private static string FirstLine(string message)
    {
        int end = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        end = end >= 0 ? end : message.IndexOf(Environment.NewLine, StringComparison.Ordinal);
        return end >= 0 ? message.Substring(0, end) : message;
    }

    private void Advance() => _token = _scanner.Next();

    private bool TryTakeWord(string word)
    {
        bool isThere = _token.IsWord(word);
        if (isThere)
        {
            Advance();
        }

        return isThere;
    }

    private void Expect(string symbol)
    {
        if (!_token.Is(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }

        Advance();
    }

    private InvalidFilterException Unexpected(string expected) => new($"{expected} is expected, not {_token.Display}", _token.Position);

    private static InvalidFilterException TooLarge(int position)
        => new($"The filter is too large: it may be nested {Filter.MaxDepth} deep and have {Filter.MaxNodeCount} parts", position);
}
