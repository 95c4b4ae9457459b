using System.Runtime.InteropServices;
using System.Text;

namespace EmbedCache.Tests.Engine;

/// <summary>After Remove and Optimize the key, metadata and vector of a removed record are nowhere: not in the file, not in any file beside it.</summary>
public sealed class ErasureTests
{
    private const string Secret = "the name of the patient is unmistakable-7f3a";
    private const string Note = "diagnosis-that-nobody-may-read";
    private static readonly float[] s_vector = [.. Enumerable.Range(0, 16).Select(static i => 0.7310586f + (i / 977f))];

    [Theory]
    [InlineData(Durability.Full, false)]
    [InlineData(Durability.Normal, false)]
    [InlineData(Durability.Full, true)]
    public void RemovedBytesAreNowhereAfterOptimize(Durability durability, bool expires)
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(16, configure: options => options.Durability = durability);
        Fill(cache, store, expires);
        Assert.NotEmpty(Findings(store));
        if (expires)
        {
            store.Now += 10_000;
        }
        else
        {
            Assert.True(cache.Remove(Secret));
        }

        cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        Assert.Empty(Findings(store));
        cache.Dispose();
        Assert.Empty(Findings(store));
    }

    /// <summary>What was overwritten is gone, too, while the new value stays.</summary>
    [Fact]
    public void ReplacedVectorAndMetadataAreGone()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(16);
        Fill(cache, store, expires: false);
        cache.Set(Secret, new float[16]);
        cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        Assert.Equal(["key"], Findings(store));
    }

    /// <summary>Metadata that a Touch replaced is gone, though the record that carried it stays.</summary>
    [Fact]
    public void MetadataReplacedByATouchIsGone()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(16);
        Fill(cache, store, expires: false);
        cache.Touch(Secret, null, EmbeddingMetadata.Empty.With("other", 1L));
        cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        Assert.Equal(["key", "vector"], Findings(store));
    }

    /// <summary>A compaction that a crash ended leaves a copy beside the file; the next one removes it.</summary>
    [Fact]
    public void LeftoverOfACrashedCompactionIsErased()
    {
        using var store = new TestStore();
        using EmbeddingCache cache = store.Create(16);
        Fill(cache, store, expires: false);
        File.Copy(store.Path, store.Path + ".compact");
        cache.Remove(Secret);
        cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        Assert.Empty(Findings(store));
        Assert.Equal([store.Path], Directory.GetFiles(Path.GetDirectoryName(store.Path)!));
    }

    /// <summary>Frames are made in buffers that others used before: nothing of those may reach the file in padding or gaps.</summary>
    [Fact]
    public void NothingOfReusedBuffersReachesTheFile()
    {
        using var store = new TestStore();
        byte[] stain = Encoding.UTF8.GetBytes(Secret);
        for (int round = 0; round < 20; round++)
        {
            for (int size = 1 << 12; size <= 1 << 20; size <<= 1)
            {
                byte[] rented = System.Buffers.ArrayPool<byte>.Shared.Rent(size);
                for (int i = 0; i + stain.Length <= rented.Length; i += stain.Length)
                {
                    stain.CopyTo(rented, i);
                }

                System.Buffers.ArrayPool<byte>.Shared.Return(rented);
            }
        }

        using EmbeddingCache cache = store.Create(3, configure: static options => options.Model = "m");
        cache.Set(Enumerable.Range(0, 5000).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1, 2 }) { Metadata = i % 3 == 0 ? EmbeddingMetadata.Empty.With("i", (long)i) : null }));
        cache.Checkpoint();
        Assert.Empty(Findings(store));
        cache.Optimize(new OptimizeOptions(), null, CancellationToken.None);
        Assert.Empty(Findings(store));
        cache.BackupTo(store.PathTo("copy.edb"));
        EmbeddingCache.Repair(store.Path, store.PathTo("repaired.edb"));
        Assert.Empty(Findings(store));
    }

    private static void Fill(EmbeddingCache cache, TestStore store, bool expires)
    {
        for (int i = 0; i < 300; i++)
        {
            cache.Set($"k{i}", [.. Enumerable.Repeat((float)i, 16)]);
        }

        cache.Set(Secret, s_vector, EmbeddingMetadata.Empty.With("note", Note), EmbeddingRole.None, expires ? store.Time.AddSeconds(5) : null);
        cache.Checkpoint();
        cache.Set("after", new float[16]);
    }

    /// <summary>What of the secret stands in any file of the folder.</summary>
    private static string[] Findings(TestStore store)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(store.Path)!))
        {
            byte[] bytes = File.ReadAllBytes(file);
            AddIf(found, "key", bytes, Encoding.UTF8.GetBytes(Secret));
            AddIf(found, "metadata", bytes, Encoding.UTF8.GetBytes(Note));

            // Any two neighbouring elements of the vector.
            for (int i = 0; i + 1 < s_vector.Length; i++)
            {
                AddIf(found, "vector", bytes, MemoryMarshal.AsBytes(s_vector.AsSpan(i, 2)));
            }
        }

        return [.. found];
    }

    private static void AddIf(SortedSet<string> found, string what, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> wanted)
    {
        if (bytes.IndexOf(wanted) >= 0)
        {
            found.Add(what);
        }
    }
}
