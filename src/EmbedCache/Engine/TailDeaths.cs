using EmbedCache.Keys;

namespace EmbedCache.Engine;

/// <summary>
/// For scans by ordinal: which records the tail's entries replaced or removed, each with the index of the entry that did it, so that a
/// snapshot counts only the entries it sees. Worked out when a scan first wants it, then kept up.
/// </summary>
internal sealed class TailDeaths
{
    private readonly object _gate = new();
    private readonly Dictionary<long, int> _indexed = [];
    private readonly Dictionary<int, int> _inTail = [];
    private int _examined;

    /// <summary>Indexed ordinals that died, and tail entries that died, under the first <paramref name="count"/> entries.</summary>
    public (HashSet<long> Indexed, HashSet<int> InTail) At(Snapshot snapshot, int count)
    {
        lock (_gate)
        {
            TailTable table = snapshot.Tail.Table;
            for (; _examined < count; _examined++)
            {
                Examine(snapshot, table, _examined);
            }

            var indexed = new HashSet<long>();
            var inTail = new HashSet<int>();
            if (_indexed.Count + _inTail.Count > 0)
            {
                Collect(count, indexed, inTail);
            }

            return (indexed, inTail);
        }
    }

    /// <summary>Apart, so that a process that meets no deaths does not compile it.</summary>
    private void Collect(int count, HashSet<long> indexed, HashSet<int> inTail)
    {
        foreach (KeyValuePair<long, int> death in _indexed)
        {
            if (death.Value < count)
            {
                indexed.Add(death.Key);
            }
        }

        foreach (KeyValuePair<int, int> death in _inTail)
        {
            if (death.Value < count)
            {
                inTail.Add(death.Key);
            }
        }
    }

    private void Examine(Snapshot snapshot, TailTable table, int index)
    {
        TailTable.Entry entry = table[index];
        int collisions = 0;
        for (int older = table.FindOlder(index); older >= 0; older = table.FindOlder(older))
        {
            if (KeyComparer.AreEqual(snapshot.Log, entry.Offset, table[older].Offset, snapshot.PublishedTail))
            {
                // What an even older entry had replaced is dead already.
                _inTail[older] = index;
                return;
            }

            KeyComparer.CountCollision(snapshot.Log, table[older].Offset, ref collisions);
        }

        if (IndexLookup.FindOlderVersion(snapshot.Log, snapshot.Index.Segments, entry.Hash, entry.Offset, snapshot.PublishedTail) is { } found)
        {
            _indexed[found.Ordinal] = index;
        }
    }
}
