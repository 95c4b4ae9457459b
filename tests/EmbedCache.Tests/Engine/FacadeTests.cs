using System.Runtime.InteropServices;
using System.Text;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves what each call of the facade promises about records, on a real file: what Set took comes back bit for bit, roles are part of the key, all types of
/// metadata return as they went in, enumerations keep their snapshot.
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
