namespace EmbedCache.PowerShell;

/// <summary>Keys in messages: shortened, on one line.</summary>
internal static class KeyText
{
    private const int MaxLength = 60;

    public static string Shorten(string key)
    {
        string line = key.IndexOfAny(['\r', '\n', '\t']) < 0 ? key : key.Replace('\r', ' ').Replace('\n', ' ').Replace('\t', ' ');
        return line.Length <= MaxLength ? line : line.Substring(0, MaxLength - 1) + "…";
    }

    /// <summary>The subject of a sentence about a record.</summary>
    public static string Describe(string? key) => string.IsNullOrEmpty(key) ? "A record without a key" : $"The record '{Shorten(key!)}'";
}
