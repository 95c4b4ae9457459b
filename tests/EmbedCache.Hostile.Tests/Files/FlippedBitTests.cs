using EmbedCache.Format;
using EmbedCache.Fuzz;
using Xunit.Abstractions;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Proves that no flipped bit of any golden file gives a wrong answer: every bit is flipped, the file is opened, and each question that reads the byte
/// at all has the same answer as before or an EmbedCacheException. Once a byte Verify names what a checksum of a header covers, and the
/// file is written to: what it held before is then still the same, or an error.
/// </summary>
public sealed class FlippedBitTests(ITestOutputHelper output)
{
    private const int BitsPerByte = 8;

    public static TheoryData<string> Files => [.. GoldenAnswers.All.Select(static file => file.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryFlippedBitGivesTheSameAnswersOrAnError(string name)
    {
        GoldenAnswers file = GoldenAnswers.All.Single(file => file.Name == name);
        long flipped = 0;
        long asked = 0;
        Parts.Run(
            file.Bytes.Length,
            () => (byte[])file.Bytes.Clone(),
            (bytes, number) =>
            {
                int offset = (int)number;
                for (int bit = 0; bit < BitsPerByte; bit++)
                {
                    bytes[offset] ^= (byte)(1 << bit);
                    Interlocked.Add(ref asked, Ask(file, bytes, offset, bit));
                    Interlocked.Increment(ref flipped);
                    bytes[offset] = file.Bytes[offset];
                }

                Assert.True(number % 4096 != 0 || bytes.AsSpan().SequenceEqual(file.Bytes), $"{name}: a read-only handle wrote something");
            });
        output.WriteLine($"{name}: {flipped:N0} bits flipped one by one, {asked:N0} questions");
        Assert.Equal(file.Bytes.Length * (long)BitsPerByte, flipped);
    }

    /// <summary>A flip that no question could notice would prove nothing: what each file is named after is read, and searched by.</summary>
    [Theory]
    [InlineData("sections", (byte)FrameKind.Keys)]
    [InlineData("sections", (byte)FrameKind.Ordinals)]
    [InlineData("sections", (byte)FrameKind.Live)]
    [InlineData("columns", (byte)FrameKind.Columns)]
    [InlineData("graph", (byte)FrameKind.Graph)]
    [InlineData("short-codes", (byte)FrameKind.Codes)]
    [InlineData("codes-cosine", (byte)FrameKind.Codes)]
    [InlineData("codes-dot", (byte)FrameKind.Codes)]
    [InlineData("codes-l2", (byte)FrameKind.Codes)]
    [InlineData("codes-l2", (byte)FrameKind.Codebook)]
    [InlineData("compressed-product", (byte)FrameKind.Codebook)]
    [InlineData("compressed-rotated", (byte)FrameKind.Codebook)]
    [InlineData("compressed-binary", (byte)FrameKind.Codebook)]
    [InlineData("properties", (byte)FrameKind.Properties)]
    public void QuestionsReadWhatAFileIsFor(string name, byte kind)
    {
        GoldenAnswers file = GoldenAnswers.All.Single(file => file.Name == name);
        int frame = new HostileFile(file.Bytes).Frames((FrameKind)kind)[^1];
        Assert.All(Enumerable.Range(frame + FormatConstants.FrameHeaderByteLength, sizeof(ulong)), offset => Assert.True(file.IsAskedFor(offset), $"Nothing asks for byte {offset}"));
    }

    [Theory]
    [InlineData("graph", Questions.NearestByWalk, SearchPlanKind.Graph)]
    [InlineData("short-codes", Questions.NearestByWalk, SearchPlanKind.CodeScan)]
    [InlineData("codes-cosine", Questions.Nearest, SearchPlanKind.BoundScan)]
    [InlineData("codes-dot", Questions.Nearest, SearchPlanKind.BoundScan)]
    [InlineData("codes-l2", Questions.Nearest, SearchPlanKind.BoundScan)]
    public void QuestionsSearchByWhatAFileIsFor(string name, int question, SearchPlanKind plan)
    {
        GoldenAnswers file = GoldenAnswers.All.Single(file => file.Name == name);
        using EmbeddingCache cache = Probe.Open(Probe.Disk(file.Bytes));
        file.Questions.Ask(cache, question);
        Assert.Equal(plan, cache.LastSearchPlan!.Kind);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void VerifyAndWritingMeetAFlipOfEveryByte(string name)
    {
        GoldenAnswers file = GoldenAnswers.All.Single(file => file.Name == name);
        Parts.Run(file.Bytes.Length, number =>
        {
            int offset = (int)number;
            int bit = (offset * 5 / 4) & 7;
            string what = $"{name}, bit {bit} of byte {offset}";
            byte[] bytes = (byte[])file.Bytes.Clone();
            bytes[offset] ^= (byte)(1 << bit);
            Assert.True(!file.Covered[offset] || !IsValid(bytes), $"{what}: a checksum covers it, and Verify says nothing");
            try
            {
                WriteAndAsk(file, bytes, offset, what);
            }
            catch (EmbedCacheException)
            {
                // Refused, which loses nothing.
            }
        });
    }

    /// <summary>Opens a file with one flipped bit and asks it what may depend on it; how many questions.</summary>
    private static int Ask(GoldenAnswers file, byte[] bytes, int offset, int bit)
    {
        int number = (offset * BitsPerByte) + bit;
        int asked = 0;
        Meter meter = Meter.Start();
        try
        {
            using EmbeddingCache cache = Probe.Open(Probe.Disk(bytes), readOnly: true, positional: number % 61 == 0);
            foreach (int question in file.QuestionsFor(offset, number))
            {
                ulong answer = file.Questions.Ask(cache, question);
                Assert.True(file.MayAnswer(question, answer, offset), $"{file.Name}, bit {bit} of byte {offset}: {file.Questions.Describe(question)} has another answer");
                asked++;
            }
        }
        catch (EmbedCacheException)
        {
            // It does not open.
        }

        meter.Check($"{file.Name}, bit {bit} of byte {offset}", bytes.Length);
        return asked;
    }

    /// <summary>After a write, a checkpoint and a compaction, what was there is as it was, or an error.</summary>
    private static void WriteAndAsk(GoldenAnswers file, byte[] bytes, int offset, string what)
    {
        ByteFileSystem disk = Probe.Disk(bytes);
        using EmbeddingCache cache = Probe.Open(disk, readOnly: false, positional: offset % 2 == 0);
        float[] vector = new float[cache.Dimension];
        vector[0] = 1;
        cache.Set("new", vector);
        cache.Checkpoint();
        AskKeys(file, cache, offset, what + ", after a write");
        if (offset % 4 == 0)
        {
            cache.Compact();
            AskKeys(file, cache, offset, what + ", after a compaction", file.CompactedAnswers);
        }
    }

    private static void AskKeys(GoldenAnswers file, EmbeddingCache cache, int offset, string what, ulong[]? orThese = null)
    {
        for (int i = 0; i < 6; i++)
        {
            int question = Questions.GeneralCount + ((offset + i) % (file.Questions.Count - Questions.GeneralCount));
            ulong answer = file.Questions.Ask(cache, question);
            Assert.True(file.MayAnswer(question, answer, offset) || orThese?[question] == answer, $"{what}: {file.Questions.Describe(question)} has another answer");
        }
    }

    private static bool IsValid(byte[] bytes)
    {
        try
        {
            using EmbeddingCache cache = Probe.Open(Probe.Disk(bytes));
            return cache.Verify().IsValid;
        }
        catch (EmbedCacheException)
        {
            return false;
        }
    }
}
