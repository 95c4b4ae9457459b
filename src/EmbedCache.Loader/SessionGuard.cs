using System.Reflection;

namespace EmbedCache.Loader;

/// <summary>
/// One process, one copy of the module. Load contexts would keep two copies apart, but PowerShell would not: it caches what it learns about cmdlets
/// by type name, for the whole process, and then hands the cmdlets of one copy to the binder of the other.
/// </summary>
internal static class SessionGuard
{
    private const string CmdletAssembly = "EmbedCache.Ps";

    /// <summary>Throws when the cmdlets of another folder are loaded in this process.</summary>
    /// <exception cref="InvalidOperationException">They are; the message names both and says what to do.</exception>
    public static void RefuseSecondCopy(string folder)
    {
        foreach (Assembly loaded in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (loaded.IsDynamic || loaded.GetName().Name != CmdletAssembly)
            {
                continue;
            }

            string? loadedFolder = Path.GetDirectoryName(loaded.Location);
            if (!string.Equals(loadedFolder, folder, StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException(
                    $"EmbedCache {loaded.GetName().Version?.ToString(3)} was imported in this session from '{loadedFolder}', and PowerShell cannot let go of it. "
                    + $"To use the one in '{folder}', start a new session.");
            }
        }
    }
}
