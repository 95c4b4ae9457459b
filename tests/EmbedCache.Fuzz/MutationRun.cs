using System.Collections.Concurrent;
using System.Diagnostics;

namespace EmbedCache.Fuzz;

/// <summary>
/// Fuzzing without instrumentation: mutated golden files until time is up, one thread a processor. Each input follows from the seed and its number,
/// so a hang too can be run again: the last input of each thread stands in a file until it is done with.
/// </summary>
internal static class MutationRun
{
    /// <summary>Runs; prints and keeps what it finds. 1 when there was a find.</summary>
    public static int Run(TimeSpan time, int seed, string folder)
    {
        Directory.CreateDirectory(folder);
        byte[][] seeds = [.. Seeds.Of("file").Select(static pair => pair.Input)];
        var clock = Stopwatch.StartNew();
        long executions = 0;
        var finds = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        Thread[] threads = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(part => new Thread(() =>
        {
            for (int number = part; clock.Elapsed < time; number += Environment.ProcessorCount)
            {
                byte[] input = Input(seeds, seed, number);
                Interlocked.Increment(ref executions);
                if (Failure(input) is { } failure && finds.AddOrUpdate(failure.Place, 1, static (_, count) => count + 1) <= KeptOfAKind)
                {
                    string path = Path.Combine(folder, $"find-{seed}-{number}");
                    File.WriteAllBytes(path, input);
                    Console.WriteLine($"{path}: {failure.Message}{Environment.NewLine}    {failure.Place}");
                }
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Console.WriteLine($"seed {seed}: {executions:N0} executions in {clock.Elapsed.TotalSeconds:N0} s, {finds.Values.Sum():N0} finds of {finds.Count} kinds");
        return finds.IsEmpty ? 0 : 1;
    }

    /// <summary>The input of a number.</summary>
    public static byte[] Input(byte[][] seeds, int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        byte[] first = seeds[random.Next(seeds.Length)];
        if (first.Length > LargeByteLength && random.Next(4) != 0)
        {
            // A large file takes many times as long, and shows little more.
            first = seeds[random.Next(seeds.Length)];
        }

        return new FileMutator(random).Mutate(first, seeds[random.Next(seeds.Length)]);
    }

    /// <summary>What an input brought to light, and where, or null.</summary>
    public static (string Message, string Place)? Failure(byte[] input)
    {
        try
        {
            Probe.Run(input);
            return null;
        }
        catch (Exception e)
        {
            IEnumerable<string> frames = e.StackTrace?.Split('\n').Select(static frame => frame.Trim()).Where(static frame => !frame.StartsWith("at System.", StringComparison.Ordinal)).Take(3) ?? [];
            string what = e is TooExpensiveException ? string.Concat(e.Message.TakeWhile(static c => !char.IsDigit(c))) : e.GetType().Name;
            return (e.Message, $"{what} {string.Join(" ", frames)}");
        }
    }

    private const int LargeByteLength = 16 * 1024;
    private const int KeptOfAKind = 2;
}
