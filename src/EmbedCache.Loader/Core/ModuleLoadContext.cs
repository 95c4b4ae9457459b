using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace EmbedCache.Loader;

/// <summary>
/// Serves assemblies from the module's folder first and everything else from the session. What stands in the folder is the module's own business:
/// a session, or another module, may hold other versions of the same assemblies. Types that cross the border (System.Management.Automation's, the
/// base library's) are not in the folder and so are the session's.
/// </summary>
internal sealed class ModuleLoadContext(string folder) : AssemblyLoadContext($"EmbedCache ({folder})")
{
    // Read once, and not asked of the disk at each load: assemblies are also loaded while code waits to read the error that a native call left, and
    // a look at the disk would leave its own in that place.
    private readonly HashSet<string> _names = [.. Directory.EnumerateFiles(folder, "*.dll").Select(static file => Path.GetFileNameWithoutExtension(file))];

    // Assemblies that were also compiled ahead of time for this system: the same ones, quicker to start.
    private readonly HashSet<string> _compiledNames = Directory.Exists(CompiledFolder(folder))
        ? [.. Directory.EnumerateFiles(CompiledFolder(folder), "*.dll").Select(static file => Path.GetFileNameWithoutExtension(file))]
        : [];

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name is not { } name || !_names.Contains(name))
        {
            return null;
        }

        return LoadFromAssemblyPath(Path.Combine(_compiledNames.Contains(name) ? CompiledFolder(folder) : folder, name + ".dll"));
    }

    private static string CompiledFolder(string folder)
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsLinux() ? "linux" : "other";
        return Path.Combine(folder, $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}");
    }
}
