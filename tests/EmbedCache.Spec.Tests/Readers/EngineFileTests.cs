using System.Text.Json.Nodes;
using EmbedCache.Spec.Tests.Golden;
using EmbedCache.Spec.Tests.Support;

namespace EmbedCache.Spec.Tests.Readers;

/// <summary>
/// The readers of other languages and the engine agree about files that the engine has just written, by thousands of random calls: merged segments of
/// many blocks, live bitmaps written again, punched holes, reopened and rolled back.
/// </summary>
[Collection(ReaderKitCollection.Name)]
public sealed class EngineFileTests(ReaderKit kit)
{
    private const int Dimension = 2;

    [Theory]
    [InlineData(1, KeyStorage.Text)]
    [InlineData(2, KeyStorage.Digest)]
    public void The_JavaScript_reader_agrees(int seed, KeyStorage keyStorage) => AssertAgrees(seed, keyStorage, ReaderKit.DumpByJavaScript);

    [PythonTheory]
    [InlineData(1, KeyStorage.Text)]
    [InlineData(2, KeyStorage.Digest)]
    public void The_Python_reader_agrees(int seed, KeyStorage keyStorage) => AssertAgrees(seed, keyStorage, kit.DumpByPython);

    [Fact]
    public void The_JavaScript_reader_agrees_about_texts_too_long_for_a_column() => AssertAgreesAboutLongTexts(ReaderKit.DumpByJavaScript);

    [PythonTheory]
    [InlineData(40_000)]
    public void The_Python_reader_agrees_about_texts_too_long_for_a_column(int length) => AssertAgreesAboutLongTexts(kit.DumpByPython, length);

    /// <summary>More than 64 KiB of them: the column says who has one, and not which. No golden file has that, for every bit of those is flipped.</summary>
    private static void AssertAgreesAboutLongTexts(Func<string, string> dump, int length = 40_000)
    {
        using GoldenFile file = new();
        GoldenWorld world = new(file.Scratch) { IndexThreshold = 4 };
        using (EmbeddingCache cache = world.Create(Dimension, Metric.L2))
        {
            cache.Set(Enumerable.Range(0, 12).Select(i => new EmbeddingEntry($"key {i}", GoldenWorld.Vector(i, Dimension))
            {
                Metadata = i % 4 == 0 ? EmbeddingMetadata.Empty.With("n", i).With("body", new string((char)('a' + i), length)) : EmbeddingMetadata.Empty.With("n", i),
            }));
            cache.Checkpoint();
        }

        JsonArray content = JsonContent.ParseLines(dump(file.Scratch));
        using EmbeddingCache reader = EmbeddingCache.Open(file.Scratch, new EmbeddingCacheOptions { ReadOnly = true }, world.Environment);
        JsonContent.AssertEqual(EngineContent.Project(content, world.Now), EngineContent.Records(reader));
        Assert.Single(reader.FindSimilar(GoldenWorld.Vector(1, Dimension), new SearchOptions { Filter = Filter.Parse("body starts with 'ee'") }));
        Assert.Equal(3, reader.LastSearchPlan!.FilterReadCount);
    }

    private static void AssertAgrees(int seed, KeyStorage keyStorage, Func<string, string> dump)
    {
        using GoldenFile file = new();
        GoldenWorld world = new(file.Scratch);
        Random random = new(seed);
        EmbeddingCache cache = world.Create(Dimension, Metric.L2, keyStorage);
        for (int round = 0; round < 12; round++)
        {
            WriteRound(cache, world, random);
            if (round % 3 == 0)
            {
                cache.Checkpoint();
            }
            else if (round % 3 == 1)
            {
                cache.Dispose();
                cache = world.Open();
            }
        }

        cache.Dispose();
        JsonArray content = JsonContent.ParseLines(dump(file.Scratch));
        using EmbeddingCache reader = EmbeddingCache.Open(file.Scratch, new EmbeddingCacheOptions { ReadOnly = true }, world.Environment);
        JsonContent.AssertEqual(EngineContent.Project(content, world.Now), EngineContent.Records(reader));
        Assert.True(content.Count > 1000, $"only {content.Count} entries: the test proves little");
    }

    private static void WriteRound(EmbeddingCache cache, GoldenWorld world, Random random)
    {
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            for (int i = 0; i < 400; i++)
            {
                string key = $"key {random.Next(2500)}";
                switch (random.Next(10))
                {
                    case 0:
                        transaction.Remove(key);
                        break;
                    case 1:
                        transaction.Touch(key, DateTimeOffset.FromUnixTimeMilliseconds(world.Now).AddYears(1));
                        break;
                    default:
                        transaction.Set(key, GoldenWorld.Vector(random.Next(10_000), Dimension), random.Next(3) == 0 ? EmbeddingMetadata.Empty.With("i", i) : null, (EmbeddingRole)random.Next(3));
                        break;
                }
            }

            transaction.Commit();
        }

        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("never", GoldenWorld.Vector(1, Dimension));
            transaction.Get("never");
            transaction.Rollback();
        }

        world.Tick();
    }
}
