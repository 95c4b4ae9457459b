using EmbedCache.Faults.Disk;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Mutants;

/// <summary>A fault between the engine and its files: a call left out, swallowed or put off.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Wrap">Puts it there.</param>
/// <param name="Harness">Who must notice.</param>
/// <param name="Workload">Where to look first; null where almost any state shows it.</param>
internal sealed record DeviceMutant(string Name, Func<IFileSystem, IFileSystem> Wrap, Harness Harness, string? Workload = null)
{
    public static IReadOnlyList<DeviceMutant> All { get; } =
    [
        new("no fsync", static inner => new MutantFileSystem(inner) { Flush = static _ => { } }, Harness.Crashes),
        new("managed flush", static inner => new MutantFileSystem(inner) { Flush = SwallowFailure }, Harness.FailedFlushes),
        new("fsync tried again", static inner => new MutantFileSystem(inner) { Flush = TryAgain }, Harness.FailedFlushes),
        new("directory sync skipped", static inner => new MutantFileSystem(inner) { SyncsDirectories = false }, Harness.Crashes),
        new("slot before data", static inner => new MutantFileSystem(inner) { PutsFlushOffTillSlot = true }, Harness.Crashes),
        new("compacted file renamed before its fsync", static inner => new MutantFileSystem(inner) { Flush = FlushAllButCompacted }, Harness.Crashes),
        new("punch takes the frame's header", static inner => new MutantFileSystem(inner) { PunchesEarlierBy = 4096 }, Harness.Crashes, "punching"),
        new("short write swallowed", static inner => new MutantFileSystem(inner) { SwallowsWriteFailures = true }, Harness.Faults),
    ];

    public override string ToString() => Name;

    private static void SwallowFailure(IStoreFile file)
    {
        try
        {
            file.Flush();
        }
        catch (DeviceFailedException)
        {
        }
    }

    private static void TryAgain(IStoreFile file)
    {
        try
        {
            file.Flush();
        }
        catch (DeviceFailedException)
        {
            file.Flush();
        }
    }

    private static void FlushAllButCompacted(IStoreFile file)
    {
        if (!file.Path.EndsWith(".compact", StringComparison.Ordinal))
        {
            file.Flush();
        }
    }
}
