using System.Reflection;

namespace EmbedCache.Loader;

/// <summary>
/// Loads the cmdlets of one module folder where there are no load contexts: Windows PowerShell 5.1, and PowerShell 7 on runtimes before .NET 8.
/// </summary>
public static class ModuleLoader
{
    private const string CmdletFile = "EmbedCache.Ps.dll";

    private static readonly object s_gate = new();
    private static Assembly? s_cmdlets;

    /// <summary>Returns the cmdlet assembly of <paramref name="binPath"/>; what it needs is served from that folder.</summary>
    /// <exception cref="FileNotFoundException">The folder holds no cmdlet assembly.</exception>
    /// <exception cref="InvalidOperationException">Another copy of the module is loaded in this process.</exception>
    public static Assembly Load(string binPath)
    {
        string folder = Path.GetFullPath(binPath).TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
        lock (s_gate)
        {
            SessionGuard.RefuseSecondCopy(folder);
            if (s_cmdlets is null)
            {
                AppDomain.CurrentDomain.AssemblyResolve += new FolderResolver(folder).Resolve;
                s_cmdlets = Assembly.LoadFrom(Path.Combine(folder, CmdletFile));
            }

            return s_cmdlets;
        }
    }
}
