namespace EmbedCache.Tests.Engine;

/// <summary>The handle that compacted, and another that had the old file open, go on writing into the new one.</summary>
public sealed class CompactThenWriteTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embedcache-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Both_handles_go_over_to_the_new_file_and_give_the_old_lock_back()
    {
        string path = Path.Combine(_directory, "file.edb");
        using EmbeddingCache first = EmbeddingCache.Create(path, new EmbeddingCacheCreateOptions { Dimension = 2, BusyTimeout = TimeSpan.FromSeconds(1) });
        using EmbeddingCache second = EmbeddingCache.Open(path, new EmbeddingCacheOptions { BusyTimeout = TimeSpan.FromSeconds(1) });
        for (int round = 0; round < 3; round++)
        {
            first.Set($"a{round}", [1, round]);
            second.Set($"b{round}", [1, round]);
            first.Compact();
            first.Set($"c{round}", [1, round]);
            second.Set($"d{round}", [1, round]);
        }

        Assert.Equal(12, first.GetInfo().Count);
        Assert.Equal(12, second.GetInfo().Count);
        Assert.Equal(4, second.GetInfo().Generation);
        Assert.Empty(first.Verify().Problems);
    }
}
