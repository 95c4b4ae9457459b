using System.Reflection;

namespace EmbedCache.Fuzz;

/// <summary>Where inputs come from: the golden files, and what once was a find.</summary>
internal static class SeedFiles
{
    /// <summary>Golden files by name.</summary>
    public static SortedDictionary<string, byte[]> Golden()
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string path in Directory.GetFiles(Path.Combine(Root, "spec", "golden"), "*.edb"))
        {
            files.Add(Path.GetFileNameWithoutExtension(path), File.ReadAllBytes(path));
        }

        return files;
    }

    /// <summary>Inputs that were finds once, by target and name.</summary>
    public static IEnumerable<(string Target, string Name, byte[] Input)> Corpus()
    {
        foreach (string target in FuzzTargets.All.Keys)
        {
            string folder = Path.Combine(Root, "tests", "EmbedCache.Fuzz", "Corpus", target);
            foreach (string path in Directory.Exists(folder) ? Directory.GetFiles(folder).Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
            {
                yield return (target, Path.GetFileName(path), File.ReadAllBytes(path));
            }
        }
    }

    private static string Root { get; } = typeof(SeedFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static attribute => attribute.Key == "RepositoryRoot").Value!;
}
