using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>What scripts may rely on in an error: its id, its category, and words of its message.</summary>
internal static class ErrorAssert
{
    public static void Is(ErrorRecord error, string id, string commandClass, ErrorCategory category, params string[] words)
    {
        Assert.Equal($"{id},EmbedCache.PowerShell.{commandClass}", error.FullyQualifiedErrorId);
        Assert.Equal(category, error.CategoryInfo.Category);
        foreach (string word in words)
        {
            Assert.Contains(word, error.ToString(), StringComparison.Ordinal);
        }
    }
}
