using System.Buffers.Binary;
using EmbedCache.Format;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>What mutated files with right checksums brought to light, each as the file that shows it.</summary>
public sealed class HostileRegressionTests
{
    /// <summary>The next transaction's number did not fit its 48 bits: an argument exception, and nothing said about the file.</summary>
    [Fact]
    public void TransactionNumberWithoutANextRefusesToWrite()
    {
        HostileFile file = Small();
        BinaryPrimitives.WriteInt64LittleEndian(file.NewestSlot[CommitSlot.TransactionOffset..], FormatConstants.MaxTransaction);
        RefusesToWriteButReads(file);
    }

    /// <summary>The next generation overflowed in a compaction.</summary>
    [Fact]
    public void GenerationWithoutANextRefusesToCompact()
    {
        HostileFile file = Small();
        BinaryPrimitives.WriteUInt32LittleEndian(file.Header[FileHeader.GenerationOffset..], uint.MaxValue);
        file.Seal();
        using EmbeddingCache cache = file.Open(readOnly: false);
        Assert.Throws<CorruptFileException>(() => cache.Compact());
        Assert.NotNull(cache.Get("key 1"));
        file.Probe();
    }

    /// <summary>A new epoch wrapped around to 0, a slot that nobody would read: the writer said that a slot of its own was inconsistent.</summary>
    [Fact]
    public void EpochWithoutANextRefusesToRecover()
    {
        HostileFile file = Small();
        BinaryPrimitives.WriteUInt32LittleEndian(file.NewestSlot[CommitSlot.EpochOffset..], uint.MaxValue);

        // Remains past the tail, which want a new epoch.
        file = new HostileFile([.. file.Bytes, .. Enumerable.Repeat((byte)7, 64)]);
        RefusesToWriteButReads(file);
    }

    [Fact]
    public void SequenceWithoutANextRefusesToWrite()
    {
        HostileFile file = Small();
        long last = FormatConstants.OffsetLimit - 1;
        file.NewestSlot.CopyTo(file.Bytes.AsSpan((int)FormatConstants.SlotOffset(last)));
        BinaryPrimitives.WriteInt64LittleEndian(file.Bytes.AsSpan((int)FormatConstants.SlotOffset(last)), last);
        RefusesToWriteButReads(file);
    }

    /// <summary>Live bits past the last ordinal were counted, and written past the end of a merged bitmap.</summary>
    [Fact]
    public void PaddingBitsOfABitmapCountForNothing()
    {
        HostileFile file = Small();
        BinaryPrimitives.WriteUInt64LittleEndian(file.Newest(FrameKind.Live)[SectionFrame.EntriesOffset..], ulong.MaxValue);
        file.Seal();
        using EmbeddingCache cache = file.Open(readOnly: false);
        Assert.Equal(20, cache.GetInfo().Count);
        for (int i = 0; i < 20; i++)
        {
            cache.Set($"more {i}", [1, 1]);
            cache.Checkpoint();
        }

        Assert.Equal(40, cache.GetInfo().Count);
        Assert.Equal(40, cache.Enumerate().Count());
        file.Probe();
    }

    /// <summary>A slot that counts fewer records than its index has ordinals: the index is done without.</summary>
    [Fact]
    public void SlotWithFewerRecordsThanOrdinalsDoesWithoutTheIndex()
    {
        HostileFile file = Small();
        file.NewestSlot.Slice(CommitSlot.RecordCountOffset, sizeof(ulong)).Clear();
        file.NewestSlot.Slice(CommitSlot.LiveIndexedCountOffset, sizeof(ulong)).Clear();
        file.Seal();
        using EmbeddingCache cache = file.Open();
        Assert.Equal(20, cache.Enumerate().Count());
        Assert.False(cache.Verify().IsValid);
        file.Probe();
    }

    /// <summary>Ordinals further apart than a long can say sent the interpolation below the first entry.</summary>
    [Fact]
    public void OrdinalsAtOppositeExtremesAreMetByErrors()
    {
        HostileFile file = Small();
        Span<byte> entries = file.Newest(FrameKind.Ordinals)[SectionFrame.EntriesOffset..];
        BinaryPrimitives.WriteInt64LittleEndian(entries, long.MinValue);
        BinaryPrimitives.WriteInt64LittleEndian(entries[(19 * sizeof(long))..], long.MaxValue);
        file.Seal();
        using (EmbeddingCache cache = file.Open(readOnly: false))
        {
            Assert.Throws<CorruptFileException>(() => cache.Enumerate().Count());

            // Overwriting each record asks for its ordinal.
            for (int i = 0; i < 20; i++)
            {
                cache.Set($"key {i}", [2, 2]);
            }

            Assert.ThrowsAny<EmbedCacheException>(() => { cache.Checkpoint(); cache.FindSimilar([1, 1], 50); });
        }

        file.Probe();
    }

    /// <summary>A frame that has no vector was decoded with a codebook that it has not, and ended in an internal error.</summary>
    [Fact]
    public void OrdinalThatNamesAFrameWithoutAVectorIsMetByAnError()
    {
        var file = new HostileFile(
            static cache =>
            {
                for (int i = 0; i < 20; i++)
                {
                    cache.Set($"key {i}", [1, i]);
                }

                cache.Remove("key 7");
                cache.Checkpoint();
            },
            dimension: 2);
        BinaryPrimitives.WriteInt64LittleEndian(file.Newest(FrameKind.Ordinals)[SectionFrame.EntriesOffset..], file.Frames(FrameKind.Tombstone)[0]);
        file.Seal();
        using (EmbeddingCache cache = file.Open(readOnly: false))
        {
            Assert.Throws<CorruptFileException>(() => cache.FindSimilar([1, 1], 50));
            Assert.ThrowsAny<EmbedCacheException>(() => cache.Compact());
            Assert.False(cache.Verify().IsValid);
            Assert.NotNull(cache.Get("key 3"));
        }

        file.Probe();
    }

    /// <summary>A run of hashes that is not sorted only misses, and Verify says so.</summary>
    [Fact]
    public void UnsortedHashesAreMissesThatVerifyNames()
    {
        HostileFile file = Small();
        Span<byte> entries = file.Newest(FrameKind.Keys)[SectionFrame.EntriesOffset..];
        byte[] first = entries[..FormatConstants.KeysEntryByteLength].ToArray();
        Span<byte> last = entries.Slice(19 * FormatConstants.KeysEntryByteLength, FormatConstants.KeysEntryByteLength);
        last.CopyTo(entries);
        first.CopyTo(last);
        file.Seal();
        using EmbeddingCache cache = file.Open();
        Assert.Contains(cache.Verify().Problems, static problem => problem.Description.Contains("out of order", StringComparison.Ordinal));
        for (int i = 0; i < 20; i++)
        {
            Assert.True(cache.Get($"key {i}") is not { } found || found.Vector.Span[0] == i);
        }

        file.Probe();
    }

    private static HostileFile Small() => new(static cache =>
    {
        for (int i = 0; i < 20; i++)
        {
            cache.Set($"key {i}", [i, 1]);
        }

        cache.Checkpoint();
    });

    private static void RefusesToWriteButReads(HostileFile file)
    {
        file.Seal();
        using (EmbeddingCache cache = file.Open())
        {
            Assert.Equal(20, cache.Enumerate().Count());
        }

        using (EmbeddingCache cache = file.Open(readOnly: false))
        {
            Assert.Throws<CorruptFileException>(() => cache.Set("new", [1, 1]));
            Assert.Equal(20, cache.Enumerate().Count());
        }

        file.Probe();
    }
}
