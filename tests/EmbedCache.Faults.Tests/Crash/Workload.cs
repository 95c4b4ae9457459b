using EmbedCache.Engine;
using EmbedCache.Faults.Disk;

namespace EmbedCache.Faults.Crash;

/// <summary>A kind of use whose every moment is crashed.</summary>
/// <param name="Name">For messages and for the mutants that it must catch.</param>
/// <param name="Run">What is done; everything by chance comes from the run's source.</param>
/// <param name="Limits">How early the engine indexes, writes and releases.</param>
/// <param name="SaltSeed">Salt of the store: see <see cref="CollidingHashes"/>.</param>
internal sealed record Workload(string Name, Action<WorkloadRun> Run, EngineLimits Limits, byte SaltSeed = 1)
{
    public override string ToString() => Name;
}

/// <summary>A workload as it was recorded.</summary>
/// <param name="Trace">Every call that changed the disk.</param>
/// <param name="History">The states that it went through.</param>
internal sealed record RecordedRun(List<DiskEvent> Trace, History History);
