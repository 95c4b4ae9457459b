using System.Reflection;
using System.Runtime.Loader;

namespace EmbedCache.Loader;

/// <summary>
/// Serves assemblies from the module's folder first and everything else from the session. What stands in the folder is the module's own business:
/// a session, or another module, may hold other versions of the same assemblies. Types that cross the border (System.Management.Automation's, the
/// base library's) are not in the folder and so are the session's.
/// </summary>
internal sealed class ModuleLoadContext(string folder) : AssemblyLoadContext($"EmbedCache ({folder})")
{
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string path = Path.Combine(folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
