using EmbedCache.Format;

namespace EmbedCache.Storage;

/// <summary>What recovery made of a log.</summary>
/// <param name="Slot">The state to go on from: the slot as read, or with its tails, counts and catalog moved to the last whole commit.</param>
/// <param name="IsShorter">The log ends before the slot's published tail: power loss took commits that were acknowledged without an fsync.</param>
/// <param name="IsLonger">Whole commits stand past the slot's published tail: a writer died between its fsync and its slot.</param>
internal readonly record struct RecoveredLog(CommitSlot Slot, bool IsShorter, bool IsLonger);

/// <summary>
/// Finds where a log ends (FORMAT.md, "Recovery"). Below the durable tail nothing is questioned here; between the two tails and past them
/// the log ends at the last whole commit whose chain holds. Writes nothing.
/// </summary>
internal static class Recovery
{
    /// <summary>
    /// Examines the log from where it is known to be good.
    /// </summary>
    /// <param name="log">The open file.</param>
    /// <param name="slot">The newest valid slot.</param>
    /// <param name="trusted">An offset in the log up to which this process has checked every frame since, with its chain; the durable tail at least.</param>
    /// <param name="pastPublished">Also adopt whole commits past the published tail: only while no writer is at work there.</param>
    public static RecoveredLog Examine(LogFile log, in CommitSlot slot, TrustedPoint trusted, bool pastPublished)
    {
        var start = new TrustedPoint(slot.DurableTail, slot.DurableChain, slot.Epoch);
        if (trusted.Epoch == slot.Epoch && trusted.Tail > start.Tail && trusted.Tail <= slot.PublishedTail)
        {
            start = trusted;
        }

        long limit = pastPublished ? log.File.Length : slot.PublishedTail;
        if (start.Tail >= limit && start.Tail >= slot.PublishedTail)
        {
            return new RecoveredLog(slot, false, false);
        }

        using var walker = new FrameWalker(log, start.Tail, start.Chain, limit);
        CommitSlot end = slot with { PublishedTail = start.Tail, PublishedChain = start.Chain };
        bool mustRecount = false;
        CommitSlot whole = end;
        CommitSlot open = end;
        while (walker.TryMoveNext() && IsInSequence(walker.Header, slot, walker.Offset))
        {
            if (walker.Offset >= slot.PublishedTail)
            {
                open = Count(open, walker);
            }

            if (!walker.Header.IsCommit)
            {
                continue;
            }

            open = open with { PublishedTail = walker.NextOffset, PublishedChain = walker.Chain, Transaction = Math.Max(open.Transaction, walker.Header.Transaction) };
            whole = open;
        }

        if (whole.PublishedTail < slot.PublishedTail)
        {
            mustRecount = true;
        }

        if (!mustRecount)
        {
            return new RecoveredLog(whole, false, whole.PublishedTail > slot.PublishedTail);
        }

        return new RecoveredLog(Recount(log, whole), true, false);
    }

    /// <summary>Rebuilds the state of a log whose slots are both damaged, from its first frame.</summary>
    /// <exception cref="CorruptFileException">The log is damaged, too: whole frames stand behind the place where it seems to end.</exception>
    public static RecoveredLog Rebuild(LogFile log)
    {
        using var walker = new FrameWalker(log, FormatConstants.LogOffset, log.Header.Crc, log.File.Length);
        var open = new CommitSlot
        {
            Sequence = 1,
            Epoch = 1,
            PublishedTail = FormatConstants.LogOffset,
            DurableTail = FormatConstants.LogOffset,
            PublishedChain = log.Header.Crc,
            DurableChain = log.Header.Crc,
            Committed = log.Header.Created,
        };
        CommitSlot whole = open;
        while (walker.TryMoveNext() && walker.Header.Epoch >= open.Epoch && walker.Header.Transaction >= open.Transaction)
        {
            // Each transaction wrote at least one slot, so the lost sequence is at least that number; one past it is free.
            open = Count(open, walker) with { Epoch = walker.Header.Epoch, Transaction = walker.Header.Transaction };
            if (walker.Header.IsCommit)
            {
                open = open with { PublishedTail = walker.NextOffset, PublishedChain = walker.Chain };
                whole = open;
            }
        }

        RequireEnd(log, walker.NextOffset);

        // What was lost with the slots is how many of them there were: every transaction took one or two sequences, every epoch two.
        whole = whole with { Sequence = (2 * (whole.Transaction + whole.Epoch)) + 1, DurableTail = FormatConstants.LogOffset, DurableChain = log.Header.Crc };
        return new RecoveredLog(whole, true, true);
    }

    /// <summary>
    /// No slot is left to say how far the log was durable. A power loss under Normal durability can tear both, and may then have lost frames in front
    /// of others; when it was anything else, what stands behind is the rest of the log, and to go on without it would lose it for good.
    /// </summary>
    private static void RequireEnd(LogFile log, long end)
    {
        if (log.ReadSlots().MayBeTorn)
        {
            return;
        }

        using var scanner = new FrameScanner(log.File, FrameSeal.SaltShare(log.Header.Salt), end, log.File.Length);
        if (scanner.TryMoveNext())
        {
            throw new CorruptFileException($"Both commit slots are damaged, and so is the log here, while whole frames follow at {scanner.Offset}. Repair the file: that salvages what is sound into a new one", log.Path, end);
        }
    }

    /// <summary>A frame past a slot belongs to it when it was written in the same epoch, by a later transaction.</summary>
    private static bool IsInSequence(in FrameHeader header, in CommitSlot slot, long offset)
        => header.Epoch == slot.Epoch && (offset < slot.PublishedTail || header.Transaction > slot.Transaction);

    private static CommitSlot Count(in CommitSlot slot, FrameWalker walker) => walker.Header.Kind switch
    {
        FrameKind.Record or FrameKind.Touch => slot with { RecordCount = slot.RecordCount + 1 },
        FrameKind.Tombstone => slot with { TombstoneCount = slot.TombstoneCount + 1 },
        FrameKind.Catalog => slot with { CatalogOffset = walker.Offset },
        _ => slot,
    };

    /// <summary>
    /// The log lost acknowledged commits, and its slot's counts with them: counts again what is left. It starts from the log's beginning,
    /// since no slot of that moment is there any more; this happens after a power loss only.
    /// </summary>
    private static CommitSlot Recount(LogFile log, in CommitSlot end)
    {
        using var walker = new FrameWalker(log, FormatConstants.LogOffset, log.Header.Crc, end.PublishedTail);
        CommitSlot counted = end with { RecordCount = 0, TombstoneCount = 0, LiveIndexedCount = 0, CatalogOffset = 0 };
        while (walker.TryMoveNext())
        {
            counted = Count(counted, walker);
        }

        if (walker.NextOffset != end.PublishedTail)
        {
            throw new CorruptFileException($"The log is damaged below its durable tail: {walker.StopReason}", log.Path, walker.NextOffset);
        }

        return counted with { DurableTail = Math.Min(end.DurableTail, end.PublishedTail) };
    }
}
