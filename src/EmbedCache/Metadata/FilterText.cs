using System.Globalization;
using System.Text;
using EmbedCache.Primitives;

namespace EmbedCache.Metadata;

/// <summary>How names, constants and operators of a filter are spelled.</summary>
internal static class FilterText
{
    private static readonly string[] s_keywords =
    [
        "and", "between", "contains", "date", "exists", "false", "in", "nocase", "not", "or", "starts", "true", "with",
    ];

    public static string Spelling(FilterOperator @operator) => @operator switch
    {
        FilterOperator.Exists => "exists",
        FilterOperator.Equal => "=",
        FilterOperator.In => "in",
        FilterOperator.Less => "<",
        FilterOperator.LessOrEqual => "<=",
        FilterOperator.Greater => ">",
        FilterOperator.GreaterOrEqual => ">=",
        FilterOperator.StartsWith => "starts with",
        _ => "contains",
    };

    /// <summary>True for a word of the language, which is a name only in quotes.</summary>
    public static bool IsKeyword(string word) => Array.Exists(s_keywords, keyword => string.Equals(keyword, word, StringComparison.OrdinalIgnoreCase));

    public static bool IsNameStart(char unit) => char.IsLetter(unit) || unit == '_';

    public static bool IsNamePart(char unit) => char.IsLetterOrDigit(unit) || unit is '_' or '.';

    public static void AppendName(StringBuilder text, string name)
    {
        bool isBare = IsNameStart(name[0]) && name.All(IsNamePart) && !IsKeyword(name);
        text.Append(isBare ? name : Quote(name, '"'));
    }

    public static void AppendValue(StringBuilder text, object value) => text.Append(value switch
    {
        string constant => Quote(constant, '\''),
        bool truth => truth ? "true" : "false",
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        double real => Real(real),
        _ => "date '" + MetadataValue.Format(value) + "'",
    });

    /// <summary>The shortest digits that read back as the same number, and always as a real.</summary>
    private static string Real(double value)
    {
        string digits = value.ToString("R", CultureInfo.InvariantCulture);
        return digits.IndexOfAny(['.', 'E']) >= 0 ? digits : digits + ".0";
    }

    private static string Quote(string text, char quote)
        => quote + text.Replace(quote.ToString(), new string(quote, 2)) + quote;
}
