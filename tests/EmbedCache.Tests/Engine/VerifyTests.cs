using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Engine;

/// <summary>Verify reports every problem with its place, whatever the file; quickly without CRCs, and by path where a file cannot be opened.</summary>
public sealed class VerifyTests
{
    private const string Path = "/disk/a.edb";

    [Fact]
    public void QuickCheckOfASoundFileFindsNothing()
    {
        VerifyReport report = Check(Build(), quick: true);
        Assert.Empty(report.Problems);
        Assert.NotEqual(0, report.FrameCount);
        Assert.Equal(61, report.RecordCount);
    }

    /// <summary>A flipped bit in a vector is for the full check; a length that is wrong is seen by both.</summary>
    [Fact]
    public void QuickCheckSeesStructureAndNotPayloads()
    {
        byte[] bytes = Build();
        List<long> records = Records(bytes);
        bytes[records[3] + 64] ^= 1;
        Assert.Empty(Check(bytes, quick: true).Problems);
        Assert.Equal(records[3], Assert.Single(Check(bytes, quick: false).Problems).Offset);

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((int)records[5] + 4), 77);
        Assert.Contains(Check(bytes, quick: true).Problems, problem => problem.Offset == records[5]);
    }

    [Fact]
    public void AllProblemsAreReportedByOffset()
    {
        byte[] bytes = Build();
        List<long> records = Records(bytes);
        int[] damaged = [2, 9, 17, 30];
        foreach (int i in damaged)
        {
            bytes[records[i] + 64] ^= 1;
        }

        bytes[4096] ^= 1;
        VerifyReport report = Check(bytes, quick: false);
        Assert.Equal([4096, .. damaged.Select(i => records[i])], report.Problems.Select(static problem => problem.Offset));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(20)]
    public void FileThatCannotBeOpenedIsReportedAllTheSame(int headerByte)
    {
        byte[] bytes = Build();
        List<long> records = Records(bytes);
        bytes[headerByte] ^= 0x10;
        bytes[records[4] + 64] ^= 1;
        bytes[records[8]] ^= 4;
        VerifyReport report = CheckFile(bytes);
        Assert.Equal([0, records[4], records[8]], report.Problems.Select(static problem => problem.Offset).Where(static offset => offset != 8192 && offset != 4096));
        Assert.Equal(58, report.RecordCount);
    }

    [Fact]
    public void FileOfAnotherKindIsOneProblem()
    {
        Assert.Equal(0, Assert.Single(CheckFile("no file of ours"u8.ToArray()).Problems).Offset);
        Assert.Single(CheckFile([]).Problems);
    }

    /// <summary>
    /// Regression: with both slots damaged the log was taken to end at the first damaged frame, silently, though whole frames stood behind it; a writer
    /// would even have cut them off.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Regression_LogDamagedBehindDamagedSlotsIsCorruption(bool readOnly)
    {
        byte[] bytes = Build();
        List<long> records = Records(bytes);
        bytes[4096 + 30] ^= 1;
        bytes[8192 + 30] ^= 1;
        bytes[records[20] + 64] ^= 1;
        var disk = new MemoryFileSystem();
        disk.Put(Path, bytes);
        CorruptFileException e = Assert.Throws<CorruptFileException>(() => new TestStore(disk).Open(readOnly));
        Assert.Equal(records[20], e.Offset);
        Assert.Contains("Repair", e.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, disk.Read(Path));
        Assert.Equal([4096, 8192, records[20]], CheckFile(bytes).Problems.Select(static problem => problem.Offset));
    }

    /// <summary>But a power loss under Normal durability may tear both slots and lose frames in front of others: that is no damage, and what is whole is there.</summary>
    [Fact]
    public void LogThatEndsEarlyBehindTornSlotsIsNone()
    {
        byte[] bytes = Build();
        List<long> records = Records(bytes);
        Tear(bytes, 4096);
        Tear(bytes, 8192);
        bytes.AsSpan((int)records[20], 64).Clear();
        var disk = new MemoryFileSystem();
        disk.Put(Path, bytes);
        using EmbeddingCache cache = new TestStore(disk).Open(readOnly: true);
        Assert.Equal(20, cache.GetInfo().Count);
    }

    /// <summary>
    /// Regression: sections whose CRCs hold, but which contradict each other, ended Verify with an error instead of a report. Every word of every section
    /// is changed, with its CRCs made right again.
    /// </summary>
    [Fact]
    public void Regression_SectionsThatContradictEachOtherAreReported()
    {
        byte[] sound = Build();
        FileHeader header = FileHeader.Read(sound.AsSpan(0, 256), Path, sound.Length);
        int reported = 0;
        foreach (long offset in Sections(sound))
        {
            SectionFrame.TryRead(sound.AsSpan((int)offset), out SectionFrame section);
            for (long word = 0; word < section.EntriesByteLength; word += 8)
            {
                foreach (ulong change in new[] { 1UL, 1UL << 6, 1UL << 20, 1UL << 63, ulong.MaxValue })
                {
                    byte[] bytes = (byte[])sound.Clone();
                    Span<byte> entry = bytes.AsSpan((int)(offset + 64 + word), 8);
                    BinaryPrimitives.WriteUInt64LittleEndian(entry, BinaryPrimitives.ReadUInt64LittleEndian(entry) ^ change);
                    Reseal(bytes, offset, section, header);
                    VerifyReport report = Check(bytes, quick: false);
                    reported += report.IsValid ? 0 : 1;
                }
            }
        }

        Assert.True(reported > 200, $"{reported}");
    }

    /// <summary>One section, with block CRCs and payload CRC made right, and the chain behind it continued.</summary>
    private static void Reseal(byte[] bytes, long offset, in SectionFrame section, in FileHeader header)
    {
        Span<byte> entries = bytes.AsSpan((int)offset + 64, (int)section.EntriesByteLength);
        Span<byte> table = bytes.AsSpan((int)(offset + 64 + section.EntriesByteLength), (int)section.BlockCount * 4);
        for (int block = 0; block < section.BlockCount; block++)
        {
            int from = block * 4096;
            BinaryPrimitives.WriteUInt32LittleEndian(table[(block * 4)..], Crc32.Compute(entries[from..Math.Min(entries.Length, from + 4096)]));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((int)offset + FrameHeader.PayloadCrcOffset), Crc32.Compute(table));
        uint chain = header.Crc;
        long last = 0;
        for (long at = FormatConstants.LogOffset; at < bytes.Length && FrameHeader.TryRead(bytes.AsSpan((int)at), out FrameHeader frame); at += frame.FrameByteLength)
        {
            chain = FrameSeal.Seal(bytes.AsSpan((int)at, 64), at, header.Salt, chain);
            last = at + frame.FrameByteLength;
        }

        foreach (int slotOffset in new[] { 4096, 8192 })
        {
            if (CommitSlot.TryRead(bytes.AsSpan(slotOffset, 128), out CommitSlot slot) && slot.PublishedTail == last)
            {
                (slot with { PublishedChain = chain, DurableChain = slot.DurableTail == last ? chain : slot.DurableChain }).Write(bytes.AsSpan(slotOffset));
            }
        }
    }

    private static VerifyReport Check(byte[] bytes, bool quick)
    {
        var disk = new MemoryFileSystem();
        disk.Put(Path, bytes);
        using EmbeddingCache cache = new TestStore(disk).Open(readOnly: true);
        return cache.Verify(quick);
    }

    private static VerifyReport CheckFile(byte[] bytes)
    {
        var disk = new MemoryFileSystem();
        disk.Put(Path, bytes);
        return EmbeddingCache.VerifyFile(Path, quick: false, null, CancellationToken.None, new TestStore(disk).Environment);
    }

    private static byte[] Build()
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        using (EmbeddingCache cache = store.Create())
        {
            for (int i = 0; i < 50; i++)
            {
                cache.Set($"k{i}", [i, 1]);
            }

            cache.Checkpoint();
            for (int i = 50; i < 60; i++)
            {
                cache.Set($"k{i}", [i, 1]);
            }

            cache.Set("k50", [0, 1]);
            cache.Checkpoint();
        }

        return disk.Read(Path);
    }

    private static List<long> Records(byte[] bytes) => Frames(bytes, static kind => kind == FrameKind.Record);

    private static List<long> Sections(byte[] bytes) => Frames(bytes, static kind => kind.IsSection());

    private static List<long> Frames(byte[] bytes, Func<FrameKind, bool> wanted)
    {
        var frames = new List<long>();
        for (long offset = FormatConstants.LogOffset; offset < bytes.Length && FrameHeader.TryRead(bytes.AsSpan((int)offset), out FrameHeader header); offset += header.FrameByteLength)
        {
            if (wanted(header.Kind))
            {
                frames.Add(offset);
            }
        }

        return frames;
    }

    /// <summary>The first half of the slot's next write over it.</summary>
    private static void Tear(byte[] bytes, int offset)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(offset), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset)) + 2);
        bytes[offset + 40] ^= 0x40;
    }
}
