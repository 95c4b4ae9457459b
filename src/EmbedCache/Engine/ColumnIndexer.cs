using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Writes the columns of ordinals that have none yet, at a checkpoint. They are made of the records' metadata and merged apart from the segments, and rarely, as codes
/// are. A file none of whose records has metadata gets none.
/// </summary>
internal sealed class ColumnIndexer(LogFile log, LogAppender appender, Action makeReadable)
{
    private const int FanOut = 16;
    private const long LevelOneCount = 1024;

    /// <summary>Of a file that has fallen behind, one checkpoint takes at most this many, or so many times what it is itself about.</summary>
    private const long CatchUpCount = 65_536;
    private const long CatchUpFactor = 4;

    /// <summary>Most ordinals of a section: what a bitmap of them is worked out for at once.</summary>
    private const long MaxOrdinalCount = 1 << 26;

    private static readonly GeometricRuns Levels = new(LevelOneCount, FanOut);

    /// <summary>The index with columns for its ordinals, or as many of them as one checkpoint may take.</summary>
    /// <param name="index">The index, its segments written and readable.</param>
    /// <param name="newCount">Ordinals that this checkpoint is about.</param>
    /// <param name="threshold">From how many ordinals on columns are worth it.</param>
    public IndexState Extend(IndexState index, long newCount, long threshold)
    {
        bool hasColumns = index.Derived.Entries.Any(entry => entry.Kind == FrameKind.Columns);
        if (index.Properties.Index == IndexMode.None
            || (!hasColumns && (index.OrdinalCount < threshold || !HasMetadata(index, index.OrdinalCount - newCount))))
        {
            return index;
        }

        long tail = appender.NextOffset;
        ColumnSet[] runs = UsableRuns(index, tail);
        long covered = runs.Length == 0 ? 0 : runs[runs.Length - 1].EndOrdinal;
        long to = Math.Min(index.OrdinalCount, covered + Math.Max(CatchUpCount, CatchUpFactor * newCount));
        if (to == covered)
        {
            return index;
        }

        int kept = runs.Length - Levels.CountMerged([.. runs.Select(run => run.OrdinalCount)], to - covered);
        while (kept < runs.Length && to - runs[kept].FirstOrdinal > MaxOrdinalCount)
        {
            kept++;
        }

        long first = kept == runs.Length ? covered : runs[kept].FirstOrdinal;
        if (ColumnSource.TryRead(log, index.Segments, first, to, tail) is not { } image)
        {
            return index;
        }

        CatalogEntry added = Write(index, image, kept == 0 ? null : runs[kept - 1], first, to);
        makeReadable();
        var keptOffsets = new HashSet<long>(runs.Take(kept).Select(run => run.Section.Offset));
        return index.WithDerived([.. index.Derived.Entries.Where(entry => entry.Kind == FrameKind.Columns && !keptOffsets.Contains(entry.FrameOffset))], [added]);
    }

    /// <summary>The runs to go on from: those that join from ordinal 0 on and, once a damaged one was met, those before it.</summary>
    private ColumnSet[] UsableRuns(IndexState index, long tail)
    {
        bool isDamaged = index.Derived.AreColumnsDamaged;
        var runs = new List<ColumnSet>();
        long next = 0;
        foreach (ColumnSet run in index.Derived.Columns(log, tail, index.OrdinalCount))
        {
            if (run.FirstOrdinal != next || (isDamaged && !run.Section.IsWhole()))
            {
                break;
            }

            runs.Add(run);
            next = run.EndOrdinal;
        }

        return [.. runs];
    }

    private CatalogEntry Write(IndexState index, ColumnsImage image, ColumnSet? before, long first, long to)
    {
        long coversFrom = before?.Section.Frame.CoversTo ?? FormatConstants.LogOffset;
        var frame = new SectionFrame
        {
            Header = new FrameHeader { Kind = FrameKind.Columns },
            EntryByteLength = FormatConstants.LineByteLength,
            CoversFrom = coversFrom,
            CoversTo = to == index.OrdinalCount ? index.CoversTo : Math.Max(coversFrom, new OrdinalOffsets(index.Segments).At(to)),
            Level = (uint)Levels.LevelOf(to - first),
            FirstOrdinal = first,
        };
        return IndexState.Describe(appender.AppendSection(frame, image.Write));
    }

    private bool HasMetadata(IndexState index, long from)
    {
        var offsets = new OrdinalOffsets(index.Segments);
        try
        {
            for (long ordinal = from; ordinal < index.OrdinalCount; ordinal++)
            {
                if (RecordReader.Read(log, offsets.At(ordinal), appender.NextOffset).MetadataByteLength > 0)
                {
                    return true;
                }
            }
        }
        catch (CorruptFileException)
        {
            // Whoever reads that record is told.
        }

        return false;
    }
}
