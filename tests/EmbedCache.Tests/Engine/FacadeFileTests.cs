using System.Runtime.InteropServices;
using System.Text;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves what the facade promises about the file, on a real one: digest files hold no text, a file for another model is refused, a read-only open writes nothing, other
/// handles and other files at the path are noticed, the same calls write the same bytes.
/// </summary>
public sealed class FacadeFileTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void DigestFilesHoldNoText()
    {
        const string Secret = "a very private sentence";
        byte[] digest;
        using (EmbeddingCache cache = _store.Create(configure: static options => options.KeyStorage = KeyStorage.Digest))
        {
            cache.Set(Secret, [1, 2]);
            cache.Set("other", [3, 4]);
            Embedding record = cache.Get(Secret)!;
            Assert.Equal(Secret, record.Key);
            digest = record.Digest!;
            Assert.Equal(32, digest.Length);
            Assert.Empty(cache.FindKeys("a", 10, TimeSpan.FromMinutes(1)));
            cache.Touch(Secret, null);
            cache.Checkpoint();
        }

        Assert.False(_store.Bytes().AsSpan().IndexOf(Encoding.UTF8.GetBytes("private")) >= 0);
        using EmbeddingCache again = _store.Open();
        Embedding byDigest = again.GetByDigest(digest)!;
        Assert.Null(byDigest.Key);
        Assert.Equal([1, 2], byDigest.Vector.ToArray());
        Assert.Null(again.GetByDigest(digest, EmbeddingRole.Query));
        Assert.All(again.Enumerate(), static record => Assert.Null(record.Key));
        Assert.Throws<ArgumentException>(() => again.GetByDigest(new byte[31]));
        Assert.True(again.RemoveByDigest(digest));
        Assert.False(again.RemoveByDigest(digest));
        Assert.False(again.Contains(Secret));
        again.Compact();
        StoreContent.AssertValid(again);
        Assert.Equal(1, again.GetInfo().Count);
    }

    [Fact]
    public void TextFilesTakeNoDigests()
    {
        using EmbeddingCache cache = _store.Create();
        Assert.Throws<ArgumentException>(() => cache.GetByDigest(new byte[32]));
        Assert.Throws<ArgumentException>(() => cache.RemoveByDigest(new byte[32]));
    }

    [Fact]
    public void RemovedTextIsNowhereInTheFileAfterCompaction()
    {
        byte[] secret = "private sentence"u8.ToArray();
        using EmbeddingCache cache = _store.Create();
        cache.Set("private sentence", [1234.5f, 2], EmbeddingMetadata.Empty.With("note", "private sentence too"));
        cache.Set("kept", [1, 2]);
        cache.Remove("private sentence");
        Assert.True(_store.Bytes().AsSpan().IndexOf(secret) >= 0);
        cache.Compact();
        byte[] bytes = _store.Bytes();
        Assert.False(bytes.AsSpan().IndexOf(secret) >= 0);
        Assert.False(bytes.AsSpan().IndexOf(MemoryMarshal.AsBytes<float>(new[] { 1234.5f }).ToArray()) >= 0);
        Assert.Equal(["a.edb"], Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(_store.Path)!).Select(System.IO.Path.GetFileName));
    }

    [Fact]
    public void InfoTellsWhatTheFileIsAndHolds()
    {
        using EmbeddingCache cache = _store.Create(3, Metric.L2, static options =>
        {
            options.Model = "model-1";
            options.DefaultTimeToLive = TimeSpan.FromDays(1);
        });
        _store.Now += 5000;
        cache.Set("a", [1, 2, 3]);
        cache.Set("a", [1, 2, 3]);
        cache.Set("b", [1, 2, 3]);
        cache.Remove("b");
        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.Equal(_store.Path, info.Path);
        Assert.Equal("1.0", info.FormatVersion);
        Assert.Equal(1, info.Generation);
        Assert.Equal(TestStore.StartOfTime, info.Created.ToUnixTimeMilliseconds());
        Assert.Equal(_store.Time, info.LastCommit);
        Assert.Equal((3, Metric.L2, KeyStorage.Text, ElementType.Float32), (info.Dimension, info.Metric, info.KeyStorage, info.ElementType));
        Assert.Equal("model-1", info.Model);
        Assert.Equal(TimeSpan.FromDays(1), info.DefaultTimeToLive);
        Assert.Equal((1, 2), (info.Count, info.DeadCount));
        Assert.Null(info.ExpiredCount);
        Assert.Equal(new FileInfo(_store.Path).Length, info.FileByteLength);
        Assert.True(info.ReclaimableByteLength > 0);
        Assert.Equal(4, info.UnindexedCount);

        cache.Compact();
        EmbeddingCacheInfo compacted = cache.GetInfo();
        Assert.Equal(2, compacted.Generation);
        Assert.Equal(info.StoreId, compacted.StoreId);
        Assert.Equal((1, 0, 0), (compacted.Count, compacted.DeadCount, compacted.UnindexedCount));
        Assert.Equal("model-1", compacted.Model);
        Assert.Equal(TimeSpan.FromDays(1), compacted.DefaultTimeToLive);
        Assert.Equal(info.Created, compacted.Created);
    }

    [Fact]
    public void AnotherModelIsRefusedAndTheFileLetGo()
    {
        _store.Create(configure: static options => options.Model = "m1").Dispose();
        ModelMismatchException mismatch = Assert.Throws<ModelMismatchException>(() => _store.Open(configure: static options => options.Model = "m2"));
        Assert.Equal(("m2", "m1", _store.Path), (mismatch.Expected, mismatch.Actual, mismatch.FilePath));
        using EmbeddingCache same = _store.Open(configure: static options => options.Model = "m1");
        Assert.Equal("m1", same.Model);
        using EmbeddingCache any = _store.Open();
        Assert.Equal("m1", any.Model);
    }

    [Fact]
    public void PositionalReadsGiveTheSame()
    {
        var random = new Random(3);
        using EmbeddingCache mapped = _store.Create(65, Metric.Cosine);
        using EmbeddingCache positional = _store.Open(configure: static options => options.PositionalReads = true);
        for (int round = 0; round < 4; round++)
        {
            mapped.Set(Enumerable.Range(round * 90, 100).Select(i => new EmbeddingEntry($"{i}", TestVectors.Random(random, 65))));
            positional.Remove($"{round}");
            positional.Set($"positional {round}", TestVectors.Random(random, 65));
            if (round % 2 == 0)
            {
                positional.Checkpoint();
            }

            Assert.Equal(StoreContent.Of(mapped), StoreContent.Of(positional));
            float[] query = TestVectors.Random(random, 65);
            Assert.Equal(
                mapped.FindSimilar(query, 20).Select(static hit => (hit.Embedding.Key, hit.Score)),
                positional.FindSimilar(query, 20).Select(static hit => (hit.Embedding.Key, hit.Score)));
        }

        positional.Compact();
        Assert.Equal(StoreContent.Of(mapped), StoreContent.Of(positional));
        StoreContent.AssertValid(positional);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadOnlyOpenWritesNothing(bool positional)
    {
        using (EmbeddingCache cache = _store.Create())
        {
            cache.Set("a", [1, 2]);
            cache.Set("b", [1, 3]);
        }

        byte[] before = _store.Bytes();
        DateTime written = File.GetLastWriteTimeUtc(_store.Path);
        UnixFileMode mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(_store.Path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_store.Path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            File.SetUnixFileMode(System.IO.Path.GetDirectoryName(_store.Path)!, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        try
        {
            using (EmbeddingCache reader = _store.Open(readOnly: true, configure: options => options.PositionalReads = positional))
            {
                Assert.True(reader.IsReadOnly);
                Assert.Equal(2, StoreContent.Of(reader).Count);
                Assert.Equal(2, reader.FindSimilar([1, 1]).Count);
                StoreContent.AssertValid(reader);
                reader.GetInfo(countExpired: true);
                foreach (Action write in new Action[]
                {
                    () => reader.Set("c", [1, 2]), () => reader.Remove("a"), () => reader.Touch("a", null), reader.Checkpoint, () => reader.Compact(), () => reader.BeginTransaction().Dispose(),
                })
                {
                    Assert.Contains("read-only", Assert.Throws<InvalidOperationException>(write).Message);
                }
            }

            Assert.Equal(before, _store.Bytes());
            Assert.Equal(written, File.GetLastWriteTimeUtc(_store.Path));
            Assert.Equal(["a.edb"], Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(_store.Path)!).Select(System.IO.Path.GetFileName));
        }
        finally
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(System.IO.Path.GetDirectoryName(_store.Path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                File.SetUnixFileMode(_store.Path, mode);
            }
        }
    }

    [Fact]
    public void SecondHandleSeesCommitsAtOnce()
    {
        using EmbeddingCache writer = _store.Create();
        using EmbeddingCache reader = _store.Open(readOnly: true);
        for (int i = 0; i < 50; i++)
        {
            writer.Set($"{i}", [i, 1]);
            Assert.Equal([i, 1], reader.Get($"{i}")!.Vector.ToArray());
            Assert.Equal(i + 1, reader.GetInfo().Count);
        }

        writer.Compact();
        Assert.Equal(2, reader.GetInfo().Generation);
        Assert.Equal(50, StoreContent.Of(reader).Count);
        Assert.True(reader.IsCurrentFile());
    }

    [Fact]
    public void ReplacedFileIsNoticed()
    {
        using EmbeddingCache cache = _store.Create();
        Assert.True(cache.IsCurrentFile());
        File.Delete(_store.Path);
        Assert.False(cache.IsCurrentFile());
        Assert.Throws<FileNotFoundException>(() => cache.Set("a", [1, 2]));
    }

    [Fact]
    public void CreateRefusesAFileThatIsThereUnlessToldToReplaceIt()
    {
        using (EmbeddingCache cache = _store.Create())
        {
            cache.Set("a", [1, 2]);
        }

        byte[] before = _store.Bytes();
        Assert.Contains(_store.Path, Assert.Throws<IOException>(() => _store.Create()).Message);
        Assert.Equal(before, _store.Bytes());
        using EmbeddingCache replaced = _store.Create(3, configure: static options => options.Overwrite = true);
        Assert.Equal(3, replaced.Dimension);
        Assert.Empty(replaced.Enumerate());
        Assert.Equal(["a.edb"], Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(_store.Path)!).Select(System.IO.Path.GetFileName));
    }

    /// <summary>With injected clock, identity and salt the same calls write the same bytes.</summary>
    [Fact]
    public void SameCallsWriteTheSameBytes()
    {
        byte[] first = WriteOnce(_store);
        using var other = new TestStore();
        Assert.Equal(first, WriteOnce(other));
    }

    private static byte[] WriteOnce(TestStore store)
    {
        using (EmbeddingCache cache = store.Create(4, Metric.Cosine, static options => options.Model = "m"))
        {
            var random = new Random(5);
            for (int i = 0; i < 20; i++)
            {
                store.Now += 1;
                cache.Set($"{i % 15}", TestVectors.Random(random, 4), EmbeddingMetadata.Empty.With("i", i));
            }

            cache.Remove("3");
            cache.Touch("4", store.Time.AddDays(1));
            cache.Checkpoint();
            cache.Set("tail", TestVectors.Random(random, 4));
        }

        return store.Bytes();
    }
}
