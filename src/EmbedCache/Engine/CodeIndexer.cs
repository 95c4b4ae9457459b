using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>
/// Writes the codes of ordinals that have none yet, at a checkpoint, behind the segments that it wrote. Codes are large and stable: they are merged apart
/// from the segments and rarely. A row that cannot be made, its record being damaged, says so (<see cref="CodeRow.Unknown"/>), and search meets the damage where
/// it would have without codes.
/// </summary>
internal sealed class CodeIndexer(LogFile log, LogAppender appender, Action makeReadable, FreshCodes fresh)
{
    /// <summary>Runs of one level that become one of the next: each row is written again once for every 64-fold growth, and once while there are few.</summary>
    private const int FanOut = 64;
    private const int SmallFanOut = 16;

    /// <summary>Rows of a run of level 1.</summary>
    private const long LevelOneCount = 1024;

    /// <summary>Of a file that has fallen behind, one checkpoint codes at most this many, or so many times what it is itself about.</summary>
    private const long CatchUpCount = 65_536;
    private const long CatchUpFactor = 4;

    /// <summary>Vectors that a mean is taken of.</summary>
    private const int SampleCount = 4096;

    private static readonly GeometricRuns Levels = new(LevelOneCount, FanOut, SmallFanOut);

    private readonly int _dimension = log.Header.Dimension;
    private readonly Metric _metric = log.Header.Metric;
    private readonly float[] _scratch = new float[log.Header.Dimension];
    private readonly CodeLayout _layout = new(log.Header.Dimension);

    /// <summary>The index with codes for its ordinals, or as many of them as one checkpoint may make.</summary>
    /// <param name="index">The index, its segments written and readable.</param>
    /// <param name="newCount">Ordinals that this checkpoint is about.</param>
    /// <param name="threshold">From how many ordinals on codes are worth it.</param>
    public IndexState Extend(IndexState index, long newCount, long threshold)
    {
        bool hasCodes = index.Derived.Entries.Any(entry => entry.Kind == FrameKind.Codes);
        if (index.Properties.Index == IndexMode.None || (!hasCodes && index.OrdinalCount < threshold))
        {
            return index;
        }

        long tail = appender.NextOffset;
        CodeRun[] runs = UsableRuns(index, tail, out ScalarCodebook? codebook);
        long covered = runs.Length == 0 ? 0 : runs[runs.Length - 1].EndOrdinal;
        long to = Math.Min(index.OrdinalCount, covered + Math.Max(CatchUpCount, CatchUpFactor * newCount));
        if (to == covered)
        {
            return index;
        }

        var added = new List<CatalogEntry>();
        float[] mean = codebook?.Mean ?? MeanOf(index, to);
        if (codebook is null)
        {
            added.Add(WriteCodebook(mean));
        }

        int kept = runs.Length - Levels.CountMerged([.. runs.Select(run => run.Count)], to - covered);
        CodeRun[] merged = runs.AsSpan(kept).ToArray();
        SectionExtent written = WriteRun(index, kept == 0 ? null : runs[kept - 1], merged, covered, to, mean, codebook?.Section.Offset ?? 0);
        added.Add(IndexState.Describe(written));

        makeReadable();
        var keptOffsets = new HashSet<long>(runs.Take(kept).Select(run => run.Section.Offset));
        if (codebook is not null)
        {
            keptOffsets.Add(codebook.Section.Offset);
        }

        return index.WithDerived([.. index.Derived.Entries.Where(entry => IsScalar(index, entry, tail) && !keptOffsets.Contains(entry.FrameOffset))], added);
    }

    /// <summary>The runs to go on from: those that join and, once a damaged block was met, those before it.</summary>
    private CodeRun[] UsableRuns(IndexState index, long tail, out ScalarCodebook? codebook)
    {
        codebook = index.Derived.Codebook(log, tail);
        CodeRuns? codes = index.Derived.Codes(log, tail, index.OrdinalCount);
        if (codebook is null || (codes is null && !index.Derived.AreCodesDamaged))
        {
            return [];
        }

        codes ??= DerivedSections.Of(index.Derived.Entries).Codes(log, tail, index.OrdinalCount);
        return codes is null ? [] : index.Derived.AreCodesDamaged ? [.. codes.Runs.TakeWhile(run => run.Section.IsWhole())] : codes.Runs;
    }

    /// <summary>Whether an entry is one of this class's making, or cannot be told.</summary>
    private bool IsScalar(IndexState index, in CatalogEntry entry, long tail)
        => entry.Kind is FrameKind.Codebook or FrameKind.Codes
        && (index.Derived.TryOpen(log, entry, tail) is not { } section || section.Frame.Codebook == FormatConstants.ScalarCodebook);

    private CatalogEntry WriteCodebook(float[] mean)
    {
        SectionExtent written = appender.AppendSection(
            new SectionFrame
            {
                Header = new FrameHeader { Kind = FrameKind.Codebook },
                EntryByteLength = FormatConstants.LineByteLength,
                CoversFrom = FormatConstants.LogOffset,
                CoversTo = FormatConstants.LogOffset,
                Codebook = FormatConstants.ScalarCodebook,
            },
            writer => writer.Write(ScalarCodebook.ToBytes(mean, _dimension)));
        return IndexState.Describe(written);
    }

    private SectionExtent WriteRun(IndexState index, CodeRun? before, CodeRun[] merged, long covered, long to, float[] mean, long codebookOffset)
    {
        long first = merged.Length == 0 ? covered : merged[0].FirstOrdinal;
        var offsets = new OrdinalOffsets(index.Segments);
        var frame = new SectionFrame
        {
            Header = new FrameHeader { Kind = FrameKind.Codes },
            EntryByteLength = FormatConstants.LineByteLength,
            CoversFrom = before?.Section.Frame.CoversTo ?? FormatConstants.LogOffset,
            CoversTo = to == index.OrdinalCount ? index.CoversTo : Math.Max(before?.Section.Frame.CoversTo ?? 0, offsets.At(to)),
            Level = (uint)Levels.LevelOf(to - first),
            FirstOrdinal = first,
            Codebook = FormatConstants.ScalarCodebook,
        };
        return appender.AppendSection(frame, writer =>
        {
            var rows = new CodeRunWriter(writer, _layout);
            foreach (CodeRun run in merged)
            {
                // Checked as a whole before any of it is copied: a section half written could not be taken back.
                if (run.Section.IsWhole())
                {
                    Copy(run, rows);
                }
                else
                {
                    Encode(offsets, run.FirstOrdinal, run.EndOrdinal, mean, codebookOffset, rows);
                }
            }

            Encode(offsets, covered, to, mean, codebookOffset, rows);
            rows.Complete();
        });
    }

    private static void Copy(CodeRun run, CodeRunWriter rows)
    {
        for (long ordinal = run.FirstOrdinal; ordinal < run.EndOrdinal; ordinal++)
        {
            rows.Next(out Span<byte> coarse, out Span<byte> fine);
            run.Coarse(ordinal).CopyTo(coarse);
            run.Fine(ordinal).CopyTo(fine);
        }
    }

    /// <summary>Writes the rows of a range of ordinals: those that are at hand as they are, the others made from the vectors in the file.</summary>
    private void Encode(OrdinalOffsets offsets, long from, long to, float[] mean, long codebookOffset, CodeRunWriter rows)
    {
        int hint = 0;
        for (long ordinal = from; ordinal < to; ordinal++)
        {
            rows.Next(out Span<byte> coarse, out Span<byte> fine);
            ReadOnlySpan<byte> made = TryGetOffset(offsets, ordinal) is long offset ? fresh.TryGet(log, codebookOffset, offset, ref hint) : default;
            if (made.IsEmpty)
            {
                ScalarQuantizer.Encode(TryReadVector(offsets, ordinal), _metric, mean, coarse, fine);
                continue;
            }

            made.Slice(0, coarse.Length).CopyTo(coarse);
            made.Slice(coarse.Length).CopyTo(fine);
        }
    }

    private static long? TryGetOffset(OrdinalOffsets offsets, long ordinal)
    {
        try
        {
            return offsets.At(ordinal);
        }
        catch (CorruptFileException)
        {
            return null;
        }
    }

    /// <summary>The vector of an ordinal, live or not; empty where it cannot be read.</summary>
    private ReadOnlySpan<float> TryReadVector(OrdinalOffsets offsets, long ordinal)
    {
        try
        {
            long offset = offsets.At(ordinal);
            RecordFrame frame = RecordReader.Read(log, offset, appender.NextOffset);
            if (!frame.Header.Kind.TakesOrdinal())
            {
                return default;
            }

            RecordFrame record = RecordReader.ReadVectorFrame(log, frame, ref offset);
            return RecordReader.Vector(log, offset, record, _scratch);
        }
        catch (CorruptFileException)
        {
            return default;
        }
    }

    /// <summary>The mean of what is quantised, over ordinals at even distances, added in their order in binary64. Under dot there is none: node-to-node products need it to be zero.</summary>
    private float[] MeanOf(IndexState index, long count)
    {
        if (_metric == Metric.Dot)
        {
            return [];
        }

        var offsets = new OrdinalOffsets(index.Segments);
        var sums = new double[_dimension];
        long sampled = Math.Min(count, SampleCount);
        long used = 0;
        for (long i = 0; i < sampled; i++)
        {
            ReadOnlySpan<float> vector = TryReadVector(offsets, i * count / sampled);
            if (vector.IsEmpty || !VectorNorm.TryMeasure(vector, out double norm) || (norm == 0 && _metric == Metric.Cosine))
            {
                continue;
            }

            ScalarQuantizer.AddScaled(sums, vector, _metric == Metric.Cosine ? 1 / norm : 1);
            used++;
        }

        var mean = new float[_dimension];
        for (int i = 0; i < mean.Length && used > 0; i++)
        {
            mean[i] = (float)(sums[i] / used);
        }

        return mean;
    }
}
