using System.Runtime.InteropServices;
using System.Text;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves what each call of the facade promises, on a real file: what Set took comes back bit for bit, roles are part of the key, digest files
/// hold no text, all types of metadata return as they went in, and a read-only open writes nothing.
/// </summary>
public sealed class FacadeTests : IDisposable
{
    private readonly TestStore _store = new();

    /// <summary>Bit patterns of finite floats at every edge: zeros, the smallest and largest denormals and normals, and what rounds badly.</summary>
    public static TheoryData<uint> Patterns => [0x00000000u, 0x80000000u, 0x00000001u, 0x80000001u, 0x007FFFFFu, 0x00800000u, 0x80800000u, 0x7F7FFFFFu, 0xFF7FFFFFu, 0x3F800001u, 0x33800000u, 0x4B800001u, 0xC2480000u];

    public void Dispose() => _store.Dispose();

    [Theory]
    [MemberData(nameof(Patterns))]
    public void GetReturnsTheBitsThatSetTook(uint bits)
    {
        float[] vector = [BitConverter.UInt32BitsToSingle(bits)];
        using (EmbeddingCache cache = _store.Create(1))
        {
            cache.Set("a", vector);
            AssertBits(vector, cache);
        }

        using EmbeddingCache again = _store.Open(readOnly: true);
        AssertBits(vector, again);
    }

    [Fact]
    public void GetReturnsTheBitsOfRandomPatternsThroughTailIndexAndCompaction()
    {
        const int Dimension = 13;
        var random = new Random(7);
        var vectors = new Dictionary<string, float[]>(StringComparer.Ordinal);
        using EmbeddingCache cache = _store.Create(Dimension, Metric.L2);
        for (int i = 0; i < 500; i++)
        {
            float[] vector = new float[Dimension];
            foreach (ref float element in vector.AsSpan())
            {
                do
                {
                    // No more than 2^120, so that no norm overflows.
                    element = BitConverter.UInt32BitsToSingle((uint)random.NextInt64(uint.MaxValue));
                }
                while (!float.IsFinite(element) || MathF.Abs(element) > 1e36f);
            }

            vectors[$"key {i}"] = vector;
        }

        cache.Set(vectors.Select(static pair => new EmbeddingEntry(pair.Key, pair.Value)));
        AssertAll(cache, vectors);
        cache.Checkpoint();
        AssertAll(cache, vectors);
        cache.Compact();
        AssertAll(cache, vectors);
        StoreContent.AssertValid(cache);
    }

    [Theory]
    [InlineData(0x7FC00000u)]
    [InlineData(0xFFC00000u)]
    [InlineData(0x7F800001u)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0x7F800000u)]
    [InlineData(0xFF800000u)]
    public void NaNOfAnyPayloadAndInfinityAreRefused(uint bits)
    {
        using EmbeddingCache cache = _store.Create(3);
        float[] vector = [1, BitConverter.UInt32BitsToSingle(bits), 1];
        Assert.Equal(InvalidEmbeddingReason.NotFinite, Assert.Throws<InvalidEmbeddingException>(() => cache.Set("a", vector)).Reason);
        Assert.Equal(InvalidEmbeddingReason.NotFinite, Assert.Throws<InvalidEmbeddingException>(() => cache.FindSimilar(vector)).Reason);
        Assert.False(cache.Contains("a"));
    }

    [Fact]
    public void SetReplacesAndRemoveRemoves()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("a", [1, 2]);
        cache.Set("a", [3, 4]);
        Assert.Equal([3, 4], cache.Get("a")!.Vector.ToArray());
        Assert.Equal(1, cache.GetInfo().Count);
        Assert.True(cache.Remove("a"));
        Assert.False(cache.Remove("a"));
        Assert.False(cache.Remove("never"));
        Assert.Null(cache.Get("a"));
        Assert.False(cache.Contains("a"));
        Assert.False(cache.TryGet("a", out EmbeddingLease lease));
        Assert.True(lease.Vector.IsEmpty);
        Assert.Empty(cache.Enumerate());
        Assert.Equal(0, cache.GetInfo().Count);
        cache.Set("a", [5, 6]);
        Assert.Equal([5, 6], cache.Get("a")!.Vector.ToArray());
    }

    [Fact]
    public void RolesArePartOfTheKey()
    {
        using EmbeddingCache cache = _store.Create();
        foreach (EmbeddingRole role in new[] { EmbeddingRole.None, EmbeddingRole.Query, EmbeddingRole.Document })
        {
            cache.Set("a", [(int)role, 1], role: role);
        }

        Assert.Equal(3, cache.GetInfo().Count);
        Assert.Equal([2, 1], cache.Get("a", EmbeddingRole.Document)!.Vector.ToArray());
        Assert.Equal(EmbeddingRole.Document, cache.Get("a", EmbeddingRole.Document)!.Role);
        Assert.True(cache.Remove("a", EmbeddingRole.Query));
        Assert.Null(cache.Get("a", EmbeddingRole.Query));
        Assert.NotNull(cache.Get("a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Set("a", [1, 1], role: (EmbeddingRole)3));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Get("a", (EmbeddingRole)9));
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void TryGetIntoASpanCopiesAndRefusesAShortOne()
    {
        using EmbeddingCache cache = _store.Create(3);
        cache.Set("a", [1, 2, 3]);
        float[] destination = new float[4];
        Assert.True(cache.TryGet("a", destination));
        Assert.Equal([1, 2, 3, 0], destination);
        Assert.False(cache.TryGet("b", destination));
        Assert.Throws<ArgumentException>(() => cache.TryGet("a", new float[2]));
    }

    [Fact]
    public void TouchChangesExpiryAndMetadataAndKeepsTheVector()
    {
        using EmbeddingCache cache = _store.Create();
        EmbeddingMetadata first = EmbeddingMetadata.Empty.With("n", 1L);
        cache.Set("a", [1, 2], first);
        _store.Now += 1000;
        Assert.True(cache.Touch("a", _store.Time.AddHours(1)));
        Embedding touched = cache.Get("a")!;
        Assert.Equal([1, 2], touched.Vector.ToArray());
        Assert.Equal(first, touched.Metadata);
        Assert.Equal(TestStore.StartOfTime, touched.Created.ToUnixTimeMilliseconds());
        Assert.Equal(_store.Time.AddHours(1), touched.Expires);

        Assert.True(cache.Touch("a", null, EmbeddingMetadata.Empty.With("m", "x")));
        touched = cache.Get("a")!;
        Assert.Null(touched.Expires);
        Assert.Equal(EmbeddingMetadata.Empty.With("m", "x"), touched.Metadata);
        Assert.True(cache.Touch("a", null, EmbeddingMetadata.Empty));
        Assert.Empty(cache.Get("a")!.Metadata);
        Assert.False(cache.Touch("b", null));
        Assert.Equal(1, cache.GetInfo().Count);
        cache.Checkpoint();
        Assert.Equal([1, 2], cache.Get("a")!.Vector.ToArray());
        cache.Compact();
        Assert.Equal([1, 2], cache.Get("a")!.Vector.ToArray());
        Assert.Equal(TestStore.StartOfTime, cache.Get("a")!.Created.ToUnixTimeMilliseconds());
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void MetadataOfEveryTypeComesBack()
    {
        EmbeddingMetadata metadata = EmbeddingMetadata.Empty
            .With("text", "zwölf Boxkämpfer 😀")
            .With("empty", string.Empty)
            .With("long", long.MinValue)
            .With("double", -0.1)
            .With("nan", double.NaN)
            .With("true", true)
            .With("false", false)
            .With("date", DateTimeOffset.FromUnixTimeMilliseconds(1_234_567_890_123))
            .With("before", DateTimeOffset.FromUnixTimeMilliseconds(-1))
            .With("list", new[] { "a", string.Empty, "c" })
            .With("none", Array.Empty<string>());
        using (EmbeddingCache cache = _store.Create())
        {
            cache.Set("a", [1, 2], metadata);
        }

        using EmbeddingCache again = _store.Open(readOnly: true);
        Assert.Equal(metadata, again.Get("a")!.Metadata);
        Assert.Equal(metadata, Assert.Single(again.Enumerate()).Metadata);
        Assert.Equal(metadata, Assert.Single(again.FindSimilar([1, 2])).Embedding.Metadata);
    }

    [Fact]
    public void EnumerateGoesInOrderOfWritingEitherWay()
    {
        using EmbeddingCache cache = _store.Create();
        for (int i = 0; i < 300; i++)
        {
            cache.Set($"{i:000}", [i, 1]);
            if (i == 100)
            {
                cache.Checkpoint();
            }
        }

        cache.Set("050", [0, 0.5f]);
        cache.Remove("150");
        string[] expected = [.. Enumerable.Range(0, 300).Where(static i => i is not (50 or 150)).Select(static i => $"{i:000}"), "050"];
        Assert.Equal(expected, cache.Enumerate().Select(static record => record.Key));
        Assert.Equal(expected.Reverse(), cache.Enumerate(newestFirst: true).Select(static record => record.Key));
    }

    [Fact]
    public void EnumerationKeepsItsSnapshotWhileTheFileChanges()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set(Enumerable.Range(0, 50).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
        int seen = 0;
        foreach (Embedding record in cache.Enumerate())
        {
            Assert.Equal($"{seen}", record.Key);
            cache.Remove($"{seen + 1}");
            cache.Set($"new {seen}", [1, 1]);
            if (seen == 20)
            {
                cache.Compact();
            }

            seen++;
        }

        Assert.Equal(50, seen);
    }

    [Fact]
    public void FindKeysIsByPrefixWithoutCaseNewestFirst()
    {
        using EmbeddingCache cache = _store.Create();
        foreach (string key in new[] { "Apple", "apricot", "banana", "APEX", "ape" })
        {
            cache.Set(key, [1, 1]);
        }

        cache.Remove("ape");
        Assert.Equal(["APEX", "apricot", "Apple"], cache.FindKeys("ap", 10, TimeSpan.FromMinutes(1)));
        Assert.Equal(["APEX", "apricot"], cache.FindKeys("ap", 2, TimeSpan.FromMinutes(1)));
        Assert.Equal(4, cache.FindKeys(string.Empty, 10, TimeSpan.FromMinutes(1)).Count);
        Assert.Empty(cache.FindKeys("z", 10, TimeSpan.FromMinutes(1)));
        Assert.Empty(cache.FindKeys("ap", 0, TimeSpan.FromMinutes(1)));
    }

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

    [Fact]
    public void GetCopiesOutliveTheCache()
    {
        Embedding record;
        using (EmbeddingCache cache = _store.Create())
        {
            cache.Set("a", [1, 2]);
            record = cache.Get("a")!;
            Assert.Equal(record.Vector, cache.Get("a")!.Vector);
        }

        Assert.Equal([1, 2], record.Vector.ToArray());
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

    private static void AssertBits(float[] vector, EmbeddingCache cache)
    {
        Assert.Equal(TestVectors.Bits(vector), TestVectors.Bits(cache.Get("a")!.Vector.Span));
        Assert.True(cache.TryGet("a", out EmbeddingLease lease));
        Assert.Equal(TestVectors.Bits(vector), TestVectors.Bits(lease.Vector));
        lease.Dispose();
        float[] copy = new float[vector.Length];
        Assert.True(cache.TryGet("a", copy));
        Assert.Equal(TestVectors.Bits(vector), TestVectors.Bits(copy));
    }

    private static void AssertAll(EmbeddingCache cache, Dictionary<string, float[]> vectors)
    {
        foreach (KeyValuePair<string, float[]> pair in vectors)
        {
            Assert.Equal(TestVectors.Bits(pair.Value), TestVectors.Bits(cache.Get(pair.Key)!.Vector.Span));
        }
    }
}
