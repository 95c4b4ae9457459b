using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Gives the space of replaced sections back to the file system. Their frame headers stay, so that the chain can always be walked.
/// </summary>
internal static class HolePuncher
{
    private const long PageMask = FormatConstants.PageByteLength - 1;

    /// <summary>
    /// The sections that nothing needs any more once the transaction in the making is durable: the catalogs of both slots have retired
    /// them (its fsync makes the newer slot durable too), and nobody has an older snapshot pinned.
    /// </summary>
    public static CatalogEntry[] Select(Snapshot snapshot)
    {
        CatalogEntry[] retired = snapshot.Index.Retired;
        if (retired.Length == 0)
        {
            return [];
        }

        SlotPair slots = snapshot.Log.ReadSlots();
        if (slots.Newest is not { } newest || slots.Older is not { } older || newest.CatalogOffset != snapshot.Slot.CatalogOffset)
        {
            return [];
        }

        if (older.CatalogOffset != newest.CatalogOffset)
        {
            HashSet<long> known = RetiredBy(snapshot.Log, older);
            retired = [.. retired.Where(entry => known.Contains(entry.FrameOffset))];
        }

        long oldestInSlots = older.Sequence;
        bool isFree = snapshot.Log.File.IsLockedByOther(LockRanges.ReaderPins, oldestInSlots) == false
            && (snapshot.Shared.OldestPin() is not { } own || own >= oldestInSlots);

        // What a catalog calls a section need not be one: nothing else may be punched, least of all records.
        return isFree ? [.. retired.Where(entry => IsSection(snapshot.Log, entry))] : [];
    }

    private static bool IsSection(LogFile log, CatalogEntry entry)
    {
        ReadOnlySpan<byte> header = log.Source.Slice(entry.FrameOffset, FormatConstants.FrameHeaderByteLength);
        return SectionFrame.TryRead(header, out SectionFrame frame) && entry.Describes(frame) && FrameSeal.IsSelfValid(header, entry.FrameOffset, log.Header.Salt);
    }

    /// <summary>What the catalog of a slot has retired; nothing where it cannot be read.</summary>
    private static HashSet<long> RetiredBy(LogFile log, in CommitSlot slot)
    {
        try
        {
            return slot.CatalogOffset != 0 && CatalogPayload.Read(PayloadReader.Read(log, slot.CatalogOffset, slot.PublishedTail, FrameKind.Catalog), slot.CatalogOffset) is { } catalog
                ? [.. catalog.Sections.Where(entry => entry.IsRetired).Select(entry => entry.FrameOffset)]
                : [];
        }
        catch (CorruptFileException)
        {
            return [];
        }
    }

    /// <summary>The index without these among its retired sections.</summary>
    public static IndexState Without(IndexState index, CatalogEntry[] punched)
    {
        if (punched.Length == 0)
        {
            return index;
        }

        var gone = new HashSet<long>(punched.Select(entry => entry.FrameOffset));
        return index.With([.. index.Retired.Where(entry => !gone.Contains(entry.FrameOffset))]);
    }

    /// <summary>Punches the whole pages inside each section's payload. Where that cannot be had, the dead space is legal and a compaction frees it.</summary>
    public static void Punch(LogFile log, CatalogEntry[] sections)
    {
        foreach (CatalogEntry section in sections)
        {
            long from = (section.FrameOffset + FormatConstants.FrameHeaderByteLength + PageMask) & ~PageMask;
            long to = (section.FrameOffset + section.FrameByteLength) & ~PageMask;
            if (from < to && !TryPunch(log.File, from, to - from))
            {
                return;
            }
        }
    }

    /// <summary>The commit is published already: a device that fails here takes space, not the commit.</summary>
    private static bool TryPunch(IStoreFile file, long offset, long byteLength)
    {
        try
        {
            return file.TryPunchHole(offset, byteLength);
        }
        catch (DeviceFailedException)
        {
            return false;
        }
    }
}
