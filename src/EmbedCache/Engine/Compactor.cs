using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Search;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Writes the live records into a new file beside the old one and swaps it in under both writer locks. The store's identity and salt stay,
/// its generation rises, and the old file is marked superseded for those who have it open. A crash leaves the old file, or the new one.
/// </summary>
internal sealed class Compactor(Store store, OptimizeOptions options, IProgress<OptimizeProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>Nobody reads the new file before it is whole, so its index is built in large pieces.</summary>
    private const int MaxUnindexedCount = 1 << 20;

    private const int ProgressStep = 1024;

    /// <summary>The share of the work that copying is.</summary>
    private const double CopyShare = 0.95;

    /// <summary>The share of learning a codebook, where that is done.</summary>
    private const double LearnShare = 0.5;

    /// <summary>One name, so that what a crashed compaction left is found and removed by the next: it may hold erased text.</summary>
    private readonly string _temporary = store.Path + ".compact";

    /// <summary>Records that were left behind because they had expired.</summary>
    public long ExpiredCount { get; private set; }

    /// <summary>Compacts what a transaction, which this ends, holds the lock of.</summary>
    public void Run(WriteTransaction begun)
    {
        using WriteTransaction old = begun;
        LogFile source = old.Snapshot.Log;
        IFileSystem fileSystem = store.Environment.FileSystem;
        fileSystem.Delete(_temporary);
        if (source.Header.Generation == uint.MaxValue)
        {
            throw new CorruptFileException("The file's generation is the highest there is; copy its records into a new file", source.Path, FileHeader.GenerationOffset);
        }

        var recoder = new Recoder(options, old.Snapshot, cancellationToken);
        FileHeader header = source.Header with { Generation = source.Header.Generation + 1 };
        try
        {
            LogFile target = LogFile.Create(fileSystem, _temporary, header, store.Now, ownerOnly: true, positional: !source.Source.IsMapped);
            using var next = new Store(store.Environment, store.Options, target, buildsGraphs: false);
            CopyRecords(old.Snapshot, next, recoder);
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new OptimizeProgress(OptimizeStage.Swapping, CopyShare));
            fileSystem.CopyOwnership(source.Path, _temporary);
            next.Finish();

            // Whoever opens the new file from here on waits for this lock until the old file says that it is superseded.
            using WriteTransaction held = next.BeginWrite();
            Swap(fileSystem, source);
            MarkSuperseded(old.Snapshot);
        }
        catch (Exception e)
        {
            fileSystem.Delete(_temporary);
            if (e is DeviceFailedException { IsPoisoned: true } failure)
            {
                // Of the new file. The old one and its handle are as they were.
                throw new DeviceFailedException("The compacted file could not be made durable. The file itself is untouched; try again when the device works", store.Path, null, failure, isFull: failure.IsFull);
            }

            throw;
        }

        progress?.Report(new OptimizeProgress(OptimizeStage.Swapping, 1));
    }

    /// <summary>A damaged index costs time here, not records: what is live is then worked out from the log.</summary>
    private void CopyRecords(Snapshot from, Store next, Recoder recoder)
    {
        if (from.Index.IsWhole())
        {
            Copy(from, next, recoder);
            return;
        }

        Snapshot bare = from.WithoutIndex();
        try
        {
            Copy(bare, next, recoder);
        }
        finally
        {
            bare.Release();
        }
    }

    private void Copy(Snapshot from, Store next, Recoder recoder)
    {
        using WriteTransaction transaction = next.BeginWrite();
        transaction.MaxUnindexed = MaxUnindexedCount;
        ScanSet set = LiveRecords.Of(from, store.Now);
        double learned = 0;
        recoder.Begin(set, transaction, fraction =>
        {
            learned = LearnShare;
            progress?.Report(new OptimizeProgress(OptimizeStage.Learning, LearnShare * fraction));
        });
        EmbeddingMetadata properties = recoder.Describe(from.Properties.Values);
        if (properties.Count > 0)
        {
            transaction.SetProperties(properties);
        }

        long total = Math.Max(1, set.OrdinalCount);
        long done = 0;
        var kept = new KeptFrames(from.Log, from.PublishedTail, newestFirst: false);
        foreach (long offset in LiveRecords.Offsets(set, newestFirst: false))
        {
            if (done++ % ProgressStep == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new OptimizeProgress(OptimizeStage.Compacting, learned + ((CopyShare - learned) * done / total)));
            }

            CopyRecord(from, offset, set.Now, kept, recoder, transaction);
        }

        if (recoder.Loss is not null)
        {
            // Again, since only now it is known what encoding cost.
            transaction.SetProperties(recoder.Describe(from.Properties.Values));
        }

        transaction.IndexTail();
        if (recoder.HasShortCodes)
        {
            transaction.WriteShortCodes(fraction => progress?.Report(new OptimizeProgress(OptimizeStage.Learning, CopyShare)), cancellationToken);
        }

        transaction.Commit();
    }

    private void CopyRecord(Snapshot from, long offset, long now, KeptFrames kept, Recoder recoder, WriteTransaction transaction)
    {
        LogFile log = from.Log;
        RecordFrame frame = RecordReader.Read(log, offset, from.PublishedTail);
        kept.Add(offset, frame);
        if (frame.IsExpired(now))
        {
            ExpiredCount++;
            return;
        }

        long vectorOffset = offset;
        RecordFrame record = RecordReader.ReadVectorFrame(log, frame, ref vectorOffset);
        StoredKey key = StoredKey.FromStoredBytes(RecordReader.Key(log, offset, frame), frame.Role, frame.KeyHash);
        transaction.PutStored(key, recoder.Encode(vectorOffset, record), RecordReader.Metadata(log, offset, frame), frame.Expires, record.Created);
    }

    private void Swap(IFileSystem fileSystem, LogFile source)
    {
        if (fileSystem.Identify(source.Path) is not { } found || !found.Equals(source.File.Identity))
        {
            // Copying took its time: what somebody put at the path meanwhile is not for us to replace.
            throw new FileNotFoundException($"The file '{store.Path}' was moved, removed or replaced while it was being compacted. What stands at its path now was not touched", store.Path);
        }

        try
        {
            fileSystem.Replace(_temporary, source.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileBusyException("The system refused to put the compacted file in place, as it does while others have the file open on Windows. The file is untouched; try again when nobody uses it", source.Path, null, e);
        }

        fileSystem.SyncDirectory(Path.GetDirectoryName(source.Path)!);
    }

    /// <summary>Tells those who have the old file open to look at the path again. Should this fail, their next write notices by the file's identity.</summary>
    private static void MarkSuperseded(Snapshot snapshot)
        => snapshot.Log.WriteSlot(snapshot.Slot with
        {
            Sequence = snapshot.Slot.Sequence + 1,
            State = snapshot.Slot.State | SlotState.Superseded,
        });
}
