using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace EmbedCache.PowerShell;

/// <summary>
/// Completes -Key with keys of the file that the command line names, newest first. Takes no longer than somebody who types would notice, and
/// offers nothing for a file that keeps digests only.
/// </summary>
public sealed class KeyCompleter : IArgumentCompleter
{
    private const int MaxCount = 50;
    private const int MaxShownLength = 60;

    private static readonly TimeSpan s_budget = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            using CacheLease? lease = Rent(fakeBoundParameters);
            TimeSpan left = s_budget - watch.Elapsed;
            if (lease is null || lease.Engine.KeyStorage == KeyStorage.Digest || left <= TimeSpan.Zero)
            {
                return [];
            }

            return [.. lease.Engine.FindKeys(Unquote(wordToComplete), MaxCount, left).Where(IsOneLine).Select(ToResult)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException or HandleClosedException or FilePathException or RuntimeException or InvalidOperationException)
        {
            // A completer that throws leaves the user without even the completions of others.
            return [];
        }
    }

    /// <summary>The text typed so far without its quotes.</summary>
    internal static string Unquote(string? word)
    {
        if (string.IsNullOrEmpty(word))
        {
            return string.Empty;
        }

        char quote = word![0];
        if (quote is not ('\'' or '"'))
        {
            return word;
        }

        string inner = word.Substring(1);
        if (inner.Length > 0 && inner[inner.Length - 1] == quote)
        {
            inner = inner.Substring(0, inner.Length - 1);
        }

        return quote == '\'' ? inner.Replace("''", "'") : inner;
    }

    /// <summary>A key as it must be typed.</summary>
    internal static string Quote(string key)
    {
        bool isPlain = key.Length > 0 && (char.IsLetter(key[0]) || key[0] == '_') && key.All(static c => char.IsLetterOrDigit(c) || c is '_' or '.' or '/' or ':');
        return isPlain ? key : "'" + CodeGeneration.EscapeSingleQuotedStringContent(key) + "'";
    }

    private static bool IsOneLine(string key) => !key.Any(char.IsControl);

    private static CompletionResult ToResult(string key)
    {
        string shown = key.Length <= MaxShownLength ? key : key.Substring(0, MaxShownLength - 1) + "…";
        return new CompletionResult(Quote(key), shown, CompletionResultType.ParameterValue, key);
    }

    private static CacheLease? Rent(IDictionary bound)
    {
        if (VectorConverter.Unwrap(bound["Cache"]) is EmbedCacheHandle handle)
        {
            return handle.Rent();
        }

        bool literal = bound.Contains("LiteralPath");
        string? path = VectorConverter.Unwrap(bound[literal ? "LiteralPath" : "Path"]) as string;
        return string.IsNullOrEmpty(path) ? null : CachePool.Shared.Rent(SessionPath.Resolve(path!, literal), writable: false);
    }
}
