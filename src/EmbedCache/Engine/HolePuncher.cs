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
    /// The sections that nothing needs any more once the transaction in the making is durable: both slots name the catalog that retired them
    /// (its fsync makes the newer slot durable too), and nobody has an older snapshot pinned.
    /// </summary>
    public static IReadOnlyList<CatalogEntry> Select(Snapshot snapshot)
    {
        IReadOnlyList<CatalogEntry> retired = snapshot.Index.Retired;
        if (retired.Count == 0)
        {
            return [];
        }

        SlotPair slots = snapshot.Log.ReadSlots();
        bool bothKnow = slots.Newest is { } newest && slots.Older is { } older
            && newest.CatalogOffset == snapshot.Slot.CatalogOffset
            && older.CatalogOffset == snapshot.Slot.CatalogOffset;
        if (!bothKnow)
        {
            return [];
        }

        long oldestInSlots = slots.Older!.Value.Sequence;
        bool isFree = snapshot.Log.File.IsLockedByOther(LockRanges.ReaderPins, oldestInSlots) == false
            && (snapshot.Shared.OldestPin() is not { } own || own >= oldestInSlots);
        return isFree ? retired : [];
    }

    /// <summary>The index without these among its retired sections.</summary>
    public static IndexState Without(IndexState index, IReadOnlyList<CatalogEntry> punched)
    {
        if (punched.Count == 0)
        {
            return index;
        }

        var gone = new HashSet<long>(punched.Select(entry => entry.FrameOffset));
        return new IndexState(index.CoversTo, index.Segments, [.. index.Retired.Where(entry => !gone.Contains(entry.FrameOffset))], index.Foreign, index.Properties);
    }

    /// <summary>Punches the whole pages inside each section's payload. Where that cannot be had, the dead space is legal and a compaction frees it.</summary>
    public static void Punch(LogFile log, IReadOnlyList<CatalogEntry> sections)
    {
        foreach (CatalogEntry section in sections)
        {
            long from = (section.FrameOffset + FormatConstants.FrameHeaderByteLength + PageMask) & ~PageMask;
            long to = (section.FrameOffset + section.FrameByteLength) & ~PageMask;
            if (from < to && !log.File.TryPunchHole(from, to - from))
            {
                return;
            }
        }
    }
}
