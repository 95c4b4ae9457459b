using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;
using static EmbedCache.Tests.Engine.RepairWorld;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Repair: whatever is damaged, every record whose CRCs hold comes out, what does not is listed with its place, and the damaged file stays as it was.
/// Damage is done to the bytes of a file with every kind of frame, in memory; the result must be a sound file that holds exactly what is expected.
/// </summary>
public sealed class RepairTests
{
    [Fact]
    public void SoundFileComesOutAsItIs()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        Assert.Empty(report.Losses);
        Assert.Empty(report.Mended);
        Assert.False(report.IsHeaderRebuilt);
        Assert.Equal(content, repaired);
        Assert.Equal(content.Count, report.RecordCount);
        Assert.Equal(Target, report.Destination);
    }

    [Theory]
    [InlineData(KeyStorage.Text)]
    [InlineData(KeyStorage.Digest)]
    public void DamagedRecordIsListedAndTheOthersComeOut(KeyStorage keyStorage)
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build(keyStorage);
        List<(long Offset, FrameHeader Header)> frames = Frames(bytes);
        long offset = frames.First(static frame => frame.Header.Kind == FrameKind.Record).Offset;
        bytes[offset + 64] ^= 1;
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        RepairLoss loss = Assert.Single(report.Losses);
        Assert.Equal(offset, loss.Offset);
        Assert.Equal(frames[0].Header.FrameByteLength, loss.ByteLength);
        Assert.Equal(loss.ByteLength, report.LostByteLength);

        // The damage is in the vector: the key can be read, and proven by its hash.
        Assert.Contains("CRC", loss.Reason, StringComparison.Ordinal);
        Assert.True(content.Remove(StoreContent.NameOf(keyStorage == KeyStorage.Text ? loss.Key! : loss.Key!.ToUpperInvariant(), loss.Role)));
        Assert.Equal(content, repaired);
    }

    [Fact]
    public void KeyThatCannotBeProvenIsNotNamed()
    {
        (byte[] bytes, _) = Build();
        (long offset, _) = Frames(bytes).First(static frame => frame.Header.Kind == FrameKind.Record);
        bytes[offset + 64 + 8] ^= 1; // Dimension 2: the key's first byte.
        RepairLoss loss = Assert.Single(Repair(bytes).Report.Losses);
        Assert.Null(loss.Key);
    }

    [Fact]
    public void DamagedFrameHeaderLosesThatFrameAlone()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        (long offset, FrameHeader header) = Frames(bytes).First(static frame => frame.Header.Kind == FrameKind.Record);
        bytes[offset + 8] ^= 1;
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        RepairLoss loss = Assert.Single(report.Losses);
        Assert.Equal((offset, header.FrameByteLength), (loss.Offset, loss.ByteLength));
        Assert.Equal(content.Count - 1, repaired.Count);
    }

    [Fact]
    public void StretchOverwrittenInTheMiddleCostsWhatStoodThere()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        List<(long Offset, FrameHeader Header)> records = [.. Frames(bytes).Where(static frame => frame.Header.Kind == FrameKind.Record)];
        long from = records[10].Offset + 30;
        long to = records[14].Offset + 70;
        new Random(1).NextBytes(bytes.AsSpan((int)from, (int)(to - from)));
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        RepairLoss loss = Assert.Single(report.Losses);
        Assert.Equal(records[10].Offset, loss.Offset);
        Assert.Equal(records[15].Offset, loss.Offset + loss.ByteLength);
        Assert.Equal(content.Count - 5, repaired.Count);
        Assert.All(repaired, record => Assert.Equal(content[record.Key], record.Value));
    }

    /// <summary>What was removed must not come back because its tombstone is damaged: the header's hash tells what it removed.</summary>
    [Fact]
    public void DamagedTombstoneStillRemoves()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        (long offset, _) = Frames(bytes).First(static frame => frame.Header.Kind == FrameKind.Tombstone);
        bytes[offset + 64] ^= 1;
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        Assert.Contains("stays removed", Assert.Single(report.Losses).Reason, StringComparison.Ordinal);
        Assert.Equal(content, repaired);
    }

    [Fact]
    public void TouchOfADamagedRecordIsLostByName()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        (long offset, _) = Frames(bytes).First(static frame => frame.Header.Kind == FrameKind.Touch);
        RecordFrame.TryRead(bytes.AsSpan((int)offset), 2, KeyStorage.Text, out RecordFrame touch);
        bytes[touch.TouchedRecord + 64] ^= 1;
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        Assert.Contains(report.Losses, loss => loss.Offset == offset && loss.Key == "k30");
        Assert.Contains(report.Losses, loss => loss.Offset == touch.TouchedRecord && loss.Key == "k30");
        Assert.Equal(content.Count - 1, repaired.Count);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void DamagedSlotsCostNothing(bool a, bool b)
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        Ruin(bytes, 4096, 128, a);
        Ruin(bytes, 8192, 128, b);
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        Assert.Empty(report.Losses);
        Assert.Equal((a ? 1 : 0) + (b ? 1 : 0), report.Mended.Count);
        Assert.Equal(content, repaired);
    }

    /// <summary>With the header, both slots and a record gone, the rest still comes out.</summary>
    [Fact]
    public void SlotsAndLogDamagedTogether()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        Ruin(bytes, 4096, 128);
        Ruin(bytes, 8192, 128);
        (long offset, _) = Frames(bytes)[20];
        Ruin(bytes, (int)offset, 64);
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        Assert.Equal(offset, Assert.Single(report.Losses).Offset);
        Assert.Equal(content.Count - 1, repaired.Count);
    }

    [Fact]
    public void DamagedCatalogAndSectionsCostNothing()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        foreach ((long offset, FrameHeader header) in Frames(bytes).Where(static frame => frame.Header.Kind is FrameKind.Catalog or FrameKind.Keys or FrameKind.Ordinals or FrameKind.Live))
        {
            Ruin(bytes, (int)offset + 64, (int)Math.Min(header.FrameByteLength - 64, 256));
        }

        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
        Assert.Empty(report.Losses);
        Assert.Equal(content, repaired);
    }

    [Fact]
    public void DamagedPropertiesAreListed()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        (long offset, _) = Frames(bytes).First(static frame => frame.Header.Kind == FrameKind.Properties);
        bytes[offset + 64] ^= 1;
        var disk = new MemoryFileSystem();
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, disk: disk);
        Assert.Contains("model", Assert.Single(report.Losses).Reason, StringComparison.Ordinal);
        Assert.Equal(content, repaired);
        using EmbeddingCache cache = new TestStore(disk).Open(path: Target);
        Assert.Null(cache.Model);
    }

    /// <summary>Every truncation keeps what stands whole before it, and says what was cut.</summary>
    [Fact]
    public void EveryTruncationKeepsWhatIsWhole()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        for (int length = FormatConstants.HeaderByteLength; length < bytes.Length; length += 301)
        {
            byte[] cut = bytes[..length];
            int whole = Frames(bytes).Count(frame => frame.Header.Kind == FrameKind.Record && frame.Offset + frame.Header.FrameByteLength <= length);
            (RepairReport report, SortedDictionary<string, string> repaired) = Repair(cut);
            Assert.True(report.Losses.Count > 0 || repaired.Count == content.Count, $"cut at {length}");
            Assert.InRange(repaired.Count, Math.Min(whole, content.Count) - 5, whole);
        }
    }

    /// <summary>Encoded vectors come out as they stand, also without a header; codes need their codebook, and without it only what is not a code does.</summary>
    [Theory]
    [InlineData(VectorCompression.Float16)]
    [InlineData(VectorCompression.Int8)]
    [InlineData(VectorCompression.PQ)]
    [InlineData(VectorCompression.Binary)]
    public void EncodedRecordsComeOutAsTheyStand(VectorCompression compression)
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        SortedDictionary<string, string> content;
        var random = new Random(3);
        using (EmbeddingCache cache = store.Create(8, Metric.L2))
        {
            cache.Set(Enumerable.Range(0, 100).Select(i => new EmbeddingEntry($"k{i}", TestVectors.Random(random, 8))));
            cache.Optimize(new OptimizeOptions { Compression = compression }, null, CancellationToken.None);
            cache.Set("later", TestVectors.Random(random, 8));
            content = StoreContent.Of(cache);
        }

        byte[] bytes = disk.Read(store.Path);
        long codebook = Frames(bytes)[0].Header.Kind == FrameKind.Codebook ? FormatConstants.LogOffset : 0;
        bytes.AsSpan(0, 60).Clear();
        Ruin(bytes, 4096, 128);
        Ruin(bytes, 8192, 128);
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, new RepairOptions { Metric = Metric.L2 });
        Assert.Empty(report.Losses);
        Assert.Equal(content, repaired);
        if (codebook != 0)
        {
            bytes[codebook + 64 + 64 + 5] ^= 1;
            (report, repaired) = Repair(bytes, new RepairOptions { Metric = Metric.L2 });
            Assert.Equal(codebook, report.Losses[0].Offset);
            Assert.Equal(content.Count - repaired.Count, report.Losses.Count - 1);
            Assert.All(repaired, record => Assert.Equal(content[record.Key], record.Value));
        }
    }

    [Fact]
    public void ExaminingWritesNothing()
    {
        (byte[] bytes, _) = Build();
        bytes[Frames(bytes)[3].Offset + 64] ^= 1;
        var disk = new MemoryFileSystem();
        disk.Put(Source, bytes);
        RepairReport report = EmbeddingCache.Repair(Source, null, null, null, CancellationToken.None, new TestStore(disk).Environment);
        Assert.Null(report.Destination);
        Assert.Single(report.Losses);
        Assert.Equal(0, disk.ChangeCount);
    }

    [Fact]
    public void DestinationIsProtected()
    {
        (byte[] bytes, _) = Build();
        var disk = new MemoryFileSystem();
        disk.Put(Target, [1, 2, 3]);
        Assert.Throws<IOException>(() => Repair(bytes, disk: disk));
        Assert.Equal([1, 2, 3], disk.Read(Target));
        Repair(bytes, new RepairOptions { Overwrite = true }, disk);
        Assert.Throws<ArgumentException>(() => EmbeddingCache.Repair(Source, Source, new RepairOptions { Overwrite = true }, null, CancellationToken.None, new TestStore(disk).Environment));
        Assert.Equal(bytes, disk.Read(Source));
    }

    [Fact]
    public void CancelledRepairLeavesNothing()
    {
        (byte[] bytes, _) = Build();
        var disk = new MemoryFileSystem();
        disk.Put(Source, bytes);
        using var source = new CancellationTokenSource();
        var cancelling = new Cancelling(source);
        Assert.Throws<OperationCanceledException>(() => EmbeddingCache.Repair(Source, Target, null, cancelling, source.Token, new TestStore(disk).Environment));
        Assert.False(disk.Exists(Target));
        Assert.False(disk.Exists(Target + ".repair"));
    }

    [Fact]
    public void WhatIsNoFileOfOursIsRefusedByName()
    {
        Assert.Throws<NotAnEdbFileException>(() => Repair(new byte[50_000]));
        byte[] noise = new byte[50_000];
        new Random(3).NextBytes(noise);
        Assert.Throws<NotAnEdbFileException>(() => Repair(noise));
        Assert.Throws<NotAnEdbFileException>(() => Repair([]));
    }

    /// <summary>A file whose transaction lacks its end, and whose slots say so, gives only what was committed.</summary>
    [Fact]
    public void UncommittedFramesAreLeftOut()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        List<(long Offset, FrameHeader Header)> frames = Frames(bytes);
        (long last, FrameHeader header) = frames[^1];

        // One more record behind the tail, sealed and chained as the writer would, but without a commit.
        FileSalt salt = FileHeader.Read(bytes.AsSpan(0, 256), "a", bytes.Length).Salt;
        var record = new RecordFrame
        {
            Header = new FrameHeader { Kind = FrameKind.Record, Epoch = header.Epoch, Transaction = header.Transaction + 1 },
            KeyHash = KeyHashing.Compute(salt, EmbeddingRole.None, "x"u8),
            KeyKind = KeyKind.Text,
            KeyByteLength = 1,
            VectorByteLength = 8,
            Encoding = RecordEncoding.Float32,
        };
        byte[] frame = new byte[128];
        frame[64 + 8] = (byte)'x';
        uint crc = Crc32.Compute(frame.AsSpan(64, 9));
        (record with { Header = record.Header with { PayloadCrc = crc } }).Write(frame);
        FrameSeal.Seal(frame, last + header.FrameByteLength, salt, header.ChainCrc);
        byte[] longer = [.. bytes.AsSpan(0, (int)(last + header.FrameByteLength)), .. frame];
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(longer);
        Assert.Equal(content, repaired);
        Assert.Contains("never committed", Assert.Single(report.Mended).Description, StringComparison.Ordinal);
    }

    /// <summary>Damage at random places, much of it at once: no crash, no record that was not there, the source untouched.</summary>
    [Fact]
    public void RandomDamageNeverInventsARecord()
    {
        (byte[] sound, SortedDictionary<string, string> content) = Build();
        HashSet<string> everWritten = [.. content.Values, .. History(sound)];
        var random = new Random(7);
        for (int round = 0; round < LongRun.Scale(300, 5000); round++)
        {
            byte[] bytes = (byte[])sound.Clone();
            for (int i = random.Next(1, 20); i > 0; i--)
            {
                int at = random.Next(bytes.Length);
                int length = Math.Min(bytes.Length - at, 1 << random.Next(10));
                if (random.Next(2) == 0)
                {
                    random.NextBytes(bytes.AsSpan(at, length));
                }
                else
                {
                    bytes.AsSpan(at, length).Clear();
                }
            }

            try
            {
                (_, SortedDictionary<string, string> repaired) = Repair(bytes, new RepairOptions { Metric = Metric.L2 });
                Assert.All(repaired.Values, value => Assert.Contains(value, everWritten));
            }
            catch (EmbedCacheException)
            {
                // Refused by name.
            }
        }
    }
}
