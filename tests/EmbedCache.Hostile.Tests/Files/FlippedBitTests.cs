using EmbedCache.Fuzz;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Proves that no flipped bit of any golden file gives a wrong answer: every bit is flipped (of files over 32 KiB one in each byte, and every bit in a long run), the file is opened, and each question that reads the byte
/// at all has the same answer as before or an EmbedCacheException. Once a byte Verify names what a checksum of a header covers, and the
/// file is written to: what it held before is then still the same, or an error.
/// </summary>
public sealed class FlippedBitTests
{
    public static TheoryData<string> Files => [.. GoldenAnswers.All.Select(static file => file.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryFlippedBitGivesTheSameAnswersOrAnError(string name)
    {
        GoldenAnswers file = GoldenAnswers.All.Single(file => file.Name == name);
        long asked = 0;
        int step = file.Bytes.Length > LargeByteLength && !LongRun.IsWanted ? 8 : 1;
        long count = (file.Bytes.Length * 8L) / step;
        Parts.Run(count, part =>
        {
            // With a step of 8 one bit of each byte, another from byte to byte.
            long number = (part * step) + (step == 1 ? 0 : part * 5 % 8);
            int offset = (int)(number / 8);
            byte[] bytes = Flip(file.Bytes, number);
            Meter meter = Meter.Start();
            try
            {
                using EmbeddingCache cache = Probe.Open(Probe.Disk(bytes), readOnly: true, positional: number % 61 == 0);
                foreach (int question in file.QuestionsFor(offset, (int)number))
                {
                    ulong answer = file.Questions.Ask(cache, question);
                    Assert.True(file.MayAnswer(question, answer, offset), $"{name}, bit {number % 8} of byte {offset}: {file.Questions.Describe(question)} has another answer");
                }
            }
            catch (EmbedCacheException)
            {
                // It does not open.
            }

            meter.Check($"{name}, bit {number % 8} of byte {offset}", bytes.Length);
            Interlocked.Increment(ref asked);
        });
        Assert.Equal(count, asked);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void VerifyAndWritingMeetAFlipOfEveryByte(string name)
    {
        GoldenAnswers file = GoldenAnswers.All.Single(file => file.Name == name);
        int step = file.Bytes.Length > LargeByteLength && !LongRun.IsWanted ? 5 : 1;
        Parts.Run(file.Bytes.Length / step, part =>
        {
            int offset = (int)part * step;
            int bit = (offset * 5 / 4) & 7;
            string what = $"{name}, bit {bit} of byte {offset}";
            byte[] bytes = Flip(file.Bytes, (offset * 8L) + bit);
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

    private static byte[] Flip(byte[] bytes, long bit)
    {
        byte[] flipped = (byte[])bytes.Clone();
        flipped[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        return flipped;
    }

    private const int LargeByteLength = 32 * 1024;
}
