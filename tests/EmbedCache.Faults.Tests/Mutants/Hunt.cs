using EmbedCache.Faults.Crash;
using EmbedCache.Faults.Disk;
using EmbedCache.Faults.Injection;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Mutants;

/// <summary>What looks for a fault.</summary>
internal enum Harness
{
    /// <summary>Crash states of every workload.</summary>
    Crashes,

    /// <summary>Every call fails once or for good.</summary>
    Faults,

    /// <summary>Each fsync fails, and the power some time later.</summary>
    FailedFlushes,

    /// <summary>A compacting process dies at each of its calls while another has the file open.</summary>
    DyingCompactions,

    /// <summary>Frames of two histories that parted are mixed.</summary>
    Forks,
}

/// <summary>Runs a harness until it finds something.</summary>
internal static class Hunt
{
    private const int Seeds = 8;

    private static readonly ExplorerBudget s_budget = new() { States = 900, Recoveries = 8, StatesOfRecovery = 60, Kills = 8 };

    /// <summary>What the harness found, or null. Called by its name in another load context, where the engine has a fault.</summary>
    /// <param name="harness">Its name.</param>
    /// <param name="workload">The workload to crash first; null for all in their order.</param>
    public static string? Run(string harness, string? workload) => Run(Enum.Parse<Harness>(harness), workload, static inner => inner);

    /// <summary>The same, with a fault between engine and files.</summary>
    public static string? Run(Harness harness, string? workload, Func<IFileSystem, IFileSystem> around)
    {
        CollidingHashes.Install();
        foreach (Action trial in Trials(harness, workload, around))
        {
            try
            {
                trial();
            }
            catch (Exception e)
            {
                return e.ToString();
            }
        }

        return null;
    }

    private static IEnumerable<Action> Trials(Harness harness, string? workload, Func<IFileSystem, IFileSystem> around) => harness switch
    {
        Harness.Crashes => Crashes(Workloads.All.Where(known => known.Name == workload), around).Concat(Crashes(Workloads.All, around)),
        Harness.Faults or Harness.FailedFlushes => Faults(around, harness == Harness.FailedFlushes),
        Harness.DyingCompactions => [() => Neighbours.RequireNothingLost(around)],
        _ => [() => Forks.RequireNoMixture(around)],
    };

    private static IEnumerable<Action> Crashes(IEnumerable<Workload> workloads, Func<IFileSystem, IFileSystem> around)
    {
        var distinct = new DistinctImages();
        for (int seed = 0; seed < Seeds; seed++)
        {
            foreach (Workload workload in workloads)
            {
                foreach (Durability durability in new[] { Durability.Full, Durability.Normal })
                {
                    int current = seed;
                    yield return () => new CrashExplorer(workload, durability, current, distinct, s_budget, around).Explore(WorkloadRun.Record(workload, durability, current, around));
                }
            }
        }
    }

    private static IEnumerable<Action> Faults(Func<IFileSystem, IFileSystem> around, bool onlyFlushes)
    {
        foreach (Durability durability in new[] { Durability.Full, Durability.Normal })
        {
            var plain = new FaultRun(durability, null, around);
            plain.Run();
            foreach (FaultPlan plan in FaultPlans.Of(plain.Calls).Where(plan => !onlyFlushes || plain.Calls[plan.Call] == DiskOperation.Flush))
            {
                yield return () => FaultPlans.Try(durability, plan, explores: onlyFlushes, new DistinctImages(), around);
            }
        }
    }
}
