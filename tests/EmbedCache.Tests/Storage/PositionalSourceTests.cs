using EmbedCache.Storage;

namespace EmbedCache.Tests.Storage;

/// <summary>The door over positional reads, and the cache behind it.</summary>
public sealed class PositionalSourceTests() : ByteSourceTests(positional: true)
{
    [Fact]
    public void CacheOfOneSetStillReadsEveryByte()
    {
        using var directory = new TestDirectory();
        byte[] content = TestDirectory.RandomBytes(40 * PositionalSource.BlockSize);
        using IStoreFile file = directory.Create("a", content);
        using var source = new PositionalSource(file, cacheBytes: 0);
        source.EnsureCovers(content.Length);
        var random = new Random(3);
        for (int i = 0; i < 5000; i++)
        {
            int offset = random.Next(content.Length - 64);
            Assert.True(source.Slice(offset, 64).SequenceEqual(content.AsSpan(offset, 64)));
        }
    }

    /// <summary>The second look at a block must not go to the file: it is cut down behind the source's back to prove it.</summary>
    [Fact]
    public void BlockIsReadOnce()
    {
        using var directory = new TestDirectory();
        byte[] content = TestDirectory.RandomBytes(PositionalSource.BlockSize);
        using IStoreFile file = directory.Create("a", content);
        using var source = new PositionalSource(file);
        source.EnsureCovers(content.Length);
        Assert.Equal(content[5], source.Slice(5, 1)[0]);

        file.SetLength(0);
        Assert.True(source.Slice(0, content.Length).SequenceEqual(content));
        source.Invalidate(0);
        Assert.Throws<CorruptFileException>(() => source.Slice(5, 1).Length);
    }

    [Fact]
    public void ThreadsShareTheCache()
    {
        using var directory = new TestDirectory();
        byte[] content = TestDirectory.RandomBytes(30 * PositionalSource.BlockSize);
        using IStoreFile file = directory.Create("a", content.AsSpan(0, 10 * PositionalSource.BlockSize));
        using var source = new PositionalSource(file, 4 * PositionalSource.BlockSize);
        source.EnsureCovers(10 * PositionalSource.BlockSize);
        bool[] intact = [true, true, true];
        var readers = Enumerable.Range(0, intact.Length).Select(number => new Thread(() =>
        {
            var random = new Random(number);
            for (int i = 0; i < 20_000; i++)
            {
                int offset = random.Next((int)source.Limit - 300);
                intact[number] &= source.Slice(offset, 300).SequenceEqual(content.AsSpan(offset, 300));
            }
        })).ToList();
        readers.ForEach(reader => reader.Start());
        for (int end = 10 * PositionalSource.BlockSize; end < content.Length; end += 10_000)
        {
            int next = Math.Min(end + 10_000, content.Length);
            file.WriteAt(end, content.AsSpan(end, next - end));
            source.EnsureCovers(next);
        }

        readers.ForEach(reader => reader.Join());
        Assert.All(intact, Assert.True);
    }
}
