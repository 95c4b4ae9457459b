using EmbedCache.TestSupport;

namespace EmbedCache.Spec.Tests.Golden;

/// <summary>Places of the golden files, and a scratch file that goes away.</summary>
internal sealed class GoldenFile : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embedcache-golden-").FullName;

    public static string PathOf(string name) => Repository.PathTo("spec", "golden", name + ".edb");

    public static string ContentPathOf(string name) => Repository.PathTo("spec", "golden", name + ".json");

    /// <summary>Where a scratch copy is, or is written.</summary>
    public string Scratch => Path.Combine(_directory, "scratch.edb");

    /// <summary>Follows a recipe, and gives what it wrote.</summary>
    public byte[] Follow(Action<GoldenWorld> recipe)
    {
        recipe(new GoldenWorld(Scratch));
        Assert.Equal([Scratch], Directory.GetFileSystemEntries(_directory));
        return File.ReadAllBytes(Scratch);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
