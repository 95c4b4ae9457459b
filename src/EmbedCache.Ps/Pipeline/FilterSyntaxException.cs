namespace EmbedCache.PowerShell;

/// <summary>A -Filter that is none. The message names the place.</summary>
public sealed class FilterSyntaxException : ArgumentException
{
    /// <summary>With a message that says what is wrong, and where.</summary>
    public FilterSyntaxException(string message)
        : base(message)
    {
    }
}
