using EmbedCache.Faults.Crash;
using EmbedCache.Faults.Disk;
using Xunit.Abstractions;

namespace EmbedCache.Faults.Injection;

/// <summary>
/// Proves that a failing device costs nothing that was acknowledged. Every call that the engine makes of the file system is made to fail, one at a time
/// and from there on: EIO, ENOSPC, a short write, a failed fsync, a refused map. The caller must be told by a typed error; after a failed write the
/// handle goes on as if nothing had been asked, after a failed fsync it refuses to write; opened again, the store holds what was acknowledged, even if
/// the power fails later and what the failed fsync dropped is found to be missing.
/// </summary>
public sealed class FaultInjectionTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Durability.Full)]
    [InlineData(Durability.Normal)]
    public void EveryCallMayFailOnceOrForGood(Durability durability)
    {
        var plain = new FaultRun(durability, null);
        plain.Run();
        List<FaultPlan> plans = [.. FaultPlans.Of(plain.Calls)];
        int failed = 0;
        int reported = 0;
        ForEach(plans, plan =>
        {
            FaultRun run = FaultPlans.Try(durability, plan, explores: false, new DistinctImages());
            Interlocked.Add(ref failed, run.FailureCount);
            Interlocked.Add(ref reported, run.ReportedCount);
        });
        output.WriteLine($"{durability}: {plain.Calls.Count} calls, {plans.Count} plans, {failed} failures injected, {reported} reported to the caller");
        Assert.True(plans.Count > 2 * plain.Calls.Count);
        Assert.True(reported > plain.Calls.Count / 2);
    }

    /// <summary>
    /// After a failed fsync the kernel takes the pages for clean: they are read back, but the disk does not have them, and no later fsync writes them.
    /// What is found by opening the store again and built upon must not be gone when the power fails later.
    /// </summary>
    [Theory]
    [InlineData(Durability.Full)]
    [InlineData(Durability.Normal)]
    public void WhatAFailedFsyncDroppedIsNotBuiltUpon(Durability durability)
    {
        var plain = new FaultRun(durability, null);
        plain.Run();
        var distinct = new DistinctImages();
        List<FaultPlan> plans = [.. FaultPlans.Of(plain.Calls).Where(plan => plain.Calls[plan.Call] == DiskOperation.Flush)];
        ForEach(plans, plan => FaultPlans.Try(durability, plan, explores: true, distinct));
        output.WriteLine($"{durability}: {plans.Count} failed fsyncs, {distinct.Count} distinct crash states after them");
        Assert.NotEmpty(plans);
    }

    private static void ForEach(List<FaultPlan> plans, Action<FaultPlan> run)
    {
        int next = -1;
        var failures = new List<string>();
        Workers.Run(() =>
        {
            for (int i = Interlocked.Increment(ref next); i < plans.Count; i = Interlocked.Increment(ref next))
            {
                try
                {
                    run(plans[i]);
                }
                catch (Exception e)
                {
                    lock (failures)
                    {
                        failures.Add($"{plans[i]}: {e}");
                    }
                }
            }
        });
        Assert.True(failures.Count == 0, $"{failures.Count} of {plans.Count} plans fail, as:{Environment.NewLine}{string.Join(Environment.NewLine, failures.Select(static failure => failure.Split("   at ")[0]).Take(12))}");
    }
}
