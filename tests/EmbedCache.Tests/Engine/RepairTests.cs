using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Repair: whatever is damaged, every record whose CRCs hold comes out, what does not is listed with its place, and the damaged file stays as it was.
/// Damage is done to the bytes of a file with every kind of frame, in memory; the result must be a sound file that holds exactly what is expected.
/// </summary>
public sealed class RepairTests
{
    private const string Source = "/disk/a.edb";
    private const string Target = "/disk/repaired.edb";
    private const int RecordCount = 40;

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

    /// <summary>Each single bit of the header, one at a time: the CRC tells which it was.</summary>
    [Fact]
    public void EveryFlippedBitOfTheHeaderIsCorrected()
    {
        (byte[] sound, SortedDictionary<string, string> content) = Build();
        for (int bit = 0; bit < FormatConstants.HeaderByteLength * 8; bit += LongRun.Scale(13, 1))
        {
            byte[] bytes = (byte[])sound.Clone();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes);
            Assert.True(report.IsHeaderRebuilt, $"bit {bit}");
            Assert.False(report.IsSaltLost, $"bit {bit}");
            Assert.Empty(report.Losses);
            Assert.Equal(content, repaired);
        }
    }

    [Theory]
    [InlineData(0, 16)]
    [InlineData(16, 4)]
    [InlineData(21, 1)]
    [InlineData(22, 1)]
    [InlineData(64, 24)]
    [InlineData(96, 160)]
    public void HeaderThatIsPartlyOverwrittenIsPutRight(int offset, int length)
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        Ruin(bytes, offset, length);
        var disk = new MemoryFileSystem();
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, disk: disk);
        Assert.True(report.IsHeaderRebuilt);
        Assert.False(report.IsSaltLost);
        Assert.Equal(content, repaired);
        using EmbeddingCache cache = new TestStore(disk).Open(path: Target);
        Assert.Equal(Metric.L2, cache.Metric);
        Assert.Equal("m", cache.Model);
        Assert.Equal(new Guid(0x01020304, 0x0506, 0x0708, 9, 10, 11, 12, 13, 14, 15, 16), cache.GetInfo().StoreId);
    }

    /// <summary>Without any header a text file misses nothing but its identity, once somebody names the metric.</summary>
    [Fact]
    public void LostHeaderOfATextFile()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build();
        bytes.AsSpan(0, FormatConstants.HeaderByteLength).Clear();
        CorruptFileException e = Assert.Throws<CorruptFileException>(() => Repair(bytes));
        Assert.Contains("metric", e.Message, StringComparison.Ordinal);
        var disk = new MemoryFileSystem();
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, new RepairOptions { Metric = Metric.L2 }, disk);
        Assert.True(report.IsSaltLost, string.Join("; ", report.Mended));
        Assert.Equal(content, repaired);
        using EmbeddingCache cache = new TestStore(disk).Open(path: Target);
        Assert.Equal(Metric.L2, cache.Metric);
        Assert.True(cache.Contains("k2"));
    }

    [Fact]
    public void LostHeaderOfADigestFileIsTakenFromABackup()
    {
        (byte[] bytes, SortedDictionary<string, string> content) = Build(KeyStorage.Digest);
        byte[] backup = (byte[])bytes.Clone();
        bytes.AsSpan(0, FormatConstants.HeaderByteLength).Clear();
        var disk = new MemoryFileSystem();
        disk.Put("/disk/backup.edb", backup);
        (RepairReport report, SortedDictionary<string, string> repaired) = Repair(bytes, new RepairOptions { ParametersFrom = "/disk/backup.edb" }, disk);
        Assert.False(report.IsSaltLost);
        Assert.Equal(content, repaired);
        using (EmbeddingCache cache = new TestStore(disk).Open(path: Target))
        {
            Assert.True(cache.Contains("k2"));
        }

        // Without it the vectors are there, but no text leads to them.
        (report, repaired) = Repair(bytes, new RepairOptions { Metric = Metric.L2 });
        Assert.True(report.IsSaltLost);
        Assert.Equal(content, repaired);
    }

    [Fact]
    public void ParametersOfAnotherStoreAreRefused()
    {
        (byte[] bytes, _) = Build();
        bytes.AsSpan(0, FormatConstants.HeaderByteLength).Clear();
        var other = new MemoryFileSystem();
        var store = new TestStore(other);
        store.Create(dimension: 3).Dispose();
        var disk = new MemoryFileSystem();
        disk.Put("/disk/other.edb", other.Read(store.Path));
        Assert.Throws<ArgumentException>(() => Repair(bytes, new RepairOptions { ParametersFrom = "/disk/other.edb" }, disk));
        Assert.False(disk.Exists(Target));
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

    /// <summary>The chain of the first frame gives the CRC of the header back, whatever it was.</summary>
    [Fact]
    public void PreviousChainIsWorkedOutFromAHeader()
    {
        var random = new Random(5);
        for (int i = 0; i < 100; i++)
        {
            byte[] header = new byte[64];
            random.NextBytes(header);
            uint previous = (uint)random.NextInt64(1L << 32);
            var salt = new FileSalt((ulong)random.NextInt64(), (ulong)random.NextInt64());
            long offset = random.Next() * 64L;
            FrameSeal.Seal(header, offset, salt, previous);
            Assert.Equal(previous, FrameSeal.PreviousChain(header));
            Assert.Equal(FrameSeal.SaltShare(salt), FrameSeal.SaltShareOf(header, offset));
        }
    }

    /// <summary>Forty records with roles, metadata and expiries, some overwritten, touched and removed; sections, a catalog, properties.</summary>
    private static (byte[] Bytes, SortedDictionary<string, string> Content) Build(KeyStorage keyStorage = KeyStorage.Text)
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        SortedDictionary<string, string> content;
        using (EmbeddingCache cache = store.Create(2, Metric.L2, options =>
        {
            options.Model = "m";
            options.KeyStorage = keyStorage;
        }))
        {
            for (int i = 0; i < RecordCount; i++)
            {
                store.Now++;
                cache.Set($"k{i}", [i, 1], i % 3 == 0 ? EmbeddingMetadata.Empty.With("n", (long)i) : null, (EmbeddingRole)(i % 2), i % 5 == 0 ? store.Time.AddDays(30) : null);
            }

            cache.Checkpoint();
            cache.Set("k20", [-20, 1]);
            cache.Touch("k30", store.Time.AddDays(7), EmbeddingMetadata.Empty.With("touched", true));
            cache.Remove("k32");
            cache.Remove("k34");
            content = StoreContent.Of(cache);
        }

        return (disk.Read(store.Path), content);
    }

    private static (RepairReport Report, SortedDictionary<string, string> Content) Repair(byte[] bytes, RepairOptions? options = null, MemoryFileSystem? disk = null)
    {
        disk ??= new MemoryFileSystem();
        disk.Put(Source, bytes);
        var store = new TestStore(disk) { Now = TestStore.StartOfTime + 1000 };
        RepairReport report = EmbeddingCache.Repair(Source, Target, options, null, CancellationToken.None, store.Environment);
        Assert.Equal(bytes, disk.Read(Source));
        Assert.False(disk.Exists(Target + ".repair"));
        using EmbeddingCache cache = store.Open(path: Target);
        StoreContent.AssertValid(cache);
        return (report, StoreContent.Of(cache));
    }

    /// <summary>Every value that a key of the file ever had.</summary>
    private static IEnumerable<string> History(byte[] bytes)
    {
        var values = new List<string>();
        for (int cut = FormatConstants.HeaderByteLength; cut <= bytes.Length; cut += 64)
        {
            try
            {
                values.AddRange(Repair(bytes[..cut]).Content.Values);
            }
            catch (EmbedCacheException)
            {
                // Nothing there yet.
            }
        }

        // A touch that is lost leaves the record as it was before; a record that is lost, under its older value.
        return values;
    }

    private static List<(long Offset, FrameHeader Header)> Frames(byte[] bytes)
    {
        var frames = new List<(long, FrameHeader)>();
        long offset = FormatConstants.LogOffset;
        while (offset < bytes.Length && FrameHeader.TryRead(bytes.AsSpan((int)offset), out FrameHeader header))
        {
            frames.Add((offset, header));
            offset += header.FrameByteLength;
        }

        return frames;
    }

    private static void Ruin(byte[] bytes, int offset, int length, bool really = true)
    {
        if (really)
        {
            new Random(offset).NextBytes(bytes.AsSpan(offset, length));
        }
    }

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<double>
    {
        public void Report(double value) => source.Cancel();
    }
}
