using CsCheck;
using EmbedCache.Tests.Engine;
using Xunit.Abstractions;

namespace EmbedCache.Hostile.Tests.Models;

/// <summary>
/// Proves that a store is a dictionary with brute-force search over it: random sequences of every public operation, with reopening, compacting and
/// a second handle in between, give the same answers as the model. What fails is shrunk to the shortest sequence, and its seed printed.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    private static readonly Gen<(World World, Step[] Steps)> s_sequences = Gen.Select(World.Gen, Step.Gen.Array[1, 40], static (world, steps) => (world, steps));

    [Fact]
    public void StoreIsADictionaryWithBruteForceSearch()
    {
        long sequences = 0;
        long steps = 0;
        s_sequences.Sample(
            sequence =>
            {
                using var walk = new ModelWalk(sequence.World);
                walk.Run(sequence.Steps);
                Interlocked.Increment(ref sequences);
                Interlocked.Add(ref steps, sequence.Steps.Length);
            },
            writeLine: output.WriteLine,
            iter: LongRun.IsLimited ? -1 : LongRun.Scale(20_000, 1_000_000),
            time: LongRun.IsLimited ? LongRun.Seconds : -1,
            threads: Math.Min(2, Environment.ProcessorCount),
            print: static sequence => $"{sequence.World}{Environment.NewLine}{string.Join(Environment.NewLine, sequence.Steps)}");
        output.WriteLine($"{sequences:N0} sequences of {steps:N0} operations");
        Assert.True(sequences >= (LongRun.IsLimited ? 1 : LongRun.Scale(20_000, 1_000_000)));
    }
}
