using System.Buffers.Binary;
using System.Text.RegularExpressions;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves that each kind of bad input has an error of its own: the exact type, the reason where there is one, and a message that names the record or
/// the file. What is refused leaves nothing behind, and the handle goes on.
/// </summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    public static TheoryData<float[], InvalidEmbeddingReason, string> BadVectors => new()
    {
        { [1, 2], InvalidEmbeddingReason.WrongDimension, "2 elements" },
        { [1, 2, 3, 4], InvalidEmbeddingReason.WrongDimension, "4 elements" },
        { [], InvalidEmbeddingReason.WrongDimension, "0 elements" },
        { [1, float.NaN, 3], InvalidEmbeddingReason.NotFinite, "index 1" },
        { [1, 2, float.PositiveInfinity], InvalidEmbeddingReason.NotFinite, "index 2" },
        { [float.NegativeInfinity, 2, 3], InvalidEmbeddingReason.NotFinite, "index 0" },
        { [0, 0, 0], InvalidEmbeddingReason.ZeroVector, "zero" },
        { [0, -0f, 1e-45f], InvalidEmbeddingReason.ZeroVector, "small" },
        { [float.MaxValue, float.MaxValue, 0], InvalidEmbeddingReason.NormOverflow, "largest float" },
    };

    [Theory]
    [MemberData(nameof(BadVectors))]
    public void BadVectorIsRefused(float[] vector, InvalidEmbeddingReason reason, string says)
    {
        using EmbeddingCache cache = _store.Create(3, Metric.Cosine);
        long length = cache.GetInfo().Sequence;
        AssertRefused(() => cache.Set("the key", vector), reason, says, "the key");
        AssertRefused(() => cache.Set([new EmbeddingEntry("good", new float[] { 1, 2, 3 }), new EmbeddingEntry("the key", vector)]), reason, says, "the key");
        AssertRefused(() => cache.Validate(new EmbeddingEntry("the key", vector)), reason, says, "the key");
        InvalidEmbeddingException query = Assert.Throws<InvalidEmbeddingException>(() => cache.FindSimilar(vector));
        Assert.Equal(reason, query.Reason);
        Assert.Null(query.Key);
        Assert.Contains(says, query.Message);
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            transaction.Set("first", [1, 2, 3]);
            AssertRefused(() => transaction.Set("the key", vector), reason, says, "the key");
            transaction.Set("second", [1, 2, 3]);
            transaction.Commit();
        }

        Assert.Equal(2, cache.GetInfo().Count);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ZeroVectorIsWelcomeWhereItHasAMeaning()
    {
        using EmbeddingCache cache = _store.Create(2, Metric.L2);
        cache.Set("zero", [0, 0]);
        Assert.Equal(0, Assert.Single(cache.FindSimilar([0, 0])).Distance);
    }

    /// <summary>Escaped: the test runner would replace a lone surrogate on its way.</summary>
    public static TheoryData<string, InvalidEmbeddingReason> BadKeys => new()
    {
        { string.Empty, InvalidEmbeddingReason.EmptyKey },
        { new string('x', 65_536), InvalidEmbeddingReason.KeyTooLong },
        { new string('ü', 32_768), InvalidEmbeddingReason.KeyTooLong },
        { @"lone \uD800 high", InvalidEmbeddingReason.MalformedKey },
        { @"lone \uDC00 low", InvalidEmbeddingReason.MalformedKey },
        { @"\uD83D", InvalidEmbeddingReason.MalformedKey },
    };

    [Theory]
    [MemberData(nameof(BadKeys))]
    public void BadKeyIsRefusedEverywhere(string escaped, InvalidEmbeddingReason reason)
    {
        string key = Regex.Unescape(escaped);
        foreach (KeyStorage storage in new[] { KeyStorage.Text, KeyStorage.Digest })
        {
            using EmbeddingCache cache = _store.Create(configure: options =>
            {
                options.KeyStorage = storage;
                options.Overwrite = true;
            });
            foreach (Action call in new Action[]
            {
                () => cache.Set(key, [1, 2]),
                () => cache.Validate(new EmbeddingEntry(key, new float[] { 1, 2 })),
                () => cache.Get(key),
                () => cache.Contains(key),
                () => cache.TryGet(key, new float[2]),
                () => cache.Remove(key),
                () => cache.Touch(key, null),
            })
            {
                InvalidEmbeddingException refused = Assert.Throws<InvalidEmbeddingException>(call);
                Assert.Equal(reason, refused.Reason);
                Assert.Equal(_store.Path, refused.FilePath);
                Assert.Contains(_store.Path, refused.Message);
                Assert.True(refused.Message.Length < 600);
            }

            Assert.Equal(0, cache.GetInfo().Count);
        }
    }

    [Fact]
    public void NullKeyIsEmpty()
    {
        using EmbeddingCache cache = _store.Create();
        Assert.Equal(InvalidEmbeddingReason.EmptyKey, Assert.Throws<InvalidEmbeddingException>(() => cache.Set(null!, [1, 2])).Reason);
        Assert.Equal(InvalidEmbeddingReason.EmptyKey, Assert.Throws<InvalidEmbeddingException>(() => cache.Get(null!)).Reason);
    }

    [Fact]
    public void LongestKeysAndSurrogatePairsAreAccepted()
    {
        using EmbeddingCache cache = _store.Create();
        string[] keys = [new string('x', 65_535), new string('ü', 32_767), "😀", "\0", "\uFFFF", "e\u0301", "é"];
        for (int i = 0; i < keys.Length; i++)
        {
            cache.Set(keys[i], [i, 1]);
        }

        cache.Checkpoint();
        for (int i = 0; i < keys.Length; i++)
        {
            Assert.Equal([i, 1], cache.Get(keys[i])!.Vector.ToArray());
        }

        Assert.Equal(keys, cache.Enumerate().Select(static record => record.Key));
        Assert.True(cache.Remove(keys[0]));
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void LargestDimensionWorksAndALargerOneIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _store.Create(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _store.Create(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _store.Create(65_537));
        Assert.False(File.Exists(_store.Path));
        using EmbeddingCache cache = _store.Create(65_536, Metric.Cosine);
        var random = new Random(1);
        for (int i = 0; i < 12; i++)
        {
            cache.Set($"{i}", TestVectors.Random(random, 65_536));
        }

        cache.Checkpoint();
        float[] query = cache.Get("7")!.Vector.ToArray();
        SimilarEmbedding best = cache.FindSimilar(query, 3)[0];
        Assert.Equal("7", best.Embedding.Key);
        Assert.Equal(1, best.Score, 5);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void LongestMetadataIsAcceptedAndLongerRefused()
    {
        // Two bytes of count; type, name length, one byte of name; two bytes of string length.
        const int Longest = 65_535 - 2 - 3 - 2;
        using EmbeddingCache cache = _store.Create();
        EmbeddingMetadata longest = EmbeddingMetadata.Empty.With("n", new string('x', Longest));
        cache.Set("a", [1, 2], longest);
        Assert.Equal(longest, cache.Get("a")!.Metadata);
        Assert.True(cache.Touch("a", null, longest));
        Assert.Equal(longest, cache.Get("a")!.Metadata);
        InvalidEmbeddingException refused = Assert.Throws<InvalidEmbeddingException>(() => EmbeddingMetadata.Empty.With("n", new string('x', Longest + 1)));
        Assert.Equal(InvalidEmbeddingReason.InvalidMetadata, refused.Reason);
        Assert.Contains("65535", refused.Message);
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ExpiryBefore1970IsRefused()
    {
        using EmbeddingCache cache = _store.Create();
        AssertRefused(() => cache.Set("the key", [1, 2], expires: DateTimeOffset.UnixEpoch), InvalidEmbeddingReason.InvalidExpiry, "1970", "the key");
        AssertRefused(() => cache.Set("the key", [1, 2], expires: DateTimeOffset.MinValue), InvalidEmbeddingReason.InvalidExpiry, "1970", "the key");
        cache.Set("the key", [1, 2], expires: DateTimeOffset.MaxValue);
        Assert.True(cache.Contains("the key"));
    }

    [Fact]
    public void DirectoryIsNoEdbFile()
    {
        string directory = _store.PathTo("directory.edb");
        Directory.CreateDirectory(directory);
        Assert.Contains("directory", Assert.Throws<NotAnEdbFileException>(() => _store.Open(path: directory)).Message);
        Assert.Contains("directory", Assert.Throws<NotAnEdbFileException>(() => _store.Open(readOnly: true, path: directory)).Message);
        Assert.ThrowsAny<IOException>(() => EmbeddingCache.Create(directory, new EmbeddingCacheCreateOptions { Dimension = 2 }));
        Assert.ThrowsAny<IOException>(() => EmbeddingCache.Create(directory, new EmbeddingCacheCreateOptions { Dimension = 2, Overwrite = true }));
        Assert.True(Directory.Exists(directory));
    }

    [Fact]
    public void MissingFileAndDirectoryAreNamed()
    {
        Assert.Contains("nowhere.edb", Assert.Throws<FileNotFoundException>(() => _store.Open(path: _store.PathTo("nowhere.edb"))).Message);
        Assert.Throws<DirectoryNotFoundException>(() => _store.Open(path: _store.PathTo("no/where.edb")));
        Assert.Throws<DirectoryNotFoundException>(() => EmbeddingCache.Create(_store.PathTo("no/where.edb"), new EmbeddingCacheCreateOptions { Dimension = 2 }));
    }

    [Fact]
    public void ReadOnlyFileIsNotOpenedForWriting()
    {
        _store.Create().Dispose();
        File.SetAttributes(_store.Path, FileAttributes.ReadOnly);
        Assert.Contains(_store.Path, Assert.Throws<UnauthorizedAccessException>(() => _store.Open()).Message);
        using (EmbeddingCache reader = _store.Open(readOnly: true))
        {
            Assert.Empty(reader.Enumerate());
        }

        File.SetAttributes(_store.Path, FileAttributes.Normal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(100_000)]
    public void OtherFileIsNoEdbFile(int length)
    {
        byte[] content = new byte[length];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_store.Path, content);
        foreach (bool readOnly in new[] { false, true })
        {
            NotAnEdbFileException refused = Assert.Throws<NotAnEdbFileException>(() => _store.Open(readOnly));
            Assert.Equal(_store.Path, refused.FilePath);
        }

        Assert.Equal(content, File.ReadAllBytes(_store.Path));
    }

    [Fact]
    public void NewerVersionAndUnknownFeaturesAreTold()
    {
        using (EmbeddingCache cache = _store.Create())
        {
            cache.Set("a", [1, 2]);
        }

        byte[] good = _store.Bytes();
        byte[] newer = (byte[])good.Clone();
        BinaryPrimitives.WriteUInt16LittleEndian(newer.AsSpan(FileHeader.VersionMajorOffset), 2);
        File.WriteAllBytes(_store.Path, newer);
        Assert.Contains("2.0", Assert.Throws<UnsupportedVersionException>(() => _store.Open()).Message);

        File.WriteAllBytes(_store.Path, WithFeature(good, CommitSlot.FeaturesReadOffset));
        Assert.Throws<UnsupportedVersionException>(() => _store.Open());
        Assert.Throws<UnsupportedVersionException>(() => _store.Open(readOnly: true));

        File.WriteAllBytes(_store.Path, WithFeature(good, CommitSlot.FeaturesWriteOffset));
        Assert.Throws<UnsupportedVersionException>(() => _store.Open());
        using (EmbeddingCache reader = _store.Open(readOnly: true))
        {
            Assert.True(reader.Contains("a"));
        }

        File.WriteAllBytes(_store.Path, WithFeature(good, CommitSlot.FeaturesIgnorableOffset));
        using EmbeddingCache ignorant = _store.Open();
        ignorant.Set("b", [1, 2]);
        Assert.Equal(2, ignorant.GetInfo().Count);
    }

    [Fact]
    public void AnotherWriterIsToldAfterTheBusyTimeout()
    {
        using EmbeddingCache first = _store.Create();
        using EmbeddingCache second = _store.Open(configure: static options => options.BusyTimeout = TimeSpan.FromMilliseconds(50));
        using (EmbeddingTransaction transaction = first.BeginTransaction())
        {
            FileBusyException busy = Assert.Throws<FileBusyException>(() => second.Set("a", [1, 2]));
            Assert.Contains(_store.Path, busy.Message);
            Assert.Throws<FileBusyException>(() => second.BeginTransaction(TimeSpan.Zero));
            Assert.Throws<FileBusyException>(() => first.BeginTransaction(TimeSpan.FromMilliseconds(5)));
            Assert.Throws<FileBusyException>(() => second.Compact());
            Assert.Throws<FileBusyException>(second.Checkpoint);
        }

        second.Set("a", [1, 2]);
        Assert.True(first.Contains("a"));
    }

    [Fact]
    public void ClosedHandleSaysSo()
    {
        EmbeddingCache cache = _store.Create();
        cache.Set("a", [1, 2]);
        IEnumerable<Embedding> enumeration = cache.Enumerate();
        cache.Dispose();
        cache.Dispose();
        foreach (Action call in new Action[]
        {
            () => cache.Set("a", [1, 2]), () => cache.Set([new EmbeddingEntry("a", new float[2])]), () => cache.Get("a"), () => cache.Contains("a"), () => cache.TryGet("a", new float[2]),
            () => cache.Remove("a"), () => cache.Touch("a", null), () => cache.Enumerate(), () => enumeration.Count(), () => cache.FindSimilar([1, 2]), () => cache.FindKeys("a", 1, TimeSpan.FromSeconds(1)),
            () => cache.GetInfo(), () => cache.Verify(), cache.Checkpoint, () => cache.Compact(), () => cache.BeginTransaction(), () => cache.IsCurrentFile(), () => cache.Validate(new EmbeddingEntry("a", new float[2])),
        })
        {
            Assert.Contains(_store.Path, Assert.Throws<ObjectDisposedException>(call).Message);
        }
    }

    [Fact]
    public void SameKeyTwiceInOneTransactionKeepsTheLast()
    {
        using EmbeddingCache cache = _store.Create();
        Assert.Equal(3, cache.Set([new EmbeddingEntry("a", new float[] { 1, 1 }), new EmbeddingEntry("b", new float[] { 2, 2 }), new EmbeddingEntry("a", new float[] { 3, 3 })]));
        Assert.Equal([3, 3], cache.Get("a")!.Vector.ToArray());
        Assert.Equal(2, cache.GetInfo().Count);
        Assert.Equal(["b", "a"], cache.Enumerate().Select(static record => record.Key));
        StoreContent.AssertValid(cache);
    }

    [Fact]
    public void ArgumentsOutOfRangeAreRefused()
    {
        using EmbeddingCache cache = _store.Create();
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.FindSimilar([1, 2], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.FindSimilar([1, 2], -1));
        Assert.Throws<ArgumentNullException>(() => cache.Set(null!));
        Assert.Throws<ArgumentNullException>(() => cache.FindKeys(null!, 1, TimeSpan.Zero));
        Assert.Throws<ArgumentException>(() => _store.Create(configure: static options =>
        {
            options.ReadOnly = true;
            options.Overwrite = true;
        }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _store.Create(metric: (Metric)9));
        Assert.Throws<ArgumentOutOfRangeException>(() => _store.Create(configure: static options => options.KeyStorage = 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _store.Create(configure: static options => options.DefaultTimeToLive = TimeSpan.Zero));
    }

    /// <summary>A batch that throws in its enumeration stores nothing.</summary>
    [Fact]
    public void BatchWhoseSourceThrowsStoresNothing()
    {
        using EmbeddingCache cache = _store.Create();
        static IEnumerable<EmbeddingEntry> Source()
        {
            yield return new EmbeddingEntry("a", new float[] { 1, 2 });
            throw new InvalidOperationException("source");
        }

        Assert.Equal("source", Assert.Throws<InvalidOperationException>(() => cache.Set(Source())).Message);
        Assert.Equal(0, cache.GetInfo().Count);
        cache.Set("b", [1, 2]);
        StoreContent.AssertValid(cache);
    }

    private static byte[] WithFeature(byte[] file, int offset)
    {
        byte[] changed = (byte[])file.Clone();
        foreach (int slot in new[] { 4096, 8192 })
        {
            Span<byte> bytes = changed.AsSpan(slot, CommitSlot.ByteLength);
            if (CommitSlot.TryRead(bytes, out _))
            {
                bytes[offset + 3] = 0x80;
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[CommitSlot.CrcOffset..], Crc32.Compute(bytes[..CommitSlot.CrcOffset]));
            }
        }

        return changed;
    }

    private void AssertRefused(Action call, InvalidEmbeddingReason reason, string says, string key)
    {
        InvalidEmbeddingException refused = Assert.Throws<InvalidEmbeddingException>(call);
        Assert.Equal(reason, refused.Reason);
        Assert.Equal(key, refused.Key);
        Assert.Equal(_store.Path, refused.FilePath);
        Assert.Contains(key, refused.Message);
        Assert.Contains(says, refused.Message);
        Assert.Contains(_store.Path, refused.Message);
    }
}
