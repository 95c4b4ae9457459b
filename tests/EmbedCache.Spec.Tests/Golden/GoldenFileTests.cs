using System.Text.Json.Nodes;
using EmbedCache.Spec.Tests.Support;

namespace EmbedCache.Spec.Tests.Golden;

/// <summary>
/// Golden files are frozen: what a released version wrote must read the same for ever. Each is read by the engine, by the generated readers of two
/// other languages, and is written again byte for byte by its recipe.
/// </summary>
[Collection(ReaderKitCollection.Name)]
public sealed class GoldenFileTests(ReaderKit kit)
{
    public static TheoryData<string> Names => [.. GoldenRecipes.All.Keys];

    [Fact]
    public void Every_golden_file_has_a_recipe_and_is_small()
    {
        string[] files = Directory.GetFiles(Path.GetDirectoryName(GoldenFile.PathOf("x"))!);
        IEnumerable<string> expected = GoldenRecipes.All.Keys.SelectMany(name => (string[])[GoldenFile.PathOf(name), GoldenFile.ContentPathOf(name)]);
        Assert.Equal(expected.Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 65_536));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_engine_reads_it(string name)
    {
        using GoldenFile golden = new();
        File.Copy(GoldenFile.PathOf(name), golden.Scratch);
        JsonArray expected = Expected(name);
        long now = (long)expected[1]!["committed"]!;
        foreach (bool isReadOnly in (bool[])[true, false])
        {
            GoldenWorld world = new(golden.Scratch) { Now = now };
            using EmbeddingCache cache = EmbeddingCache.Open(golden.Scratch, new EmbeddingCacheOptions { ReadOnly = isReadOnly }, world.Environment);
            JsonContent.AssertEqual(EngineContent.Project(expected, now), EngineContent.Records(cache));
            Assert.Empty(cache.Verify().Problems.Select(problem => problem.ToString()));
            AssertFoundByKey(cache);
            AssertHeader(expected, cache);
        }

        Assert.Equal(File.ReadAllBytes(GoldenFile.PathOf(name)), File.ReadAllBytes(golden.Scratch));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_engine_writes_it_again_byte_for_byte(string name)
    {
        using GoldenFile golden = new();
        byte[] written = golden.Follow(GoldenRecipes.All[name]);
        byte[] frozen = File.ReadAllBytes(GoldenFile.PathOf(name));
        int difference = written.AsSpan().CommonPrefixLength(frozen);
        Assert.True(difference == frozen.Length && written.Length == frozen.Length, $"{name}: {written.Length} bytes written, {frozen.Length} frozen, the first difference is at {difference}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_JavaScript_reader_reads_it(string name)
        => JsonContent.AssertEqual(Expected(name), JsonContent.ParseLines(ReaderKit.DumpByJavaScript(GoldenFile.PathOf(name))));

    [PythonTheory]
    [MemberData(nameof(Names))]
    public void The_Python_reader_reads_it(string name)
        => JsonContent.AssertEqual(Expected(name), JsonContent.ParseLines(kit.DumpByPython(GoldenFile.PathOf(name))));

    private static JsonArray Expected(string name) => JsonContent.ParseDocument(File.ReadAllText(GoldenFile.ContentPathOf(name)));

    private static void AssertFoundByKey(EmbeddingCache cache)
    {
        foreach (Embedding embedding in cache.Enumerate())
        {
            Embedding? found = embedding.Key is { } key ? cache.Get(key, embedding.Role) : cache.GetByDigest(embedding.Digest, embedding.Role);
            Assert.Equal(embedding.Offset, found?.Offset);
        }
    }

    private static void AssertHeader(JsonArray expected, EmbeddingCache cache)
    {
        JsonNode header = expected[0]!;
        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.Equal((string?)header["version"], info.FormatVersion);
        Assert.Equal((int)header["dimension"]!, info.Dimension);
        Assert.Equal((string?)header["metric"], info.Metric.ToString().ToLowerInvariant());
        Assert.Equal((string?)header["key_storage"], info.KeyStorage.ToString().ToLowerInvariant());
        Assert.Equal((string?)header["store"], info.StoreId.ToString());
        Assert.Equal((long)header["generation"]!, info.Generation);
        Assert.Equal((long)header["created"]!, info.Created.ToUnixTimeMilliseconds());
        JsonNode? properties = expected.FirstOrDefault(entry => (string?)entry!["type"] == "properties")?["metadata"];
        Assert.Equal((string?)properties?["model"]?["text"], info.Model);
        Assert.Equal((string?)properties?["default_ttl_ms"]?["integer"], info.DefaultTimeToLive?.TotalMilliseconds.ToString("0", System.Globalization.CultureInfo.InvariantCulture));
    }
}
