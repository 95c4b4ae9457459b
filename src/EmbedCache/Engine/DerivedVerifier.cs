using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Numerics;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>The part of Verify that is about sections which search is faster with: every block, and every row of codes against the record that it is of.</summary>
internal sealed class DerivedVerifier(Snapshot snapshot, Action<long, string> report, CancellationToken cancellationToken)
{
    private readonly LogFile _log = snapshot.Log;
    private readonly DerivedSections _derived = snapshot.Index.Derived;

    /// <summary>Headers, tables and blocks, whatever was checked before.</summary>
    public void CheckSections()
    {
        // Gives the sections of codes the rule that their rows are held against.
        _derived.Codes(_log, snapshot.PublishedTail, snapshot.Index.OrdinalCount);
        foreach (CatalogEntry entry in _derived.Entries)
        {
            if (_derived.TryOpen(_log, entry, snapshot.PublishedTail) is not { } section)
            {
                report(entry.FrameOffset, $"The header of the {entry.Kind} section is damaged, or not what the catalog says; searches do without it");
                continue;
            }

            if (!section.IsTableValid())
            {
                report(section.Offset, $"The table of block CRCs of the {entry.Kind} section is damaged; searches do without it");
                continue;
            }

            for (long block = 0; block < section.BlockCount; block++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!section.IsBlockValid(block))
                {
                    report(section.Offset + SectionFrame.EntriesOffset + (block * FormatConstants.SectionBlockByteLength), $"Block {block} of the {entry.Kind} section is damaged; searches do without it");
                }
            }
        }
    }

    /// <summary>Codes are a function of codebook and record: each is made again and compared. To be called where no section is damaged.</summary>
    /// <param name="ordinals">Frame offset by ordinal, from the log.</param>
    public void CheckCodes(IReadOnlyList<long> ordinals)
    {
        CodeRuns? codes = DerivedSections.Of(_derived.Entries).Codes(_log, snapshot.PublishedTail, snapshot.Index.OrdinalCount);
        CheckJoined(codes);
        if (codes is null)
        {
            return;
        }

        byte[] coarse = new byte[codes.Layout.CoarseByteLength];
        byte[] fine = new byte[codes.Layout.FineByteLength];
        for (long ordinal = 0; ordinal < Math.Min(codes.Count, ordinals.Count); ordinal++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long offset = ordinals[(int)ordinal];
            RecordFrame frame = RecordReader.Read(_log, offset, snapshot.PublishedTail);
            RecordFrame record = RecordReader.ReadVectorFrame(_log, frame, ref offset);
            ScalarQuantizer.Encode(RecordReader.Vector(_log, offset, record), _log.Header.Metric, codes.Codebook.Mean, coarse, fine);
            if (!codes.Coarse(ordinal).SequenceEqual(coarse) || !codes.Fine(ordinal).SequenceEqual(fine))
            {
                report(codes.RunOf(ordinal).Section.Offset, $"The code of ordinal {ordinal} is not that of its record");
                return;
            }
        }
    }

    /// <summary>Columns are a function of the records' metadata: each section is made again and compared. To be called where no section is damaged.</summary>
    public void CheckColumns()
    {
        ColumnSet[] columns = DerivedSections.Of(_derived.Entries).Columns(_log, snapshot.PublishedTail, snapshot.Index.OrdinalCount);
        foreach (CatalogEntry entry in _derived.Entries)
        {
            if (entry.Kind == FrameKind.Columns && !columns.Any(set => set.Section.Offset == entry.FrameOffset))
            {
                report(entry.FrameOffset, "The Columns section does not fit among the others; filters do without it");
            }
        }

        foreach (ColumnSet set in columns)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ColumnsImage? expected = ColumnSource.TryRead(_log, snapshot.Index.Segments, set.FirstOrdinal, set.EndOrdinal, snapshot.PublishedTail);
            if (expected is not null && !expected.IsThatOf(set.Section))
            {
                report(set.Section.Offset, "The columns are not those of the records' metadata");
            }
        }
    }

    /// <summary>Short codes are a function of codebook and record too.</summary>
    public void CheckShortCodes(IReadOnlyList<long> ordinals)
    {
        if (DerivedSections.Of(_derived.Entries).ShortCodes(_log, snapshot.PublishedTail, snapshot.Index.OrdinalCount) is not { } codes)
        {
            return;
        }

        byte[] expected = new byte[codes.BlockByteLength];
        float[] scratch = new float[2 * _log.Header.Dimension];
        for (long block = 0; block < codes.Count / ShortCodes.BlockCount; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Array.Clear(expected, 0, expected.Length);
            for (int place = 0; place < ShortCodes.BlockCount; place++)
            {
                long offset = ordinals[(int)(block * ShortCodes.BlockCount) + place];
                RecordFrame frame = RecordReader.Read(_log, offset, snapshot.PublishedTail);
                RecordFrame record = RecordReader.ReadVectorFrame(_log, frame, ref offset);
                ShortCodes.Encode(codes.Quantizer, _log.Header.Metric, RecordReader.Vector(_log, offset, record), place, scratch, expected);
            }

            if (!codes.Block(block).SequenceEqual(expected))
            {
                report(codes.Section.Offset, $"The short codes of the ordinals from {block * ShortCodes.BlockCount} on are not those of their records");
                return;
            }
        }
    }

    private void CheckJoined(CodeRuns? codes)
    {
        var used = new HashSet<long>();
        if (codes is not null)
        {
            used.Add(codes.Codebook.Section.Offset);
            used.UnionWith(codes.Runs.Select(run => run.Section.Offset));
        }

        foreach (CatalogEntry entry in _derived.Entries)
        {
            bool isScalar = entry.Kind is FrameKind.Codebook or FrameKind.Codes
                && _derived.TryOpen(_log, entry, snapshot.PublishedTail) is { } section && section.Frame.Codebook == FormatConstants.ScalarCodebook;
            if (isScalar && !used.Contains(entry.FrameOffset))
            {
                report(entry.FrameOffset, $"The {entry.Kind} section does not join the others; searches do without it");
            }
        }
    }
}
