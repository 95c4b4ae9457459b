using System.Reflection;

namespace EmbedCache.TestSupport;

/// <summary>Places in the repository that this test assembly was built in.</summary>
internal static class Repository
{
    /// <summary>The root: where the .sln stands.</summary>
    public static string Root { get; } = Value("RepositoryRoot");

    /// <summary>The staged module: output/EmbedCache/&lt;version&gt;.</summary>
    public static string StagedModule { get; } = Value("StagedModulePath");

    /// <summary>A path below the root, given by its parts.</summary>
    public static string PathTo(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Value(string name)
    {
        foreach (AssemblyMetadataAttribute attribute in typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (attribute.Key == name && attribute.Value is not null)
            {
                return Path.TrimEndingDirectorySeparator(attribute.Value);
            }
        }

        throw new InvalidOperationException($"The test assembly was built without the metadata '{name}'.");
    }
}
