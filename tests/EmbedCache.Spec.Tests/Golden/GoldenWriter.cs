using EmbedCache.Spec.Tests.Support;

namespace EmbedCache.Spec.Tests.Golden;

/// <summary>
/// Writes the golden files that are missing, with what the JavaScript reader reads of them beside them; a file that is there is never touched. Only on
/// request: <c>EMBEDCACHE_WRITE_GOLDEN=1 dotnet test tests/EmbedCache.Spec.Tests --filter GoldenWriter</c>. The expected content is to be read and
/// judged before it is committed: from then on it is the truth.
/// </summary>
[Collection(ReaderKitCollection.Name)]
public sealed class GoldenWriter
{
    private const string Switch = "EMBEDCACHE_WRITE_GOLDEN";

    [RequestedFact]
    public void Writes_what_is_missing()
    {
        foreach ((string name, Action<GoldenWorld> recipe) in GoldenRecipes.All)
        {
            string path = GoldenFile.PathOf(name);
            if (File.Exists(path))
            {
                continue;
            }

            using GoldenFile golden = new();
            byte[] written = golden.Follow(recipe);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, written);
            File.WriteAllText(GoldenFile.ContentPathOf(name), JsonContent.ToDocument(JsonContent.ParseLines(ReaderKit.DumpByJavaScript(path))));
        }
    }

    private sealed class RequestedFactAttribute : FactAttribute
    {
        public RequestedFactAttribute()
        {
            if (Environment.GetEnvironmentVariable(Switch) != "1")
            {
                Skip = $"Golden files are frozen; {Switch}=1 writes those that are missing.";
            }
        }
    }
}
