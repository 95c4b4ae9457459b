using System.Collections;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>
/// What -Filter takes, as a filter of the engine: a script block (read, never run), a hashtable (all of its entries are equal; an array means one of several), a filter's
/// text, or a filter.
/// </summary>
internal static class FilterConverter
{
    /// <summary>Converts.</summary>
    /// <param name="value">What -Filter was given.</param>
    /// <param name="variables">Where the caller's variables are looked up.</param>
    /// <exception cref="FilterSyntaxException">It is no filter; the message says why and where.</exception>
    /// <exception cref="InvalidFilterException">It is a text that is no filter.</exception>
    public static Filter ToFilter(object? value, Func<string, PSVariable?> variables)
    {
        object? bare = VectorConverter.Unwrap(value);
        return bare switch
        {
            Filter filter => filter,
            ScriptBlock script => new FilterScript(variables).Read(script),
            string text => Filter.Parse(text),
            IDictionary dictionary => FromDictionary(dictionary),
            null => throw new FilterSyntaxException("The filter is null. Give a script block such as { $_.lang -eq 'en' }, or a hashtable such as @{ lang = 'en' }."),
            _ => throw new FilterSyntaxException($"A {bare.GetType().Name} is no filter. Give a script block such as {{ $_.lang -eq 'en' }}, or a hashtable such as @{{ lang = 'en' }}."),
        };
    }

    private static Filter FromDictionary(IDictionary dictionary)
    {
        var filters = new List<Filter>(dictionary.Count);
        foreach (DictionaryEntry entry in dictionary)
        {
            string name = VectorConverter.Unwrap(entry.Key) as string
                ?? throw new FilterSyntaxException($"The filter has a {entry.Key.GetType().Name} as a name; names are texts.");
            object? value = FilterValue.Normalise(entry.Value);
            filters.Add(FilterValue.Make(name, () => value switch
            {
                null => Filter.Not(Filter.Exists(name)),
                IReadOnlyList<object?> many => FilterValue.In(name, many, ignoreCase: true),
                _ => Filter.Equal(name, value, ignoreCase: true),
            }));
        }

        // A hashtable has no order of its own.
        filters.Sort((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
        return Filter.And([.. filters]);
    }
}
