using System.Diagnostics;

namespace EmbedCache.Engine;

/// <summary>Runs the steps of an optimization in their order, each for its share of the progress.</summary>
internal sealed class Optimizer(Store store, OptimizeOptions options, IProgress<OptimizeProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>The kernel has no wait for a lock that a token could end, so it is waited for in slices.</summary>
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(250);

    public OptimizeReport Run()
    {
        store.Graphs?.Stop();
        try
        {
            OptimizeReport report = RunSteps();
            store.Graphs?.RunToEnd(
                fraction => progress?.Report(new OptimizeProgress(OptimizeStage.Linking, fraction)),
                options.BusyTimeout ?? store.Options.BusyTimeout,
                cancellationToken);
            report.ByteLengthAfter = FileByteLength();
            return report;
        }
        finally
        {
            store.Graphs?.Resume();
        }
    }

    private OptimizeReport RunSteps()
    {
        if (!options.Compact && (options.Compression is not null || options.BitsPerElement is not null || options.ShortCodes is not null))
        {
            throw new ArgumentException("Compression and short codes rewrite the file, so they cannot be asked for without a compaction", nameof(options));
        }

        var report = new OptimizeReport { Path = store.Path, ByteLengthBefore = FileByteLength() };
        if (options.Compact)
        {
            var compactor = new Compactor(store, options, progress, cancellationToken);
            compactor.Run(BeginWrite());
            report.IsCompacted = true;
            report.ExpiredCount = compactor.ExpiredCount;
            report.Compression = compactor.Compression;
            report.Loss = compactor.Loss;
        }
        else
        {
            using WriteTransaction transaction = BeginWrite();
            progress?.Report(new OptimizeProgress(OptimizeStage.Indexing, 0));
            Store.Checkpoint(transaction, threshold: 1);
            progress?.Report(new OptimizeProgress(OptimizeStage.Indexing, 1));
        }

        report.RecordCount = RecordCount();
        return report;
    }

    private WriteTransaction BeginWrite()
    {
        TimeSpan timeout = options.BusyTimeout ?? store.Options.BusyTimeout;
        var clock = Stopwatch.StartNew();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? s_slice : timeout - clock.Elapsed;
            try
            {
                return store.BeginWrite(left < s_slice ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : s_slice);
            }
            catch (FileBusyException e) when (left <= s_slice && timeout != Timeout.InfiniteTimeSpan)
            {
                // The engine only knows of the last slice.
                throw new FileBusyException($"Another writer held the file for all of {timeout.TotalSeconds:0.###} s. Try again, or allow a longer busy timeout", store.Path, null, e);
            }
            catch (FileBusyException)
            {
                progress?.Report(new OptimizeProgress(OptimizeStage.Waiting, 0));
            }
        }
    }

    private long FileByteLength() => Look(snapshot => snapshot.Log.File.Length);

    private long RecordCount() => Look(snapshot => InfoReader.Read(store, snapshot, countExpired: false).Count);

    private T Look<T>(Func<Snapshot, T> look)
    {
        Snapshot snapshot = store.Acquire();
        try
        {
            return look(snapshot);
        }
        finally
        {
            snapshot.Release();
        }
    }
}
