using System.Diagnostics.CodeAnalysis;
using EmbedCache.Storage;

namespace EmbedCache.Keys;

/// <summary>
/// Merges runs of keys linearly. Where hashes are equal the keys themselves are compared in the log: keeping the newest of a hash would
/// delete a key that merely collides with another.
/// </summary>
internal static class KeyMerge
{
    /// <summary>Comparisons among entries of one hash: what thousands of overwrites and a few real collisions need, and no more than a tenth of a second.</summary>
    private const int MostCompared = 1 << 20;

    /// <summary>The newest entry of each distinct key, sorted as in a run.</summary>
    /// <param name="log">Where the frames are, all of them readable.</param>
    /// <param name="entries">Frames in log order.</param>
    /// <param name="tail">End of what is readable.</param>
    public static KeyEntry[] NewestByKey(LogFile log, List<TailTable.Entry> entries, long tail)
    {
        var unsorted = new KeyEntry[entries.Count];
        for (int i = 0; i < unsorted.Length; i++)
        {
            TailTable.Entry entry = entries[i];
            unsorted[i] = new KeyEntry(entry.Hash, entry.Offset, !entry.TakesOrdinal);
        }

        KeyEntry[] sorted = KeySort.ByHash(unsorted);
        int kept = 0;
        var group = new List<KeyEntry>();
        for (int i = 0; i < sorted.Length;)
        {
            ulong hash = sorted[i].Hash;
            if (i + 1 == sorted.Length || sorted[i + 1].Hash != hash)
            {
                sorted[kept++] = sorted[i++];
                continue;
            }

            group.Clear();
            for (; i < sorted.Length && sorted[i].Hash == hash; i++)
            {
                group.Add(sorted[i]);
            }

            KeepNewest(log, group, tail);
            foreach (KeyEntry entry in group)
            {
                sorted[kept++] = entry;
            }
        }

        Array.Resize(ref sorted, kept);
        return sorted;
    }

    /// <summary>Merges older runs and the newest entries into one run.</summary>
    public static void Merge(LogFile log, KeyRun[] runs, KeyEntry[] newest, long tail, bool dropTombstones, SectionWriter writer)
    {
        var cursors = new KeyCursor[runs.Length + 1];
        for (int i = 0; i < runs.Length; i++)
        {
            cursors[i] = new KeyCursor(runs[i]);
        }

        cursors[runs.Length] = new KeyCursor(newest);
        var group = new List<KeyEntry>();
        while (TryFindLowest(cursors, out KeyCursor? lowest, out bool isAlone))
        {
            if (isAlone && !lowest.MayBeFollowedByEqual)
            {
                Write(lowest.Current, dropTombstones, writer);
                lowest.MoveNext();
                continue;
            }

            TakeAll(cursors, lowest.Current.Hash, group);
            KeepNewest(log, group, tail);
            foreach (KeyEntry entry in group)
            {
                Write(entry, dropTombstones, writer);
            }
        }
    }

    private static void Write(KeyEntry entry, bool dropTombstones, SectionWriter writer)
    {
        if (!(dropTombstones && entry.IsTombstone))
        {
            writer.Write(entry.Hash);
            writer.Write((ulong)entry.StoredOffset);
        }
    }

    /// <summary>The cursor that stands at the lowest hash, and whether no other one does. Few runs: a scan over them beats a heap.</summary>
    private static bool TryFindLowest(KeyCursor[] cursors, [NotNullWhen(true)] out KeyCursor? lowest, out bool isAlone)
    {
        lowest = null;
        isAlone = true;
        foreach (KeyCursor cursor in cursors)
        {
            if (!cursor.HasCurrent)
            {
                continue;
            }

            if (lowest is null || cursor.Current.Hash < lowest.Current.Hash)
            {
                lowest = cursor;
                isAlone = true;
            }
            else if (cursor.Current.Hash == lowest.Current.Hash)
            {
                isAlone = false;
            }
        }

        return lowest is not null;
    }

    /// <summary>Takes all entries of a hash.</summary>
    private static void TakeAll(KeyCursor[] cursors, ulong hash, List<KeyEntry> group)
    {
        group.Clear();
        foreach (KeyCursor cursor in cursors)
        {
            while (cursor.HasCurrent && cursor.Current.Hash == hash)
            {
                group.Add(cursor.Current);
                cursor.MoveNext();
            }
        }
    }

    /// <summary>Of entries with one hash, leaves the newest of each distinct key, by ascending offset.</summary>
    private static void KeepNewest(LogFile log, List<KeyEntry> group, long tail)
    {
        if (group.Count == 1)
        {
            return;
        }

        group.Sort((a, b) => a.FrameOffset.CompareTo(b.FrameOffset));
        int collisions = 0;
        int compared = 0;
        for (int newer = group.Count - 1; newer > 0; newer--)
        {
            KeyComparer.CountCollision(log, group[newer].FrameOffset, ref collisions);
            if ((compared += newer) > MostCompared)
            {
                throw new CorruptFileException("More keys are said to have one hash than can be told apart", log.Path, group[newer].FrameOffset);
            }

            for (int older = newer - 1; older >= 0; older--)
            {
                if (KeyComparer.AreEqual(log, group[newer].FrameOffset, group[older].FrameOffset, tail))
                {
                    group.RemoveAt(older);
                    newer--;
                }
            }
        }
    }
}
