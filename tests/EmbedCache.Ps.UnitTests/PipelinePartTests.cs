using EmbedCache.PowerShell;

namespace EmbedCache.Ps.UnitTests;

/// <summary>Buffers, the spool of atomic pipelines, given keys, duplicates, digests and quoting.</summary>
public sealed class PipelinePartTests
{
    [Fact]
    public void BufferCopiesVectorsAndReusesItsMemory()
    {
        var buffer = new EntryBuffer();
        float[] mine = [1, 2, 3];
        buffer.Add(new EmbeddingEntry("a", mine));
        mine[0] = 99;
        Assert.Equal([1f, 2f, 3f], buffer[0].Vector.ToArray());

        buffer.Clear();
        Assert.Equal(0, buffer.Count);
        Assert.Equal(0, buffer.ByteLength);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 100; i++)
            {
                buffer.Add(new EmbeddingEntry("a", mine));
            }

            buffer.Clear();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    [Fact]
    public void BufferKeepsVectorsApartAcrossBlocks()
    {
        var buffer = new EntryBuffer();
        for (int i = 0; i < 1000; i++)
        {
            float[] vector = new float[700];
            Array.Fill(vector, i);
            buffer.Add(new EmbeddingEntry("k" + i, vector));
        }

        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal("k" + i, buffer[i].Key);
            Assert.True(buffer[i].Vector.Span.IndexOfAnyExcept((float)i) < 0);
        }
    }

    [Fact]
    public void SpoolGivesBackWhatItTook()
    {
        EmbeddingMetadata metadata = EmbeddingMetadata.Empty
            .With("text", "ü").With("long", long.MinValue).With("double", -0.0).With("bool", true)
            .With("date", new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero)).With("list", new[] { "a", "" });
        var expires = new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var spool = new EntrySpool();
        for (int i = 0; i < 500; i++)
        {
            spool.Append(new EmbeddingEntry("key " + i, new float[] { i, -0f, float.Epsilon }) { Role = EmbeddingRole.Query, Metadata = metadata, Expires = expires });
            spool.Append(new EmbeddingEntry(new string('x', i * 20), new float[] { i }));
        }

        int count = 0;
        foreach (EmbeddingEntry entry in spool.Read())
        {
            int i = count++ / 2;
            if (count % 2 == 1)
            {
                Assert.Equal("key " + i, entry.Key);
                Assert.Equal(new float[] { i, -0f, float.Epsilon }.Select(BitConverter.SingleToInt32Bits), entry.Vector.ToArray().Select(BitConverter.SingleToInt32Bits));
                Assert.Equal(EmbeddingRole.Query, entry.Role);
                Assert.Equal(expires, entry.Expires);
                Assert.True(metadata.Equals(entry.Metadata));
            }
            else
            {
                Assert.Equal(i * 20, entry.Key.Length);
                Assert.Equal([(float)i], entry.Vector.ToArray());
                Assert.Null(entry.Metadata);
                Assert.Null(entry.Expires);
            }
        }

        Assert.Equal(1000, count);
    }

    [Fact]
    public void SpoolLeavesNoFile()
    {
        string path;
        using (var spool = new EntrySpool())
        {
            path = spool.Path;
            spool.Append(new EmbeddingEntry("secret", new float[] { 1 }));
            if (!OperatingSystem.IsWindows())
            {
                Assert.False(File.Exists(path), "On Unix the file has no name while it is in use.");
            }
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void GivenKeysAreEachUsedOnce()
    {
        var keys = new GivenKeys(["a", "b", "c"]);
        Assert.True(keys.TryTake(2, out string key, out _));
        Assert.Equal("c", key);
        Assert.True(keys.TryTake(0, out key, out _));
        Assert.Equal("a", key);
        Assert.True(keys.TryTake(null, out key, out _));
        Assert.Equal("b", key);
        Assert.False(keys.TryTake(1, out _, out string problem));
        Assert.Contains("index 1", problem, StringComparison.Ordinal);
        Assert.False(keys.TryTake(3, out _, out problem));
        Assert.Contains("3 texts", problem, StringComparison.Ordinal);
        Assert.False(keys.TryTake(-1, out _, out _));
        Assert.Empty(keys.Unused);
    }

    [Fact]
    public void DuplicatesAreCountedByKeyAndRole()
    {
        var watch = new DuplicateKeyWatch();
        watch.Add("a", EmbeddingRole.None);
        watch.Add("a", EmbeddingRole.Query);
        Assert.Equal(0, watch.RepeatCount);
        watch.Add("a", EmbeddingRole.Query);
        watch.Add("a", EmbeddingRole.None);
        Assert.Equal(2, watch.RepeatCount);
        Assert.Equal("a", watch.FirstRepeat);
    }

    [Fact]
    public void DifferentKeysAreNoDuplicates()
    {
        var watch = new DuplicateKeyWatch();
        for (int i = 0; i < 300_000; i++)
        {
            watch.Add("key " + i, EmbeddingRole.None);
        }

        Assert.Equal(0, watch.RepeatCount);
    }

    [Fact]
    public void DigestsAreReadAndWritten()
    {
        byte[] digest = [.. Enumerable.Range(0, 32).Select(static i => (byte)(i * 8))];
        string text = DigestText.Format(digest);
        Assert.Equal(Convert.ToHexString(digest), text, ignoreCase: true);
        Assert.True(DigestText.TryParse(text.ToUpperInvariant(), out byte[] parsed));
        Assert.Equal(digest, parsed);
        Assert.False(DigestText.TryParse(text[1..], out _));
        Assert.False(DigestText.TryParse("g" + text[1..], out _));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("two words", "'two words'")]
    [InlineData("it's", "'it''s'")]
    [InlineData("-dash", "'-dash'")]
    [InlineData("$var", "'$var'")]
    [InlineData("1.5", "'1.5'")]
    [InlineData("a;b", "'a;b'")]
    public void CompletedKeysAreQuotedWhereTheyMustBe(string key, string expected) => Assert.Equal(expected, KeyCompleter.Quote(key));

    [Theory]
    [InlineData(null, "")]
    [InlineData("abc", "abc")]
    [InlineData("'ab c", "ab c")]
    [InlineData("'ab c'", "ab c")]
    [InlineData("\"ab c\"", "ab c")]
    [InlineData("'it''s", "it's")]
    public void TypedWordIsUnquoted(string? word, string expected) => Assert.Equal(expected, KeyCompleter.Unquote(word));

    [Theory]
    [InlineData("short", "short")]
    [InlineData("two\r\nlines", "two  lines")]
    public void KeysInMessagesStayOnOneLine(string key, string expected) => Assert.Equal(expected, KeyText.Shorten(key));

    [Fact]
    public void LongKeysInMessagesAreShortened() => Assert.Equal(60, KeyText.Shorten(new string('x', 1000)).Length);
}
