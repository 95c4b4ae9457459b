using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>
/// Works out what filters let through of one snapshot, and keeps the last few answers: the same filter comes with many queries. A section of columns that is damaged
/// is passed over, and its records are read.
/// </summary>
/// <param name="set">The snapshot's live records.</param>
/// <param name="columns">Its columns, by ordinal, none overlapping another.</param>
/// <param name="tellDamaged">Called when a section turned out to be damaged.</param>
internal sealed class FilterCache(ScanSet set, ColumnSet[] columns, Action tellDamaged)
{
    /// <summary>Answers kept.</summary>
    private const int Capacity = 8;

    private readonly object _gate = new();

    // Most recently used first.
    private readonly List<(Filter Filter, FilterMatches Matches)> _kept = [];
    private ulong[]? _live;

    /// <summary>What a filter lets through.</summary>
    /// <exception cref="CorruptFileException">A record whose metadata had to be read is damaged.</exception>
    public FilterMatches Get(Filter filter)
    {
        lock (_gate)
        {
            int index = _kept.FindIndex(kept => kept.Filter.Equals(filter));
            FilterMatches matches = index >= 0 ? _kept[index].Matches : Evaluate(filter);
            if (index >= 0)
            {
                _kept.RemoveAt(index);
            }
            else if (_kept.Count == Capacity)
            {
                _kept.RemoveAt(Capacity - 1);
            }

            _kept.Insert(0, (filter, matches));
            return matches;
        }
    }

    private FilterMatches Evaluate(Filter filter)
    {
        ulong[] passes = Bitmap.Create(set.OrdinalCount);
        ulong[]? unknown = null;
        long next = 0;
        foreach (ColumnSet part in columns)
        {
            if (TryEvaluate(filter, part) is not { } known)
            {
                continue;
            }

            SetUnknown(ref unknown, next, part.FirstOrdinal);
            Bitmap.OrAt(passes, known.Passes, part.FirstOrdinal);
            if (known.Unknown is not null)
            {
                Bitmap.OrAt(unknown ??= Bitmap.Create(set.OrdinalCount), known.Unknown, part.FirstOrdinal);
            }

            next = part.EndOrdinal;
        }

        SetUnknown(ref unknown, next, set.OrdinalCount);
        _live ??= Live();
        Bitmap.And(passes, _live);
        return new FilterMatches(passes, unknown is null ? 0 : ReadUnknown(filter, unknown, passes));
    }

    private (ulong[] Passes, ulong[]? Unknown)? TryEvaluate(Filter filter, ColumnSet part)
    {
        try
        {
            return ColumnFilter.Evaluate(filter, part);
        }
        catch (CorruptFileException)
        {
            tellDamaged();
            return null;
        }
    }

    private void SetUnknown(ref ulong[]? unknown, long from, long to)
    {
        if (from < to)
        {
            Bitmap.SetRange(unknown ??= Bitmap.Create(set.OrdinalCount), from, to);
        }
    }

    /// <summary>Asks the filter itself about live records of which the columns say nothing.</summary>
    private long ReadUnknown(Filter filter, ulong[] unknown, ulong[] passes)
    {
        Bitmap.And(unknown, _live);
        long count = 0;
        foreach (long ordinal in new FilterMatches(unknown, 0).Ordinals())
        {
            long offset = set.OffsetOf(ordinal);
            RecordFrame frame = RecordReader.Read(set.Log, offset, set.Tail);
            if (filter.Matches(new MetadataBytes(RecordReader.Metadata(set.Log, offset, frame), set.Log.Path, offset)))
            {
                Bitmap.Set(passes, ordinal);
            }

            count++;
        }

        return count;
    }

    /// <summary>One bit for each ordinal whose record is the newest of its key.</summary>
    private ulong[] Live()
    {
        ulong[] live = Bitmap.Create(set.OrdinalCount);
        foreach (ScanRun run in set.Runs)
        {
            if (run.Ordinals.Count > 0)
            {
                ulong[] words = run.Live.ToWords(run.Ordinals.Count);
                Bitmap.ClearPadding(words, run.Ordinals.Count);
                Bitmap.OrAt(live, words, run.Ordinals.FirstOrdinal);
            }
        }

        foreach (long replaced in set.Replaced)
        {
            Bitmap.Clear(live, replaced);
        }

        for (int i = 0; i < set.TailOffsets.Length; i++)
        {
            if (set.TailOffsets[i] != 0)
            {
                Bitmap.Set(live, set.TailFirstOrdinal + i);
            }
        }

        return live;
    }
}
