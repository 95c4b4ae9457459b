using EmbedCache.Format;

namespace EmbedCache.Engine;

/// <summary>Checkpoints, and what a clean close leaves behind.</summary>
internal sealed partial class Store
{
    /// <summary>A close merges all segments when they are at most this fraction of what the handle appended.</summary>
    private const int CloseMergeShare = 8;

    /// <summary>Indexes the tail if it has at least this many entries, and makes everything durable.</summary>
    public void Checkpoint(int threshold, TimeSpan? busyTimeout = null)
    {
        using WriteTransaction transaction = BeginWrite(busyTimeout);
        Checkpoint(transaction, threshold);
    }

    /// <summary>The same in a transaction that was begun for it, and which this ends.</summary>
    public static void Checkpoint(WriteTransaction transaction, int threshold)
    {
        if (transaction.Snapshot.TailCount >= threshold)
        {
            transaction.IndexTail();
            transaction.Commit(mustBeDurable: true);
        }
        else if (transaction.Snapshot.Slot.DurableTail < transaction.Snapshot.PublishedTail)
        {
            transaction.MakeDurable();
        }
    }

    /// <summary>Trims what was reserved past the tail and makes the slots durable, before the file is renamed into place.</summary>
    public void Finish()
    {
        using WriteTransaction transaction = BeginWrite();
        CutAfter(transaction.Snapshot.Log, transaction.Snapshot.PublishedTail);
        Flush(transaction.Snapshot.Log);
    }

    /// <summary>
    /// What a clean close leaves: an indexed tail where that pays, everything durable, the space of replaced sections given back, nothing
    /// reserved past the end.
    /// </summary>
    private void CloseForWriting()
    {
        // A transaction that is open after this is not the background's.
        _graphs?.Hold();
        if (IsReadOnly || !_hasWritten || _poison is not null || _isWriting)
        {
            return;
        }

        try
        {
            try
            {
                IndexAtClose();
            }
            catch (DeviceFailedException e) when (e.IsFull && !e.IsPoisoned)
            {
                // The index can wait for room; durability cannot, and needs none.
                Checkpoint(threshold: int.MaxValue, TimeSpan.Zero);
            }

            _graphs?.Finish(_options.IndexingTimeout);
            GiveSpaceBack();
        }
        catch (FileBusyException)
        {
            // Somebody else is writing, and will close later.
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The file, or its folder, was removed or replaced while it was open: nothing is left to tidy.
        }
    }

    private void IndexAtClose()
    {
        using WriteTransaction transaction = BeginWrite(TimeSpan.Zero);
        Snapshot snapshot = transaction.Snapshot;
        bool isLong = snapshot.TailCount >= Environment.Limits.CloseCheckpointThreshold;

        // One run is searched faster than several. Rewriting all of them is worth it when it adds little to what this handle wrote anyway.
        bool mergeAll = snapshot.Index.Segments.Length > 1 && snapshot.Index.Segments.Sum(segment => segment.ByteLength) <= _appended / CloseMergeShare;
        if (isLong || mergeAll)
        {
            transaction.IndexTail(mergeAll);
            transaction.Commit(mustBeDurable: true);
        }
        else if (snapshot.Slot.DurableTail < snapshot.PublishedTail)
        {
            transaction.MakeDurable();
        }
    }

    private void GiveSpaceBack()
    {
        using (WriteTransaction transaction = BeginWrite(TimeSpan.Zero))
        {
            if (transaction.Snapshot.Index.Retired.Sum(section => section.FrameByteLength) >= Environment.Limits.CloseReleaseThreshold)
            {
                // Both slots must name the catalog that retired the sections, durably, before they may go.
                transaction.MakeDurable();
                Flush(_shared.Log);
            }
        }

        using (WriteTransaction transaction = BeginWrite(TimeSpan.Zero))
        {
            if (transaction.Snapshot.Index.Retired.Length >= Environment.Limits.CloseRetiredThreshold)
            {
                transaction.WriteCatalogAgain();
                transaction.Commit(mustBeDurable: true);
            }
        }

        using (WriteTransaction transaction = BeginWrite(TimeSpan.Zero))
        {
            Snapshot snapshot = transaction.Snapshot;
            HolePuncher.Punch(snapshot.Log, HolePuncher.Select(snapshot));
            CutAfter(snapshot.Log, snapshot.PublishedTail);
            _space?.Trimmed(snapshot.PublishedTail);
        }
    }
}
