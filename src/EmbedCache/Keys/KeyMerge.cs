using EmbedCache.Storage;

namespace EmbedCache.Keys;

/// <summary>
/// Merges runs of keys linearly. Where hashes are equal the keys themselves are compared in the log: keeping the newest of a hash would
/// delete a key that merely collides with another.
/// </summary>
internal static class KeyMerge
{
    /// <summary>The newest entry of each distinct key, sorted as in a run.</summary>
    /// <param name="log">Where the frames are, all of them readable.</param>
    /// <param name="entries">Frames in log order.</param>
    /// <param name="tail">End of what is readable.</param>
    public static KeyEntry[] NewestByKey(LogFile log, List<TailTable.Entry> entries, long tail)
    {
        var hashes = new ulong[entries.Count];
        var sorted = new KeyEntry[entries.Count];
        for (int i = 0; i < sorted.Length; i++)
        {
            hashes[i] = entries[i].Hash;
            sorted[i] = new KeyEntry(entries[i].Hash, entries[i].Offset, !entries[i].TakesOrdinal);
        }

        Array.Sort(hashes, sorted);
        int kept = 0;
        var group = new List<KeyEntry>();
        for (int i = 0; i < sorted.Length;)
        {
            group.Clear();
            ulong hash = hashes[i];
            for (; i < sorted.Length && hashes[i] == hash; i++)
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
        var cursors = new Cursor[runs.Length + 1];
        for (int i = 0; i < runs.Length; i++)
        {
            cursors[i] = new Cursor(runs[i]);
        }

        cursors[runs.Length] = new Cursor(newest);
        var group = new List<KeyEntry>();
        while (TryTakeLowest(cursors, group))
        {
            KeepNewest(log, group, tail);
            foreach (KeyEntry entry in group)
            {
                if (!(dropTombstones && entry.IsTombstone))
                {
                    writer.Write(entry.Hash);
                    writer.Write((ulong)entry.StoredOffset);
                }
            }
        }
    }

    /// <summary>Takes all entries of the lowest hash that any cursor stands at. Few runs: a scan over them beats a heap.</summary>
    private static bool TryTakeLowest(Cursor[] cursors, List<KeyEntry> group)
    {
        group.Clear();
        ulong lowest = ulong.MaxValue;
        bool any = false;
        foreach (Cursor cursor in cursors)
        {
            if (cursor.HasCurrent && (!any || cursor.Current.Hash < lowest))
            {
                lowest = cursor.Current.Hash;
                any = true;
            }
        }

        if (!any)
        {
            return false;
        }

        foreach (Cursor cursor in cursors)
        {
            while (cursor.HasCurrent && cursor.Current.Hash == lowest)
            {
                group.Add(cursor.Current);
                cursor.MoveNext();
            }
        }

        return true;
    }

    /// <summary>Of entries with one hash, leaves the newest of each distinct key, by ascending offset.</summary>
    private static void KeepNewest(LogFile log, List<KeyEntry> group, long tail)
    {
        if (group.Count == 1)
        {
            return;
        }

        group.Sort((a, b) => a.FrameOffset.CompareTo(b.FrameOffset));
        for (int newer = group.Count - 1; newer > 0; newer--)
        {
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

    /// <summary>Steps through a run, or through entries in memory.</summary>
    private sealed class Cursor
    {
        private readonly KeyRun? _run;
        private readonly KeyEntry[]? _entries;
        private readonly long _count;
        private long _index = -1;

        public Cursor(KeyRun run)
        {
            _run = run;
            _count = run.Count;
            MoveNext();
        }

        public Cursor(KeyEntry[] entries)
        {
            _entries = entries;
            _count = entries.Length;
            MoveNext();
        }

        public bool HasCurrent => _index < _count;

        public KeyEntry Current { get; private set; }

        public void MoveNext()
        {
            _index++;
            if (_index < _count)
            {
                Current = _run is not null ? _run.EntryAt(_index) : _entries![_index];
            }
        }
    }
}
