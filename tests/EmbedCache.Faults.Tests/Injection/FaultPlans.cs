using EmbedCache.Faults.Crash;
using EmbedCache.Faults.Disk;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Injection;

/// <summary>Every fault that can be made of a run, and the run with one of them.</summary>
internal static class FaultPlans
{
    private static readonly Workload s_workload = new("failed fsync", static _ => { }, StoreWorld.SmallLimits);

    private static readonly ExplorerBudget s_budget = new() { States = 300, Recoveries = 0, Kills = 0 };

    public static IEnumerable<FaultPlan> Of(List<DiskOperation> calls)
    {
        for (int i = 0; i < calls.Count; i++)
        {
            foreach (FaultKind kind in Enum.GetValues<FaultKind>())
            {
                if (FailingFileSystem.Applies(kind, calls[i]))
                {
                    yield return new FaultPlan(i, kind, IsSticky: false);
                    yield return new FaultPlan(i, kind, IsSticky: true);
                }
            }
        }
    }

    /// <summary>Runs a plan; with <paramref name="explores"/> the power fails afterwards, at every moment and in many ways.</summary>
    public static FaultRun Try(Durability durability, FaultPlan plan, bool explores, DistinctImages distinct, Func<IFileSystem, IFileSystem>? around = null)
    {
        var run = new FaultRun(durability, plan, around);
        run.Run();
        if (explores)
        {
            new CrashExplorer(s_workload, durability, plan.Call, distinct, s_budget).Explore(new RecordedRun(run.Trace, run.History));
        }

        return run;
    }
}
