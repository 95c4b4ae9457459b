using System.Globalization;
using EmbedCache.Tests.Engine;
using EmbedCache.Tests.Storage;
using Xunit.Abstractions;

namespace EmbedCache.Kill.Tests;

/// <summary>
/// Proves that kill -9 loses nothing that was acknowledged: writers in processes of their own are killed at random moments, and in every call of every
/// system call that changes the file; what they leave is read, recovered, and written on. Those at random alone are 500 in each run, strace or not.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const string SystemCalls = "pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,unlink,fcntl,mmap";
    private const int TracedOperations = 12;

    [LinuxFact]
    public void WritersKilledAtRandomMomentsLoseNothingAcknowledged()
    {
        int rounds = LongRun.Scale(500, 10_000);
        Func<bool> isOver = LongRun.Deadline();
        int seed = LongRun.IsWanted ? Environment.TickCount : 4;
        int done = 0;
        int acknowledged = 0;
        string[] durabilities = ["full", "normal", "full"];
        Task[] lanes = [.. durabilities.Select((durability, number) => OwnThread.Run(() =>
        {
            using var lane = new KillLane(durability);
            var random = new Random(seed + number);
            for (int round = number; round < rounds && !isOver(); round += durabilities.Length)
            {
                Interlocked.Add(ref acknowledged, KillOnce(lane, random, $"seed {seed}, lane {number}, round {round}", verify: round % 16 == number));
                Interlocked.Increment(ref done);
            }

            lane.Finish();
        }))];
        Task.WaitAll(lanes);
        output.WriteLine($"seed {seed}: {done} kill rounds at random moments, {acknowledged} operations acknowledged, 0 lost");
        Assert.True(done == rounds || LongRun.IsLimited, $"{done} of {rounds}");
        Assert.True(acknowledged > done);
    }

    [LinuxFact(Needs = "strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=1 true")]
    public void WritersKilledInEachSystemCallLoseNothingAcknowledged()
    {
        List<(string SystemCall, int Number)> calls = CallsOfAWriter();
        Assert.True(calls.Count >= 40, $"{calls.Count} system calls");
        int next = -1;
        int done = 0;
        Func<bool> isOver = LongRun.Deadline();
        Task[] lanes = [.. new[] { "full", "normal" }.Select(durability => OwnThread.Run(() =>
        {
            while (Interlocked.Increment(ref next) is int index && index < calls.Count * LongRun.Scale(1, 4) && (index < calls.Count || !isOver()))
            {
                (string systemCall, int number) = calls[index % calls.Count];
                string what = $"killed in call {number} of {systemCall}, {durability}";
                using var lane = new KillLane(durability);
                using (KilledChild child = KilledChild.StartKilledAt(systemCall, number, lane.Verb(TracedOperations)))
                {
                    lane.Check(child, null, what, verify: true);
                }

                // The dead writer's file is written on.
                using (KilledChild child = KilledChild.Start(lane.Verb(3)))
                {
                    lane.Check(child, null, what + ", afterwards", verify: true);
                }

                lane.Finish();
                Interlocked.Increment(ref done);
            }
        }))];
        Task.WaitAll(lanes);
        output.WriteLine($"{done} more kill rounds, one in each of: {string.Join(", ", calls.GroupBy(static call => call.SystemCall).Select(static group => $"{group.Count()} {group.Key}"))}");
        Assert.True(done >= calls.Count);
    }

    /// <summary>Lets a child work, kills it after some acknowledgements and some more time, and checks what it left.</summary>
    private static int KillOnce(KillLane lane, Random random, string what, bool verify)
    {
        using KilledChild child = KilledChild.Start(lane.Verb(1_000_000));
        int? last = null;
        for (int lines = random.Next(12); lines >= 0; lines--)
        {
            last = int.Parse(child.ReadLine() ?? throw new InvalidOperationException($"{what}: the child died by itself"), CultureInfo.InvariantCulture);
        }

        // From somewhere within the next operations, at the grain of their system calls.
        Thread.SpinWait(random.Next(60_000));
        child.Kill();
        return lane.Check(child, last, what, verify);
    }

    /// <summary>What a writer calls in the operations that are traced. Those of the runtime's own start are among them, and do no harm.</summary>
    private static List<(string SystemCall, int Number)> CallsOfAWriter()
    {
        using var lane = new KillLane("full");
        string list = lane.Path + ".trace";
        using (KilledChild child = KilledChild.StartTraced(SystemCalls, list, lane.Verb(TracedOperations)))
        {
            lane.Check(child, null, "traced", verify: true);
        }

        string[] names = [.. File.ReadLines(list).Select(static line => line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries)[1].Split('(')[0].Trim())];
        int Count(string name) => names.Count(called => called == name);
        return
        [
            .. new[] { "pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate", "rename" }.SelectMany(name => Enumerable.Range(1, Count(name)).Select(number => (name, number))),
        ];
    }
}
