using EmbedCache.Faults.Disk;

namespace EmbedCache.Faults.Crash;

/// <summary>A kind of use whose every moment is crashed.</summary>
/// <param name="Name">For messages and for the mutants that it must catch.</param>
/// <param name="Run">What is done; everything by chance comes from the run's source.</param>
/// <param name="Scale">How early the engine indexes, writes and releases.</param>
/// <param name="SaltSeed">Salt of the store: see <see cref="CollidingHashes"/>.</param>
internal sealed record Workload(string Name, Action<WorkloadRun> Run, StoreScale Scale, byte SaltSeed = 1)
{
    /// <summary>
    /// What whoever comes after a crash sets when there are so many records: by default something new. Who does the very same again, at the same time, as a
    /// machine does whose clock stops with its power, writes the same bytes again, unless something tells the two histories apart.
    /// </summary>
    public Func<int, RepeatedSet>? Repeats { get; init; }

    /// <summary>On what it spends a budget, where that is not as others do.</summary>
    public Func<ExplorerBudget, ExplorerBudget> Spends { get; init; } = static budget => budget;

    public override string ToString() => Name;
}

/// <summary>A workload as it was recorded.</summary>
/// <param name="Trace">Every call that changed the disk.</param>
/// <param name="History">The states that it went through.</param>
internal sealed record RecordedRun(List<DiskEvent> Trace, History History);
