using System.Diagnostics;
using EmbedCache.Metadata;

namespace EmbedCache.Engine;

/// <summary>Runs the steps of an optimization in their order, each for its share of the progress.</summary>
internal sealed class Optimizer(Store store, OptimizeOptions options, IProgress<OptimizeProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>The kernel has no wait for a lock that a token could end, so it is waited for in slices.</summary>
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(250);

    /// <summary>The share of the work that is done when linking records into a graph begins, with a compaction and without.</summary>
    private const double CompactedShare = 0.25;
    private const double IndexedShare = 0.02;

    public OptimizeReport Run()
    {
        store.Graphs?.Stop();
        try
        {
            double share = !WillLink() ? 1 : options.Compact ? CompactedShare : IndexedShare;
            OptimizeReport report = RunSteps(progress is null ? null : new Part(progress, share));
            store.Graphs?.RunToEnd(
                fraction => progress?.Report(new OptimizeProgress(OptimizeStage.Linking, share + ((1 - share) * fraction))),
                options.BusyTimeout ?? store.Options.BusyTimeout,
                cancellationToken);
            if (share < 1)
            {
                // What was linked may have been written down since, or there was nothing to link.
                progress?.Report(new OptimizeProgress(OptimizeStage.Linking, 1));
            }

            report.ByteLengthAfter = FileByteLength();
            return report;
        }
        finally
        {
            store.Graphs?.Resume();
        }
    }

    /// <summary>Whether there will be a graph, as far as can be told: progress depends on it, nothing else.</summary>
    private bool WillLink() => store.Graphs is not null && Look(snapshot =>
    {
        StoreProperties properties = snapshot.Properties;
        return (options.Compression ?? properties.Compression) == VectorCompression.None
            && (properties.Index == IndexMode.Auto || properties.Compression != VectorCompression.None)
            && snapshot.Slot.RecordCount >= store.Environment.GraphThreshold;
    });

    private OptimizeReport RunSteps(IProgress<OptimizeProgress>? part)
    {
        if (!options.Compact && (options.Compression is not null || options.BitsPerElement is not null || options.Rotate is not null || options.ShortCodes is not null))
        {
            throw new ArgumentException("Compression and short codes rewrite the file, so they cannot be asked for without a compaction", nameof(options));
        }

        var report = new OptimizeReport { Path = store.Path, ByteLengthBefore = FileByteLength() };
        if (options.Compact)
        {
            var compactor = new Compactor(store, options, part, cancellationToken);
            compactor.Run(BeginWrite());
            report.IsCompacted = true;
            report.ExpiredCount = compactor.ExpiredCount;
        }
        else
        {
            using WriteTransaction transaction = BeginWrite();
            part?.Report(new OptimizeProgress(OptimizeStage.Indexing, 0));
            Store.Checkpoint(transaction, threshold: 1);
            part?.Report(new OptimizeProgress(OptimizeStage.Indexing, 1));
        }

        EmbeddingCacheInfo info = Look(snapshot => InfoReader.Read(store, snapshot, countExpired: false));
        report.RecordCount = info.Count;
        report.Compression = info.Compression;
        report.Loss = info.Loss;
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

    /// <summary>The first part of a whole.</summary>
    private sealed class Part(IProgress<OptimizeProgress> whole, double share) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => whole.Report(new OptimizeProgress(value.Stage, share * value.Fraction));
    }
}
