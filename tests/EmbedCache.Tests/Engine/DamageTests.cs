using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves that no damage goes unnoticed: every bit of a small file that has every kind of frame is flipped, and the file is cut at every length. Each
/// question (all records, each key, a search, the counts) then has the same answer as before, or an EmbedCacheException; nothing else is ever thrown,
/// and nothing below the durable tail is silently missing. Verify names a flip of every byte that a checksum covers, and of no other. The files
/// are opened for reading and for writing, mapped (where a wrong touch would kill the process) and in memory (where it is fast).
/// </summary>
public sealed class DamageTests : IDisposable
{
    private const int Dimension = 2;
    private static readonly string[] s_keys = ["a", "b", "c", "d", "e", "f", "g", "never"];
    private readonly TestStore _disk = new();
    private readonly byte[] _good = CreateFile();
    private readonly string[] _answers;

    public DamageTests() => _answers = Ask(InMemory(_good), readOnly: true);

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void FileHasEveryKindOfFrame()
    {
        FrameKind[] kinds = [.. Frames(_good).Select(static frame => frame.Header.Kind).Distinct().Order()];
        Assert.Equal([FrameKind.Record, FrameKind.Tombstone, FrameKind.Touch, FrameKind.Commit, FrameKind.Keys, FrameKind.Ordinals, FrameKind.Live, FrameKind.Properties, FrameKind.Catalog], kinds);
        Assert.DoesNotContain(_answers, static answer => answer.StartsWith("error", StringComparison.Ordinal));
        Assert.InRange(_good.Length, 12_288, 20_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryFlippedBitIsHarmlessOrReported(int part)
    {
        bool[] covered = Covered(_good);
        for (int offset = part; offset < _good.Length; offset += 4)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                if (offset is > 256 and < 12_288 && !covered[offset] && (offset + bit) % 97 != 0)
                {
                    // The zeros around the slots: a sample is enough.
                    continue;
                }

                byte[] bytes = (byte[])_good.Clone();
                bytes[offset] ^= (byte)(1 << bit);
                string what = $"bit {bit} of byte {offset}";
                CheckAnswers(bytes, readOnly: true, what);
                CheckVerify(bytes, covered[offset], what);
                if (bit == (offset & 7))
                {
                    CheckAnswers(bytes, readOnly: false, what);
                    CheckWritable(bytes, what);
                }
            }
        }
    }

    [Fact]
    public void EveryTruncationIsHarmlessOrReported()
    {
        int tail = (int)NewestSlot(_good).PublishedTail;
        for (int length = 0; length <= _good.Length; length++)
        {
            byte[] bytes = _good[..length];
            foreach (bool readOnly in new[] { true, false })
            {
                string[] answers = CheckAnswers(bytes, readOnly, $"length {length}");
                if (length < tail)
                {
                    // All of the log is durable here: nothing may be missing quietly, so it does not open at all.
                    Assert.All(answers, static answer => Assert.StartsWith("error", answer));
                }
            }
        }
    }

    /// <summary>The same on a mapped file, where a touch past the end or through a wrong offset would end the process.</summary>
    [Fact]
    public void FlipsAndTruncationsOfAMappedFileDoNotEndTheProcess()
    {
        var random = new Random(9);
        for (int round = 0; round < LongRun.Scale(300, 5000); round++)
        {
            byte[] bytes = (byte[])_good.Clone();
            if (round % 3 == 0)
            {
                bytes = bytes[..random.Next(bytes.Length + 1)];
            }
            else
            {
                bytes[random.Next(2) == 0 ? random.Next(12_288, bytes.Length) : random.Next(4) switch { 0 => random.Next(256), 1 => 4096 + random.Next(128), _ => 8192 + random.Next(128) }] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(_disk.Path, bytes);
            string[] answers = Ask(_disk, readOnly: round % 2 == 0);
            AssertSameOrError(answers, $"round {round}");
        }
    }

    /// <summary>Pages of garbage and of zeros, copied frames, and whole sections exchanged: whatever is there, the errors are typed.</summary>
    [Fact]
    public void GarbageOfEveryKindGivesTypedErrors()
    {
        var random = new Random(10);
        for (int round = 0; round < LongRun.Scale(600, 20_000); round++)
        {
            byte[] bytes = (byte[])_good.Clone();
            for (int hit = random.Next(1, 4); hit > 0; hit--)
            {
                int from = random.Next(12_288, bytes.Length);
                int length = random.Next(1, bytes.Length - from + 1);
                switch (random.Next(4))
                {
                    case 0:
                        random.NextBytes(bytes.AsSpan(from, length));
                        break;
                    case 1:
                        bytes.AsSpan(from, length).Clear();
                        break;
                    case 2:
                        int other = random.Next(12_288, bytes.Length - length + 1);
                        bytes.AsSpan(other, length).CopyTo(bytes.AsSpan(from));
                        break;
                    default:
                        bytes.AsSpan(from & ~63, 64).CopyTo(bytes.AsSpan(random.Next(12_288 / 64, bytes.Length / 64) * 64));
                        break;
                }
            }

            AssertSameOrError(Ask(InMemory(bytes), readOnly: round % 2 == 0), $"round {round}");
        }
    }

    private static byte[] CreateFile()
    {
        var memory = new MemoryFileSystem();
        var store = new TestStore(memory);
        using (EmbeddingCache cache = store.Create(Dimension, Metric.Dot, static options => options.Model = "m"))
        {
            cache.Set("a", [1, 2], EmbeddingMetadata.Empty.With("n", 1L).With("s", "text"));
            cache.Set("b", [3, 4]);
            cache.Set("c", [5, 6], expires: store.Time.AddDays(1));
            cache.Set("d", [5, 7], role: EmbeddingRole.Query);
            cache.Remove("b");
            cache.Checkpoint();
            cache.Set("e", [7, 8]);
            cache.Touch("a", store.Time.AddDays(2));
            cache.Remove("c");
            using (EmbeddingTransaction transaction = cache.BeginTransaction())
            {
                transaction.Set("f", [9, 10]);
                Assert.NotNull(transaction.Get("f"));
                transaction.Commit();
            }

            cache.Set("g", [11, 12]);
        }

        return memory.Read(store.Path);
    }

    private static TestStore InMemory(byte[] bytes)
    {
        var memory = new MemoryFileSystem();
        var store = new TestStore(memory);
        memory.Put(store.Path, bytes);
        return store;
    }

    /// <summary>Asks everything a store can be asked; an EmbedCacheException is an answer, any other exception fails the test.</summary>
    private static string[] Ask(TestStore store, bool readOnly)
    {
        var answers = new string[s_keys.Length + 4];
        Array.Fill(answers, "error: not opened");
        try
        {
            using EmbeddingCache cache = store.Open(readOnly);
            for (int i = 0; i < s_keys.Length; i++)
            {
                string key = s_keys[i];
                answers[i] = Answer(() => cache.Get(key, key == "d" ? EmbeddingRole.Query : EmbeddingRole.None) is { } record ? StoreContent.Describe(record) : "none");
            }

            answers[^4] = Answer(() => string.Join(";", StoreContent.Of(cache).Select(static pair => pair.Key + pair.Value)));
            answers[^3] = Answer(() => string.Join(";", cache.FindSimilar([1, 1], 20).Select(static hit => $"{hit.Embedding.Key} {hit.Score:R}")));
            answers[^2] = Answer(() => $"{cache.GetInfo(countExpired: true).Count} {cache.Model}");
            answers[^1] = Answer(() => string.Join(";", cache.FindKeys(string.Empty, 100, TimeSpan.FromMinutes(1))));
        }
        catch (EmbedCacheException)
        {
            // Of opening, or of closing.
        }

        return answers;
    }

    private static string Answer(Func<string> question)
    {
        try
        {
            return question();
        }
        catch (EmbedCacheException e)
        {
            return $"error: {e.GetType().Name}";
        }
    }

    private static CommitSlot NewestSlot(byte[] bytes)
    {
        Assert.True(CommitSlot.TryRead(bytes.AsSpan(4096), out CommitSlot a));
        Assert.True(CommitSlot.TryRead(bytes.AsSpan(8192), out CommitSlot b));
        return a.Sequence > b.Sequence ? a : b;
    }

    private static List<(int Offset, FrameHeader Header)> Frames(byte[] bytes)
    {
        var frames = new List<(int, FrameHeader)>();
        long tail = NewestSlot(bytes).PublishedTail;
        for (int offset = 12_288; offset < tail;)
        {
            Assert.True(FrameHeader.TryRead(bytes.AsSpan(offset), out FrameHeader header));
            frames.Add((offset, header));
            offset += (int)header.FrameByteLength;
        }

        return frames;
    }

    /// <summary>Which bytes a checksum that Verify looks at covers: header, slots, frame headers, payloads, and sections in use.</summary>
    private static bool[] Covered(byte[] bytes)
    {
        var covered = new bool[bytes.Length];
        covered.AsSpan(0, 256).Fill(true);
        covered.AsSpan(4096, 128).Fill(true);
        covered.AsSpan(8192, 128).Fill(true);
        FileHeader header = FileHeader.Read(bytes.AsSpan(0, 256), "file", bytes.Length);
        long catalogOffset = NewestSlot(bytes).CatalogOffset;
        Assert.True(PayloadFrame.TryRead(bytes.AsSpan((int)catalogOffset), out PayloadFrame catalogFrame));
        CatalogPayload catalog = CatalogPayload.Read(bytes.AsSpan((int)catalogOffset + PayloadFrame.PayloadOffset, (int)catalogFrame.PayloadByteLength), catalogOffset)!;
        foreach ((int offset, FrameHeader frame) in Frames(bytes))
        {
            covered.AsSpan(offset, 64).Fill(true);
            long payload = 0;
            if (frame.Kind.HasKey())
            {
                Assert.True(RecordFrame.TryRead(bytes.AsSpan(offset), header.Dimension, header.KeyStorage, out RecordFrame record));
                payload = record.PayloadByteLength;
            }
            else if (frame.Kind.IsPayload())
            {
                Assert.True(PayloadFrame.TryRead(bytes.AsSpan(offset), out PayloadFrame content));
                payload = content.PayloadByteLength;
            }
            else if (frame.Kind.IsSection() && catalog.Sections.Any(entry => entry.FrameOffset == offset && !entry.IsRetired))
            {
                Assert.True(SectionFrame.TryRead(bytes.AsSpan(offset), out SectionFrame section));
                payload = section.PayloadByteLength;
            }

            covered.AsSpan(offset + 64, (int)payload).Fill(true);
        }

        return covered;
    }

    private string[] CheckAnswers(byte[] bytes, bool readOnly, string what)
    {
        string[] answers = Ask(InMemory(bytes), readOnly);
        AssertSameOrError(answers, what);
        return answers;
    }

    private void AssertSameOrError(string[] answers, string what)
    {
        for (int i = 0; i < answers.Length; i++)
        {
            if (answers[i] != _answers[i] && !answers[i].StartsWith("error", StringComparison.Ordinal))
            {
                Assert.Fail($"{what}: answer {i} is '{answers[i]}' where it was '{_answers[i]}'");
            }
        }
    }

    private static void CheckVerify(byte[] bytes, bool covered, string what)
    {
        bool isValid;
        try
        {
            using EmbeddingCache cache = InMemory(bytes).Open(readOnly: true);
            isValid = cache.Verify().IsValid;
        }
        catch (EmbedCacheException)
        {
            isValid = false;
        }

        Assert.True(isValid != covered, $"{what}: a checksum {(covered ? "covers" : "does not cover")} it, and Verify says {(isValid ? "valid" : "damaged")}");
    }

    /// <summary>A damaged file that takes a write keeps what it had: the write does not turn the damage into a quiet loss.</summary>
    private void CheckWritable(byte[] bytes, string what)
    {
        TestStore store = InMemory(bytes);
        try
        {
            using EmbeddingCache cache = store.Open();
            cache.Set("new", [1, 1]);
            cache.Checkpoint();
        }
        catch (EmbedCacheException)
        {
            return;
        }

        string[] answers = Ask(store, readOnly: true);
        for (int i = 0; i < s_keys.Length; i++)
        {
            Assert.True(answers[i] == _answers[i] || answers[i].StartsWith("error", StringComparison.Ordinal), $"{what}, after a write: '{answers[i]}' where it was '{_answers[i]}'");
        }
    }
}
