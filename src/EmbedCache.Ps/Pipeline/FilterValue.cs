using System.Collections;
using System.Globalization;

namespace EmbedCache.PowerShell;

/// <summary>Values of PowerShell as constants of a filter.</summary>
internal static class FilterValue
{
    /// <summary>A bare value that filters know, a list of such, or null; what a filter cannot have is left for it to refuse.</summary>
    public static object? Normalise(object? value)
    {
        object? bare = VectorConverter.Unwrap(value);
        return bare switch
        {
            null or string => bare,
            Enum or Guid or Uri or Version or char => Convert.ToString(bare, CultureInfo.InvariantCulture),
            IDictionary => bare,
            IEnumerable sequence => sequence.Cast<object?>().Select(Normalise).ToArray(),
            _ => bare,
        };
    }

    /// <summary>One of several values; null among them means that there is none.</summary>
    public static Filter In(string name, IReadOnlyList<object?> values, bool ignoreCase)
    {
        Filter some = Filter.In(name, values.OfType<object>(), ignoreCase);
        return values.Contains(null) ? Filter.Or(some, Filter.Not(Filter.Exists(name))) : some;
    }

    /// <summary>Makes a filter; what the engine refuses is the user's mistake.</summary>
    public static Filter Make(string name, Func<Filter> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException refused) when (refused is not FilterSyntaxException)
        {
            throw new FilterSyntaxException($"The filter of '{KeyText.Shorten(name)}': {FirstLine(refused.Message)}.");
        }
    }

    /// <summary>A message without the name of a parameter that the user never saw.</summary>
    public static string FirstLine(string message)
    {
        int end = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        end = end >= 0 ? end : message.IndexOf(Environment.NewLine, StringComparison.Ordinal);
        return end >= 0 ? message.Substring(0, end) : message;
    }
}
