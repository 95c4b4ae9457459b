using System.Reflection;

namespace EmbedCache.Loader;

/// <summary>Loads the cmdlets of one module folder into a load context of their own.</summary>
public static class ModuleLoader
{
    private const string CmdletFile = "EmbedCache.Ps.dll";

    private static readonly object s_gate = new();
    private static Assembly? s_cmdlets;

    /// <summary>
    /// Returns the cmdlet assembly of <paramref name="binPath"/>, loaded so that neither it nor what it needs meets the session's assemblies. A
    /// module that is removed and imported again gets the same assembly, and its types stay equal.
    /// </summary>
    /// <exception cref="FileNotFoundException">The folder holds no cmdlet assembly.</exception>
    /// <exception cref="InvalidOperationException">Another copy of the module is loaded in this process.</exception>
    public static Assembly Load(string binPath)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(binPath));
        lock (s_gate)
        {
            SessionGuard.RefuseSecondCopy(folder);
            return s_cmdlets ??= new ModuleLoadContext(folder).LoadFromAssemblyPath(Path.Combine(folder, CmdletFile));
        }
    }
}
