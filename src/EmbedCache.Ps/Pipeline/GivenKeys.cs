using System.Globalization;

namespace EmbedCache.PowerShell;

/// <summary>
/// The texts given by -Key on the command line, for vectors that come through the pipeline without a key of their own. Each text is used
/// once: by the index that the response gives, else in order. A second use is refused, since a vector under the wrong text would never be noticed.
/// </summary>
internal sealed class GivenKeys(string[] keys)
{
    private readonly bool[] _used = new bool[keys.Length];
    private int _next;

    public int Count => keys.Length;

    /// <summary>Texts that no vector came for.</summary>
    public IEnumerable<string> Unused => keys.Where((_, i) => !_used[i]);

    /// <summary>The text for the next vector.</summary>
    /// <param name="index">Its position in the response, or null.</param>
    /// <param name="key">The text.</param>
    /// <param name="problem">Why there is none.</param>
    public bool TryTake(int? index, out string key, out string problem)
    {
        int position = index ?? _next;
        key = string.Empty;
        problem = string.Empty;
        if (position < 0 || position >= keys.Length)
        {
            problem = index is null
                ? $"More vectors came than -Key has texts ({Text(keys.Length)}). Give one text for each vector, in their order."
                : $"The response has an embedding with index {Text(position)}, but -Key has {Text(keys.Length)} texts. Give the texts of the request, in their order.";
            return false;
        }

        if (_used[position])
        {
            problem = $"Two embeddings came with index {Text(position)}. Pipe each response by itself, with the texts of its own request as -Key.";
            return false;
        }

        _used[position] = true;
        _next = position + 1;
        key = keys[position];
        return true;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
