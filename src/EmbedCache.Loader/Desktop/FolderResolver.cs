using System.Reflection;

namespace EmbedCache.Loader;

/// <summary>
/// Answers the requests of one folder's assemblies from that folder, whatever version they ask for: a module cannot bring binding redirects, and
/// System.Memory, System.Buffers and their like are asked for in versions that are not in the folder. Requests of others are left alone.
/// </summary>
internal sealed class FolderResolver(string folder)
{
    public Assembly? Resolve(object? sender, ResolveEventArgs request)
    {
        if (!IsOurs(request.RequestingAssembly))
        {
            return null;
        }

        string path = Path.Combine(folder, new AssemblyName(request.Name).Name + ".dll");
        return File.Exists(path) ? Assembly.LoadFrom(path) : null;
    }

    /// <summary>True when the requesting assembly was loaded from the folder. A request without a known origin is not ours.</summary>
    private bool IsOurs(Assembly? requester)
    {
        return requester is { IsDynamic: false }
            && string.Equals(Path.GetDirectoryName(requester.Location), folder, StringComparison.OrdinalIgnoreCase);
    }
}
