using System.Reflection;

namespace EmbedCache.Ps.Tests;

/// <summary>The staged module's files, and copies of it.</summary>
internal static class StagedModule
{
    /// <summary>Debug or Release, as this test assembly was built.</summary>
    public static string Configuration { get; } = typeof(StagedModule).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    public static string Version { get; } = Path.GetFileName(Repository.StagedModule);

    /// <summary>Files below a folder as relative paths with forward slashes, in order.</summary>
    public static IReadOnlyList<string> Files(string folder)
    {
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>Copies the staged tree to <c>MODULEPATH/EmbedCache/VERSION</c> and returns that folder.</summary>
    public static string CopyTo(string modulePath, string version)
    {
        string root = Path.Combine(modulePath, "EmbedCache", version);
        foreach (string file in Files(Repository.StagedModule))
        {
            string target = Path.Combine(root, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(Repository.StagedModule, file), target);
        }

        return root;
    }
}
