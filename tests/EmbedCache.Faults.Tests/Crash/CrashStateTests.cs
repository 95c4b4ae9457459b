using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace EmbedCache.Faults.Crash;

/// <summary>
/// Proves that no crash loses or tears an acknowledged commit. Every kind of use is recorded call by call; at every call the machine dies, and each
/// thing that the disk may then hold is built and opened: any subset of the writes since the last fsync in sectors of 512 bytes, whole or torn, lengths
/// changed or not, holes as zeros, garbage or what once stood there, renames undone, punched ranges back. What is found must be the state after the last
/// acknowledged transaction or the one in flight (with Normal durability, any since the last durable point), must verify, and must take further commits.
/// Recovery is crashed in its turn, and other processes go on after one was killed.
/// </summary>
public sealed class CrashStateTests(ITestOutputHelper output)
{
    /// <summary>Distinct images that are opened in every run; more with EMBEDCACHE_LONG=1, or as many as EMBEDCACHE_CRASH_STATES says.</summary>
    private static readonly int s_wanted = int.Parse(
        Environment.GetEnvironmentVariable("EMBEDCACHE_CRASH_STATES") ?? (Environment.GetEnvironmentVariable("EMBEDCACHE_LONG") == "1" ? "5000000" : "200000"),
        CultureInfo.InvariantCulture);

    /// <summary>A long run ends after so many seconds, with however many states it has opened by then.</summary>
    private static readonly int s_seconds = int.Parse(Environment.GetEnvironmentVariable("EMBEDCACHE_CRASH_SECONDS") ?? int.MaxValue.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>One run alone, as a message names it, "sections:Normal:0": to look at a finding again.</summary>
    private static readonly string? s_only = Environment.GetEnvironmentVariable("EMBEDCACHE_CRASH_ONLY");

    private const int MostRuns = 100_000;

    [Fact]
    public void NoCrashLosesOrTearsACommit()
    {
        CollidingHashes.Install();
        var distinct = new DistinctImages();
        (Workload Workload, Durability Durability)[] kinds = [.. Workloads.All.SelectMany(static workload => new[] { (workload, Durability.Full), (workload, Durability.Normal) })];
        var failures = new List<string>();
        int next = -1;
        var clock = Stopwatch.StartNew();
        void Work()
        {
            while (failures.Count == 0)
            {
                int task = Interlocked.Increment(ref next);
                if (task >= kinds.Length && (distinct.Count >= s_wanted || clock.Elapsed.TotalSeconds >= s_seconds || task >= MostRuns))
                {
                    return;
                }

                (Workload workload, Durability durability) = kinds[task % kinds.Length];
                int seed = task / kinds.Length;
                if (s_only is not null && s_only != $"{workload.Name}:{durability}:{seed}")
                {
                    continue;
                }

                try
                {
                    new CrashExplorer(workload, durability, seed, distinct, new ExplorerBudget()).Explore(WorkloadRun.Record(workload, durability, seed));
                }
                catch (Exception e)
                {
                    lock (failures)
                    {
                        failures.Add($"workload '{workload.Name}', {durability}, seed {seed}: {e}");
                    }
                }
            }
        }

        Workers.Run(Work);
        output.WriteLine($"{distinct.Count} distinct crash states opened; {kinds.Length} kinds of run, seeds 0 to {next / kinds.Length}");
        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        Assert.True(distinct.Count >= s_wanted || clock.Elapsed.TotalSeconds >= s_seconds || s_only is not null);
    }
}
