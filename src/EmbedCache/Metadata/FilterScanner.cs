using System.Text;

namespace EmbedCache.Metadata;

/// <summary>What a piece of a filter's text is.</summary>
internal enum FilterTokenKind
{
    End,

    /// <summary>A bare word: a name or a word of the language.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    QuotedName,

    /// <summary>A text in single quotes.</summary>
    Text,

    /// <summary>A number, as it is written.</summary>
    Number,

    /// <summary>An operator, a parenthesis or a comma.</summary>
    Symbol,
}

/// <summary>A piece of a filter's text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters, without quotes.</param>
/// <param name="Position">Where it begins, from 1.</param>
internal readonly record struct FilterToken(FilterTokenKind Kind, string Text, int Position)
{
    public bool Is(string symbol) => Kind == FilterTokenKind.Symbol && Text == symbol;

    public bool IsWord(string word) => Kind == FilterTokenKind.Word && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);

    /// <summary>For messages.</summary>
    public string Display => Kind == FilterTokenKind.End ? "the end" : Text.Length <= 40 ? $"'{Text}'" : $"'{Text.Substring(0, 40)}…'";
}

/// <summary>Cuts a filter's text into pieces.</summary>
internal sealed class FilterScanner(string text)
{
    // Longer ones first.
    private static readonly string[] s_symbols = ["<=", ">=", "!=", "<>", "==", "<", ">", "=", "(", ")", ","];

    private int _next;

    /// <summary>The next piece.</summary>
    /// <exception cref="InvalidFilterException">There is none that the language has.</exception>
    public FilterToken Next()
    {
        while (_next < text.Length && char.IsWhiteSpace(text[_next]))
        {
            _next++;
        }

        int start = _next;
        if (start == text.Length)
        {
            return new FilterToken(FilterTokenKind.End, string.Empty, start + 1);
        }

        char unit = text[start];
        if (FilterText.IsNameStart(unit))
        {
            return Take(FilterTokenKind.Word, FilterText.IsNamePart);
        }

        if (unit is '\'' or '"')
        {
            return TakeQuoted(unit);
        }

        if (char.IsDigit(unit) || (unit is '-' or '+' && start + 1 < text.Length && char.IsDigit(text[start + 1])))
        {
            return TakeNumber();
        }

        foreach (string symbol in s_symbols)
        {
            if (string.CompareOrdinal(text, start, symbol, 0, symbol.Length) == 0)
            {
                _next += symbol.Length;
                return new FilterToken(FilterTokenKind.Symbol, symbol, start + 1);
            }
        }

        throw new InvalidFilterException($"'{unit}' means nothing here; texts stand in single quotes, unusual names in double quotes", start + 1);
    }

    private FilterToken Take(FilterTokenKind kind, Func<char, bool> belongs)
    {
        int start = _next++;
        while (_next < text.Length && belongs(text[_next]))
        {
            _next++;
        }

        return new FilterToken(kind, text.Substring(start, _next - start), start + 1);
    }

    /// <summary>Digits and what stands between them: whether that is a number, the parser finds out.</summary>
    private FilterToken TakeNumber()
    {
        int start = _next++;
        while (_next < text.Length
            && (FilterText.IsNamePart(text[_next]) || (text[_next] is '-' or '+' && text[_next - 1] is 'e' or 'E')))
        {
            _next++;
        }

        return new FilterToken(FilterTokenKind.Number, text.Substring(start, _next - start), start + 1);
    }

    private FilterToken TakeQuoted(char quote)
    {
        int start = _next++;
        var content = new StringBuilder();
        while (_next < text.Length)
        {
            char unit = text[_next++];
            if (unit != quote)
            {
                content.Append(unit);
            }
            else if (_next < text.Length && text[_next] == quote)
            {
                content.Append(quote);
                _next++;
            }
            else
            {
                return new FilterToken(quote == '"' ? FilterTokenKind.QuotedName : FilterTokenKind.Text, content.ToString(), start + 1);
            }
        }

        throw new InvalidFilterException($"The quote {quote} is never closed", start + 1);
    }
}
