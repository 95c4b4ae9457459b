using EmbedCache.Keys;
using EmbedCache.Search;

namespace EmbedCache.Engine;

/// <summary>The live records of a snapshot, by ordinal.</summary>
internal static class LiveRecords
{
    /// <summary>What a scan of the snapshot goes over, at a time.</summary>
    public static ScanSet Of(Snapshot snapshot, long now) => snapshot.Live with { Now = now };

    /// <summary>Works it out; a snapshot keeps the result.</summary>
    public static ScanSet Build(Snapshot snapshot)
    {
        int count = snapshot.TailCount;
        (HashSet<long> replaced, HashSet<int> replacedInTail) = snapshot.Tail.Deaths.At(snapshot, count);
        TailTable table = snapshot.Tail.Table;
        var tailOffsets = new List<long>(count);
        for (int i = 0; i < count; i++)
        {
            TailTable.Entry entry = table[i];
            if (entry.TakesOrdinal)
            {
                tailOffsets.Add(replacedInTail.Contains(i) ? 0 : entry.Offset);
            }
        }

        Segment[] segments = snapshot.Index.Segments;
        var runs = new ScanRun[segments.Length];
        for (int i = 0; i < runs.Length; i++)
        {
            runs[i] = new ScanRun(segments[i].Ordinals, segments[i].Live);
        }

        return new ScanSet(snapshot.Log, snapshot.PublishedTail, runs, replaced, [.. tailOffsets], snapshot.Index.OrdinalCount, Now: 0);
    }

    /// <summary>Frame offsets of live records, expired ones included, in log order or the other way round.</summary>
    public static IEnumerable<long> Offsets(ScanSet set, bool newestFirst)
    {
        if (newestFirst)
        {
            for (int i = set.TailOffsets.Length - 1; i >= 0; i--)
            {
                if (set.TailOffsets[i] != 0)
                {
                    yield return set.TailOffsets[i];
                }
            }
        }

        for (int r = 0; r < set.Runs.Length; r++)
        {
            ScanRun run = set.Runs[newestFirst ? set.Runs.Length - 1 - r : r];
            for (long i = 0; i < run.Ordinals.Count; i++)
            {
                long index = newestFirst ? run.Ordinals.Count - 1 - i : i;
                if (run.Live.IsLive(index) && !set.Replaced.Contains(run.Ordinals.FirstOrdinal + index))
                {
                    yield return run.Ordinals.OffsetAt(index);
                }
            }
        }

        if (!newestFirst)
        {
            foreach (long offset in set.TailOffsets)
            {
                if (offset != 0)
                {
                    yield return offset;
                }
            }
        }
    }
}
