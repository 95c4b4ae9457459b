using System.Collections.ObjectModel;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Resolves a path where there is no cmdlet to ask: in a completer.</summary>
internal static class SessionPath
{
    private const string Script =
        "param($path, $literal) " +
        "if ($literal -or -not [System.Management.Automation.WildcardPattern]::ContainsWildcardCharacters($path)) { $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path) } " +
        "else { $provider = $null; $ExecutionContext.SessionState.Path.GetResolvedProviderPathFromPSPath($path, [ref] $provider) }";

    public static string Resolve(string path, bool literal)
    {
        using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
        Collection<string> found = shell.AddScript(Script, useLocalScope: true).AddArgument(path).AddArgument(literal).Invoke<string>();
        return found.Count == 1
            ? found[0]
            : throw new FilePathException("AmbiguousPath", ErrorCategory.InvalidArgument, $"The path '{path}' matches {found.Count} files.", path);
    }
}
