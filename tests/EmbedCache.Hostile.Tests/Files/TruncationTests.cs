using EmbedCache.Fuzz;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>Proves that a golden file cut at any length gives the same answers or a typed error, and that nothing below its durable tail is quietly missing.</summary>
public sealed class TruncationTests
{
    public static TheoryData<string> Files => FlippedBitTests.Files;

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryLengthGivesTheSameAnswersOrAnError(string name)
    {
        GoldenAnswers file = GoldenAnswers.All.Single(file => file.Name == name);
        Parts.Run(file.Bytes.Length + 1, length =>
        {
            byte[] bytes = file.Bytes[..(int)length];
            Meter meter = Meter.Start();
            foreach (bool readOnly in new[] { true, false })
            {
                try
                {
                    using EmbeddingCache cache = Probe.Open(Probe.Disk((byte[])bytes.Clone()), readOnly, positional: length % 3 == 0);

                    // A file that lacks what was durable does not even open.
                    Assert.True(length >= file.DurableTail, $"{name} opens with {length} of {file.Bytes.Length} bytes");
                    for (int question = 0; question < file.Questions.Count; question++)
                    {
                        ulong answer = file.Questions.Ask(cache, question);
                        Assert.True(answer != 0 && file.MayAnswer(question, answer, length), $"{name}, cut to {length} bytes: {file.Questions.Describe(question)} has another answer");
                    }
                }
                catch (EmbedCacheException)
                {
                    Assert.True(length < file.DurableTail);
                }
            }

            meter.Check($"{name}, cut to {length} bytes", length);
        });
    }
}
