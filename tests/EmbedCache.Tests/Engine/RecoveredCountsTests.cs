using EmbedCache.Engine;
using EmbedCache.Format;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// A commit that lost its slot, or lost acknowledged commits after it, leaves a slot whose count of live records is of another catalog. What recovery
/// makes of it must count as a fresh file would.
/// </summary>
public sealed class RecoveredCountsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embedcache-").FullName;

    private string FilePath => Path.Combine(_directory, "file.edb");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void An_adopted_catalog_brings_its_own_count()
    {
        using (EmbeddingCache cache = Create())
        {
            cache.Set("a", [1, 0]);
            cache.Checkpoint();
            cache.Set("b", [0, 1]);
            cache.Set("c", [1, 1]);
            cache.Checkpoint();
        }

        // The newest slot is gone, as if the writer had died between its fsync and its slot.
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes.AsSpan((int)FormatConstants.SlotOffset(NewestSlot(bytes).Sequence), FormatConstants.SlotByteLength).Clear();
        File.WriteAllBytes(FilePath, bytes);

        AssertCounts(3);
    }

    [Fact]
    public void A_catalog_that_went_with_lost_commits_takes_its_count_along()
    {
        long second;
        using (EmbeddingCache cache = Create(Durability.Normal))
        {
            cache.Set("a", [1, 0]);
            cache.Set("b", [0, 1]);
            second = cache.Get("b")!.Offset;
            byte[] open = ReadShared();
            CommitSlot slot = NewestSlot(open);
            Assert.True(slot.DurableTail < slot.PublishedTail);
            open[second + FormatConstants.Unit] ^= 1;
            File.WriteAllBytes(FilePath + ".damaged", open[..(int)slot.PublishedTail]);
        }

        File.Move(FilePath + ".damaged", FilePath, overwrite: true);
        AssertCounts(1);
    }

    [Fact]
    public void A_log_whose_slots_are_both_gone_counts_what_it_holds()
    {
        using (EmbeddingCache cache = Create())
        {
            cache.Set("a", [1, 0]);
            cache.Set("b", [0, 1]);
            cache.Checkpoint();
            cache.Remove("a");
            cache.Set("c", [1, 1]);
        }

        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes.AsSpan((int)FormatConstants.SlotAOffset, 2 * FormatConstants.PageByteLength).Fill(0x5A);
        File.WriteAllBytes(FilePath, bytes);

        AssertCounts(2);
    }

    [Fact]
    public void A_damaged_catalog_counts_from_the_log()
    {
        using (EmbeddingCache cache = Create())
        {
            cache.Set("a", [1, 0]);
            cache.Set("b", [0, 1]);
            cache.Checkpoint();
        }

        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes[NewestSlot(bytes).CatalogOffset + PayloadFrame.PayloadOffset] ^= 1;
        File.WriteAllBytes(FilePath, bytes);
        using EmbeddingCache reader = EmbeddingCache.Open(FilePath, new EmbeddingCacheOptions { ReadOnly = true });
        Assert.Equal(2, reader.GetInfo().Count);
        Assert.NotNull(reader.Get("a"));
    }

    /// <summary>Commits are lost when a machine goes down, so what reads the file afterwards runs on another start of it.</summary>
    private static EngineEnvironment Boot(ulong number) => new() { Boot = () => number };

    private EmbeddingCache Create(Durability durability = Durability.Full)
        => EmbeddingCache.Create(FilePath, new EmbeddingCacheCreateOptions { Dimension = 2, Durability = durability }, Boot(1));

    private void AssertCounts(int expected)
    {
        foreach (bool isReadOnly in (bool[])[true, false])
        {
            using EmbeddingCache cache = EmbeddingCache.Open(FilePath, new EmbeddingCacheOptions { ReadOnly = isReadOnly }, Boot(2));
            Assert.Equal(expected, cache.GetInfo().Count);
            Assert.Equal(expected, cache.Enumerate().Count());
            if (!isReadOnly)
            {
                cache.Set("another", [2, 2]);
                Assert.Equal(expected + 1, cache.GetInfo().Count);
                Assert.Empty(cache.Verify().Problems);
            }
        }

        using EmbeddingCache again = EmbeddingCache.Open(FilePath);
        Assert.Equal(expected + 1, again.GetInfo().Count);
        Assert.Empty(again.Verify().Problems);
    }

    private byte[] ReadShared()
    {
        using FileStream stream = new(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static CommitSlot NewestSlot(byte[] bytes)
    {
        CommitSlot.TryRead(bytes.AsSpan((int)FormatConstants.SlotAOffset), out CommitSlot a);
        CommitSlot.TryRead(bytes.AsSpan((int)FormatConstants.SlotBOffset), out CommitSlot b);
        return a.Sequence > b.Sequence ? a : b;
    }
}
