using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Fuzz;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Files that make much of little: entries that share what belongs to one, so that work, memory or a compacted file would grow far beyond the file. Each
/// stays under the bounds of <see cref="Meter"/>, by an answer or a typed error.
/// </summary>
public sealed class HostileBombTests
{
    private const int LongDimension = 16_384;

    private const int TouchCount = 500;

    /// <summary>Thousands of different keys under one hash made every scan compare each with each.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void KeysThatAllHaveOneHashAreMetByAnError(bool isIndexed)
    {
        HostileFile file = Many(6_000, isIndexed);
        foreach (int record in file.Frames(FrameKind.Record))
        {
            file.Bytes.AsSpan(record + RecordFrame.KeyHashOffset, sizeof(ulong)).Fill(7);
        }

        foreach (int run in isIndexed ? file.Frames(FrameKind.Keys) : [])
        {
            Span<byte> section = file.Bytes.AsSpan(run);
            Assert.True(SectionFrame.TryRead(section, out SectionFrame frame));
            for (int i = 0; i < frame.EntryCount; i++)
            {
                section.Slice(SectionFrame.EntriesOffset + (i * FormatConstants.KeysEntryByteLength), sizeof(ulong)).Fill(7);
            }
        }

        file.Seal();
        using (EmbeddingCache cache = file.Open(readOnly: false))
        {
            Meter meter = Meter.Start();
            Assert.Throws<CorruptFileException>(() =>
            {
                cache.Set("new", [1]);
                cache.Checkpoint();
                cache.Compact();
                cache.FindSimilar([1], 3);
            });
            meter.Check("Writing to a file of equal hashes", file.Bytes.Length);
        }

        file.Probe();
    }

    /// <summary>Hashes that agree in the bits that a table's buckets were chosen by made one chain of all entries.</summary>
    [Fact]
    public void KeysThatAllShareABucketCostNoMoreThanOthers()
    {
        HostileFile file = Many(30_000, isIndexed: false);
        uint next = 0;
        foreach (int record in file.Frames(FrameKind.Record))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(file.Bytes.AsSpan(record + RecordFrame.KeyHashOffset), next++);
        }

        file.Seal().Probe();
    }

    /// <summary>Entries that all name one long record: an index of a megabyte made a scan of gigabytes.</summary>
    [Fact]
    public void OrdinalsThatAllNameOneLongRecordAreMetByAnError()
    {
        HostileFile file = LongAndTouched();
        int record = file.Frames(FrameKind.Record)[0];
        Span<byte> section = file.Newest(FrameKind.Ordinals);
        Assert.True(SectionFrame.TryRead(section, out SectionFrame frame));
        for (int i = 0; i < frame.EntryCount; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(section[(SectionFrame.EntriesOffset + (i * sizeof(long)))..], record);
        }

        RefusesScans(SetAllLive(file));
    }

    /// <summary>Touches that all keep one long record were as many copies of it.</summary>
    [Fact]
    public void TouchesThatAllKeepOneLongRecordAreMetByAnError() => RefusesScans(SetAllLive(LongAndTouched()));

    /// <summary>A catalog that calls a record a replaced section had it punched out of the file.</summary>
    [Fact]
    public void RecordThatIsCalledAReplacedSectionIsNotPunched()
    {
        var file = new HostileFile(
            static cache =>
            {
                cache.Set("long", Enumerable.Repeat(1f, 8192).ToArray());
                cache.Checkpoint();
                cache.Set("a", Enumerable.Repeat(1f, 8192).ToArray());
                cache.Checkpoint();
                cache.Set("b", Enumerable.Repeat(1f, 8192).ToArray());
                cache.Checkpoint();
                cache.Set("c", Enumerable.Repeat(1f, 8192).ToArray());
                cache.Checkpoint();
            },
            dimension: 8192);
        int record = file.Frames(FrameKind.Record)[0];
        long length = BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes.AsSpan(record + FrameHeader.FrameLengthOffset)) * FormatConstants.Unit;
        int retired = 0;
        foreach (int offset in file.Frames(FrameKind.Catalog))
        {
            Span<byte> payload = file.Bytes.AsSpan(offset + PayloadFrame.PayloadOffset);
            uint count = BinaryPrimitives.ReadUInt32LittleEndian(payload);
            for (int i = 0; i < count; i++)
            {
                Span<byte> entry = payload.Slice(CatalogPayload.EntriesOffset + (i * CatalogEntry.ByteLength), CatalogEntry.ByteLength);
                if (entry[CatalogEntry.CatalogFlagsOffset] == 1)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(entry[CatalogEntry.FrameOffsetOffset..], record);
                    BinaryPrimitives.WriteInt64LittleEndian(entry[CatalogEntry.FrameLengthOffset..], length);
                    BinaryPrimitives.WriteInt64LittleEndian(entry[CatalogEntry.CoversFromOffset..], record);
                    BinaryPrimitives.WriteInt64LittleEndian(entry[CatalogEntry.CoversToOffset..], record);
                    retired++;
                }
            }
        }

        Assert.True(retired > 0, "No section was replaced yet");
        file.Seal();
        using EmbeddingCache cache = file.Open(readOnly: false);
        for (int i = 0; i < 3; i++)
        {
            cache.Set($"more {i}", Enumerable.Repeat(1f, 8192).ToArray());
            cache.Checkpoint();
        }

        Assert.All(cache.Get("long")!.Vector.ToArray(), static element => Assert.Equal(1f, element));
    }

    /// <summary>A segment that covers nothing could be named any number of times.</summary>
    [Fact]
    public void SegmentsThatCoverNothingAreDoneWithout()
    {
        HostileFile file = Many(100, isIndexed: true);
        foreach (FrameKind kind in new[] { FrameKind.Keys, FrameKind.Ordinals, FrameKind.Live })
        {
            Span<byte> section = file.Newest(kind);
            section.Slice(SectionFrame.CoversFromOffset, UInt48.ByteLength).CopyTo(section[SectionFrame.CoversToOffset..]);
        }

        Span<byte> payload = file.Newest(FrameKind.Catalog)[PayloadFrame.PayloadOffset..];
        BinaryPrimitives.WriteInt64LittleEndian(payload[CatalogPayload.CoversToOffset..], FormatConstants.LogOffset);
        for (int i = 0; i < BinaryPrimitives.ReadInt32LittleEndian(payload); i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(payload[(CatalogPayload.EntriesOffset + (i * CatalogEntry.ByteLength) + CatalogEntry.CoversToOffset)..], FormatConstants.LogOffset);
        }

        file.Seal();
        using EmbeddingCache cache = file.Open();
        Assert.Equal(0, cache.GetInfo().IndexByteLength);
        Assert.Equal(100, cache.Enumerate().Count());
        file.Probe();
    }

    /// <summary>Records of one element, each with a key of its own; with one segment, or as a log without an index.</summary>
    private static HostileFile Many(int count, bool isIndexed)
    {
        var file = new HostileFile(
            cache =>
            {
                cache.Set(Enumerable.Range(0, count).Select(static i => new EmbeddingEntry($"{i}", new float[] { 1 + i })));
                if (isIndexed)
                {
                    cache.Checkpoint();
                }
            },
            dimension: 1);
        if (!isIndexed)
        {
            file.NewestSlot.Slice(CommitSlot.CatalogOffsetOffset, sizeof(long)).Clear();
            file.NewestSlot.Slice(CommitSlot.LiveIndexedCountOffset, sizeof(long)).Clear();
        }

        return file;
    }

    /// <summary>One record of 64 KiB, touched hundreds of times; all in one segment.</summary>
    private static HostileFile LongAndTouched() => new(
        static cache =>
        {
            cache.Set("long", Enumerable.Repeat(1f, LongDimension).ToArray());
            using EmbeddingTransaction transaction = cache.BeginTransaction();
            for (int i = 0; i < TouchCount; i++)
            {
                transaction.Touch("long", null);
            }

            transaction.Commit();
            cache.Checkpoint();
        },
        LongDimension);

    private static HostileFile SetAllLive(HostileFile file)
    {
        Span<byte> section = file.Newest(FrameKind.Live);
        Assert.True(SectionFrame.TryRead(section, out SectionFrame frame));
        section.Slice(SectionFrame.EntriesOffset, (int)frame.EntriesByteLength).Fill(0xFF);
        long count = BinaryPrimitives.ReadInt64LittleEndian(file.NewestSlot[CommitSlot.RecordCountOffset..]);
        BinaryPrimitives.WriteInt64LittleEndian(file.NewestSlot[CommitSlot.LiveIndexedCountOffset..], count);
        return file.Seal();
    }

    private static void RefusesScans(HostileFile file)
    {
        using (EmbeddingCache cache = file.Open(readOnly: false))
        {
            float[] query = Enumerable.Repeat(1f, LongDimension).ToArray();
            Meter meter = Meter.Start();
            Assert.Throws<CorruptFileException>(() => cache.Enumerate().Count());
            Assert.Throws<CorruptFileException>(() => cache.Enumerate(newestFirst: true).Count());
            Assert.Throws<CorruptFileException>(() => cache.FindSimilar(query, 1000));
            meter.Check("Scans", file.Bytes.Length);
            Assert.Throws<CorruptFileException>(() => cache.Compact());
        }

        file.Probe(positional: false);
    }
}
