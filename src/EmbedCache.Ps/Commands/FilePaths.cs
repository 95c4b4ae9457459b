using System.Collections.ObjectModel;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>PowerShell paths (drives, wildcards, the session's location) to full paths of the file system.</summary>
internal static class FilePaths
{
    private const string FileSystem = "FileSystem";

    /// <summary>The one file that a path means. Wildcards must match exactly one.</summary>
    /// <exception cref="FilePathException">Another provider, no match, several matches.</exception>
    public static string ResolveOne(PSCmdlet cmdlet, string path, bool literal)
    {
        if (literal || !WildcardPattern.ContainsWildcardCharacters(path))
        {
            return Unresolved(cmdlet, path);
        }

        List<string> matches = ResolveMany(cmdlet, path, literal: false);
        return matches.Count == 1
            ? matches[0]
            : throw new FilePathException("AmbiguousPath", ErrorCategory.InvalidArgument, $"The path '{path}' matches {matches.Count} files, and one is wanted. Use -LiteralPath if the name itself has wildcard characters.", path);
    }

    /// <summary>All files that a path means; without wildcards the file need not be there.</summary>
    /// <exception cref="FilePathException">Another provider, or wildcards that match nothing.</exception>
    public static List<string> ResolveMany(PSCmdlet cmdlet, string path, bool literal)
    {
        if (literal || !WildcardPattern.ContainsWildcardCharacters(path))
        {
            return [Unresolved(cmdlet, path)];
        }

        Collection<string> matches;
        ProviderInfo provider;
        try
        {
            matches = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out provider);
        }
        catch (ItemNotFoundException)
        {
            throw NoMatch(path);
        }

        RequireFileSystem(provider, path);
        return matches.Count > 0 ? [.. matches] : throw NoMatch(path);
    }

    /// <summary>A full path without a look at the disk: for files to be created, too.</summary>
    public static string Unresolved(PSCmdlet cmdlet, string path)
    {
        if (path.Length == 0)
        {
            throw new FilePathException("InvalidPath", ErrorCategory.InvalidArgument, "The path is empty. Name an .edb file.", path);
        }

        if (IsPlain(path) && string.Equals(cmdlet.SessionState.Path.CurrentLocation.Provider.Name, FileSystem, StringComparison.Ordinal))
        {
            return path;
        }

        string full;
        ProviderInfo provider;
        try
        {
            full = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or NotSupportedException or ArgumentException)
        {
            throw new FilePathException("InvalidPath", ErrorCategory.InvalidArgument, $"The path '{path}' is not usable: {exception.Message}", path);
        }

        RequireFileSystem(provider, path);
        return full;
    }

    /// <summary>
    /// True for a path that PowerShell would give back as it is, while the session is in the file system: an absolute Unix path without . or .. in it.
    /// Asking PowerShell costs more than the rest of a cmdlet.
    /// </summary>
    private static bool IsPlain(string path) =>
        System.IO.Path.DirectorySeparatorChar == '/'
        && path[0] == '/'
        && path[path.Length - 1] != '/'
        && path.IndexOfAny(['\\', '`', ':', '~']) < 0
        && path.IndexOf("//", StringComparison.Ordinal) < 0
        && path.IndexOf("/.", StringComparison.Ordinal) < 0;

    private static void RequireFileSystem(ProviderInfo provider, string path)
    {
        if (!string.Equals(provider.Name, FileSystem, StringComparison.OrdinalIgnoreCase))
        {
            throw new FilePathException("NotAFileSystemPath", ErrorCategory.InvalidArgument, $"The path '{path}' belongs to the provider {provider.Name}. An .edb file lives in the file system.", path);
        }
    }

    private static FilePathException NoMatch(string path) =>
        new("FileNotFound", ErrorCategory.ObjectNotFound, $"No file matches '{path}'. New-EmbedCache creates one.", path);
}

/// <summary>A path that names no .edb file to work on, with the error it makes.</summary>
internal sealed class FilePathException(string id, ErrorCategory category, string message, string path) : Exception(message)
{
    public ErrorRecord ToErrorRecord() => ErrorRecords.Create(id, category, Message, path);
}
