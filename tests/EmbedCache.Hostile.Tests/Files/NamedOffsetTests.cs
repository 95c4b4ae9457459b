using System.Buffers.Binary;
using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Fuzz;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Index sections whose every CRC is right, and which name records where none can be: before the log, past its end, beside the frames' boundaries, at
/// negative offsets. Whoever follows such an offset gives an error that says so, and Verify names the problem.
/// </summary>
public sealed class NamedOffsetTests
{
    /// <summary>Enough for a close to write an index.</summary>
    private const int Count = 300;

    public static TheoryData<long> Offsets =>
        [-64, -1 << 20, long.MinValue, long.MaxValue & ~63L, 0, 4096, FormatConstants.OffsetLimit, 1L << 40, FormatConstants.LogOffset + 32];

    [Theory]
    [MemberData(nameof(Offsets))]
    public void KeysEntryIsNotFollowedThere(long offset)
    {
        byte[] file = Create();
        Poison(file, FrameKind.Keys, FormatConstants.KeysEntryByteLength, sizeof(ulong), offset);
        using EmbeddingCache cache = Probe.Open(Probe.Disk(file), readOnly: true, positional: false);
        for (int i = 0; i < Count; i += 7)
        {
            Assert.Throws<CorruptFileException>(() => cache.Get("key " + i));
        }

        // It once threw at the first such entry.
        Assert.True(cache.Verify().Problems.Count >= Count);
    }

    [Theory]
    [MemberData(nameof(Offsets))]
    public void OrdinalIsNotFollowedThere(long offset)
    {
        byte[] file = Create();
        Poison(file, FrameKind.Ordinals, FormatConstants.OrdinalsEntryByteLength, 0, offset);
        using EmbeddingCache cache = Probe.Open(Probe.Disk(file), readOnly: true, positional: false);
        Assert.Throws<CorruptFileException>(() => cache.FindSimilar([1, 2, 3, 4], 3));
        Assert.Throws<CorruptFileException>(() => cache.Enumerate().Count());
        Assert.False(cache.Verify().IsValid);
    }

    /// <summary>What the keys say is followed also when something is written: what a new record replaces is looked for.</summary>
    [Theory]
    [MemberData(nameof(Offsets))]
    public void CheckpointMeetsItToo(long offset)
    {
        byte[] file = Create();
        Poison(file, FrameKind.Keys, FormatConstants.KeysEntryByteLength, sizeof(ulong), offset);
        using EmbeddingCache cache = Probe.Open(Probe.Disk(file), readOnly: false, positional: false);
        Assert.Throws<CorruptFileException>(() =>
        {
            using EmbeddingTransaction transaction = cache.BeginTransaction();
            for (int i = 0; i < 5000; i++)
            {
                transaction.Set("key " + i, [1, 2, 3, 4]);
            }

            transaction.Commit();
        });
    }

    private static byte[] Create()
    {
        var disk = new ByteFileSystem();
        var environment = new EngineEnvironment { FileSystem = disk, UnixMilliseconds = static () => 1_704_110_400_000, Boot = static () => 7 };
        using (EmbeddingCache cache = EmbeddingCache.Create(Probe.Path, new EmbeddingCacheCreateOptions { Dimension = 4, Metric = Metric.Dot, Index = IndexMode.None }, environment))
        {
            cache.Set(Enumerable.Range(0, Count).Select(static i => new EmbeddingEntry("key " + i, new float[] { i, 1, 2, 3 })));
        }

        return disk.Read(Probe.Path).ToArray();
    }

    /// <summary>Puts an offset into every entry of a section and makes all checksums right.</summary>
    private static void Poison(byte[] file, FrameKind kind, int entryByteLength, int position, long offset)
    {
        int frame = (int)FormatConstants.LogOffset;
        while (file[frame] != (byte)kind)
        {
            frame += (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(frame + FrameHeader.FrameLengthOffset)) * FormatConstants.Unit;
        }

        Assert.True(SectionFrame.TryRead(file.AsSpan(frame), out SectionFrame section));
        Assert.Equal(Count, section.EntryCount);
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(frame + FormatConstants.FrameHeaderByteLength + (i * entryByteLength) + position), offset);
        }

        FileSealer.Seal(file);
    }
}
