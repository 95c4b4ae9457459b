using System.Collections;
using System.Text;
using EmbedCache.Fuzz;
using EmbedCache.PowerShell;

namespace EmbedCache.Ps.UnitTests;

/// <summary>What completion does with a file that is not well: it says nothing, since somebody is typing.</summary>
public sealed class KeyCompleterTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"completer-{Guid.NewGuid():N}.edb");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void KeysOfAWholeFileAreOffered()
    {
        Create();
        Assert.Equal(["third", "second", "first"], Complete());
    }

    /// <summary>0xFF stands in no UTF-8 text; every checksum is right, as in a file that somebody made by hand.</summary>
    [Theory]
    [InlineData("first")]
    [InlineData("second")]
    [InlineData("third")]
    public void KeyThatIsNotUtf8FailsNothing(string key)
    {
        Create();
        byte[] file = File.ReadAllBytes(_path);
        int at = file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(key));
        file[at + 1] = 0xFF;
        FileSealer.Seal(file);
        File.WriteAllBytes(_path, file);

        using (EmbeddingCache cache = EmbeddingCache.Open(_path, new EmbeddingCacheOptions { ReadOnly = true }))
        {
            Assert.Throws<CorruptFileException>(() => cache.Enumerate().Count());
        }

        Assert.Empty(Complete());
    }

    private void Create()
    {
        using EmbeddingCache cache = EmbeddingCache.Create(_path, new EmbeddingCacheCreateOptions { Dimension = 4 });
        foreach (string key in new[] { "first", "second", "third" })
        {
            cache.Set(key, [1, 2, 3, 4]);
        }
    }

    private string[] Complete()
    {
        using var pool = new CachePool(TimeSpan.Zero, EmbeddingCache.Open);
        using EmbedCacheHandle handle = pool.OpenHandle(_path, new EmbeddingCacheOptions { ReadOnly = true });
        var bound = new Hashtable { ["Cache"] = handle };
        return [.. new KeyCompleter().CompleteArgument("Get-Embedding", "Key", string.Empty, null!, bound).Select(static result => result.CompletionText)];
    }
}
