using EmbedCache.Fuzz;
using EmbedCache.Tests.Engine;
using Xunit.Abstractions;

namespace EmbedCache.Hostile.Tests.Files;

/// <summary>
/// Repeats what a fuzzer once found, and mutates golden files anew: all of it must end in an answer or an EmbedCacheException, within a second and
/// within four times the file and 16 MiB.
/// </summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    public static IEnumerable<object[]> Finds => SeedFiles.Corpus().Select(static find => new object[] { find.Target, find.Name });

    [Theory]
    [MemberData(nameof(Finds))]
    public void WhatWasFoundOnceIsNotFoundAgain(string target, string name)
        => FuzzTargets.All[target](SeedFiles.Corpus().Single(find => find.Target == target && find.Name == name).Input);

    [Theory]
    [InlineData("file")]
    [InlineData("metadata")]
    [InlineData("catalog")]
    [InlineData("filter")]
    public void SeedsOfEachTargetRun(string target)
    {
        (string Name, byte[] Input)[] seeds = [.. Seeds.Of(target)];
        Assert.NotEmpty(seeds);
        Assert.All(seeds, seed => FuzzTargets.All[target](seed.Input));
    }

    /// <summary>The numbers of the inputs are others in each long run; else they are always the same, so that a failure is one for everybody.</summary>
    [Fact]
    public void MutatedGoldenFilesGiveAnswersOrTypedErrors()
    {
        int first = LongRun.IsWanted ? 1 + (Environment.TickCount & int.MaxValue) : 0;
        const int Seed = 20_250_101;
        byte[][] seeds = [.. Seeds.Of("file").Select(static seed => seed.Input)];
        Func<bool> isOver = LongRun.Deadline();
        long done = 0;
        Parts.Run(LongRun.Scale(30_000, 3_000_000), count =>
        {
            if (isOver())
            {
                return;
            }

            long number = first + count;
            Interlocked.Increment(ref done);
            byte[] input = MutationRun.Input(seeds, Seed, (int)number);
            (string Message, string Place)? failure = MutationRun.Failure(input);
            Assert.True(failure is null, $"input {number} of seed {Seed}: {failure?.Message} {failure?.Place}");
        });
        output.WriteLine($"{done:N0} inputs of seed {Seed}, from number {first} on");
        Assert.True(LongRun.IsLimited || done == LongRun.Scale(30_000, 3_000_000));
    }
}
