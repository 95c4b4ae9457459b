using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Search;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Checks a snapshot against everything FORMAT.md promises, frame by frame, then holds the indexes against what the log says. Reports every
/// problem: after a damaged frame it looks for the next header whose own CRC holds and goes on there. A quick check leaves out every CRC but those
/// that opening checks, and with them the payloads and the indexes.
/// </summary>
internal sealed class Verifier(Snapshot snapshot, bool quick, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private const long ProgressStep = 4 << 20;

    private readonly LogFile _log = snapshot.Log;
    private readonly long _tail = snapshot.PublishedTail;
    private readonly float[] _scratch = new float[snapshot.Log.Header.Dimension];
    private readonly List<VerifyProblem> _problems = [];
    private readonly List<long> _ordinals = [];
    private readonly NewestByKey _newest = new(snapshot.Log, snapshot.PublishedTail);
    private readonly HashSet<long> _sectionsInUse = [];
    private long _frames;
    private long _tombstones;
    private long _transaction;
    private uint _epoch;
    private uint? _chain = snapshot.Log.Header.Crc;

    private DerivedVerifier DerivedSections => field ??= new DerivedVerifier(snapshot, Report, cancellationToken);

    public VerifyReport Run()
    {
        CheckSlots();
        foreach (Segment segment in snapshot.Index.Segments)
        {
            CheckSection(segment.Keys.Section);
            CheckSection(segment.Ordinals.Section);
            CheckSection(segment.Live.Section);
        }

        if (!quick)
        {
            DerivedSections.CheckSections();
            if (RecordCodebook.IsPresent(_log))
            {
                CheckSection(Section.Open(_log, FormatConstants.LogOffset, FrameKind.Codebook, _tail));
            }
        }

        WalkLog();
        CheckCounts();
        CheckIndexes();
        long records = quick ? _ordinals.Count : _newest.LiveCount;
        _problems.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        progress?.Report(1);
        return new VerifyReport(_problems, _frames, records, _tail);
    }

    private void CheckSlots()
    {
        SlotPair pair = _log.ReadSlots();
        if (!pair.A.IsSettled)
        {
            Report(FormatConstants.SlotAOffset, "Commit slot A is damaged");
        }

        if (!pair.B.IsSettled)
        {
            Report(FormatConstants.SlotBOffset, "Commit slot B is damaged");
        }

        if (snapshot.Slot.CatalogOffset != 0 && ReferenceEquals(snapshot.Index, IndexState.Empty))
        {
            Report(snapshot.Slot.CatalogOffset, "The catalog, or a section that it names, is damaged; the index is being done without");
        }
    }

    /// <summary>Every block of a section, whatever was checked before.</summary>
    private void CheckSection(Section section)
    {
        _sectionsInUse.Add(section.Offset);
        if (quick)
        {
            return;
        }

        FrameKind kind = section.Frame.Header.Kind;
        if (!section.IsTableValid())
        {
            Report(section.Offset, $"The table of block CRCs of the {kind} section is damaged");
            return;
        }

        for (long block = 0; block < section.BlockCount; block++)
        {
            if (!section.IsBlockValid(block))
            {
                Report(section.Offset + SectionFrame.EntriesOffset + (block * FormatConstants.SectionBlockByteLength), $"Block {block} of the {kind} section is damaged");
            }
        }
    }

    private void WalkLog()
    {
        long offset = FormatConstants.LogOffset;
        long nextReport = offset;
        while (offset < _tail)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (offset >= nextReport)
            {
                progress?.Report((double)offset / _tail);
                nextReport = offset + ProgressStep;
            }

            if (TryReadHeader(offset, out FrameHeader header, withCrc: !quick))
            {
                CheckFrame(offset, header);
                _frames++;
                offset += header.FrameByteLength;
                continue;
            }

            long next = FindHeader(offset + FormatConstants.Unit);
            Report(offset, $"No valid frame stands here; {next - offset} bytes are lost");
            _chain = null;
            offset = next;
        }
    }

    private bool TryReadHeader(long offset, out FrameHeader header, bool withCrc = true)
    {
        ReadOnlySpan<byte> bytes = _log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength);
        return FrameHeader.TryRead(bytes, out header)
            && header.FrameByteLength <= _tail - offset
            && (!withCrc || FrameSeal.IsSelfValid(bytes, offset, _log.Header.Salt));
    }

    private long FindHeader(long offset)
    {
        while (offset < _tail && !TryReadHeader(offset, out _))
        {
            offset += FormatConstants.Unit;
        }

        return offset;
    }

    private void CheckFrame(long offset, in FrameHeader header)
    {
        ReadOnlySpan<byte> bytes = _log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength);
        if (!quick && _chain is { } chain && !FrameSeal.IsChained(bytes, chain))
        {
            Report(offset, "The frame does not follow the one before it (chain CRC)");
        }

        _chain = header.ChainCrc;
        if (header.Epoch < _epoch)
        {
            Report(offset, $"The frame is of epoch {header.Epoch}, after frames of epoch {_epoch}");
        }

        if (header.Transaction < _transaction)
        {
            Report(offset, $"The frame is of transaction {header.Transaction}, after frames of transaction {_transaction}");
        }

        _epoch = Math.Max(_epoch, header.Epoch);
        _transaction = Math.Max(_transaction, header.Transaction);
        if (header.Kind.HasKey())
        {
            CheckRecord(offset, bytes);
        }
        else if (header.Kind.IsPayload())
        {
            CheckPayload(offset, header.Kind);
        }
        else if (header.Kind != FrameKind.Commit && !header.Kind.IsSection())
        {
            Report(offset, $"The frame is of kind {(byte)header.Kind}, which this version does not know");
        }
    }

    private void CheckRecord(long offset, ReadOnlySpan<byte> header)
    {
        if (!RecordFrame.TryRead(header, _log.Header.Dimension, _log.Header.KeyStorage, out RecordFrame frame))
        {
            Report(offset, "The record's header contradicts itself or the file's header");
            return;
        }

        if (!quick)
        {
            CheckPayload(offset, frame);
        }

        if (frame.Header.Kind == FrameKind.Touch && (frame.TouchedRecord >= offset || !TryReadHeader(frame.TouchedRecord, out FrameHeader touched, withCrc: !quick) || touched.Kind != FrameKind.Record))
        {
            Report(offset, $"The touch names offset {frame.TouchedRecord}, where no earlier record is");
        }

        if (frame.Header.Kind.TakesOrdinal())
        {
            _ordinals.Add(offset);
        }
        else
        {
            _tombstones++;
        }

        if (!quick)
        {
            _newest.Add(offset, frame);
        }
    }

    private void CheckPayload(long offset, in RecordFrame frame)
    {
        ReadOnlySpan<byte> payload = _log.Source.Slice(offset + FormatConstants.FrameHeaderByteLength, frame.PayloadByteLength);
        if (Crc32.Compute(payload) != frame.Header.PayloadCrc)
        {
            // What else is wrong with it follows from that.
            Report(offset, $"The payload of the {frame.Header.Kind} does not match its CRC");
            return;
        }

        ReadOnlySpan<byte> key = RecordReader.Key(_log, offset, frame);
        if (KeyHashing.Compute(_log.Header.Salt, frame.Role, key) != frame.KeyHash)
        {
            Report(offset, "The key's hash is not that of the key");
        }

        if (!MetadataCodec.TryDecode(RecordReader.Metadata(_log, offset, frame), out _))
        {
            Report(offset, "The metadata cannot be decoded");
        }

        if (frame.Header.Kind == FrameKind.Record)
        {
            CheckVector(offset, frame);
        }
    }

    private void CheckVector(long offset, in RecordFrame frame)
    {
        try
        {
            if (!VectorNorm.TryMeasure(RecordReader.Vector(_log, offset, frame, _scratch), out double norm) || (float)norm != frame.Norm)
            {
                Report(offset, "The stored norm is not that of the vector");
            }
        }
        catch (CorruptFileException e)
        {
            Report(e.Offset ?? offset, e.Summary);
        }
    }

    private void CheckPayload(long offset, FrameKind kind)
    {
        if (quick)
        {
            if (!PayloadFrame.TryRead(_log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength), out _))
            {
                Report(offset, $"The {kind}'s header contradicts itself");
            }

            return;
        }

        try
        {
            ReadOnlySpan<byte> payload = PayloadReader.Read(_log, offset, _tail, kind);
            bool isReadable = kind == FrameKind.Catalog ? CatalogPayload.Read(payload, offset) is not null : MetadataCodec.TryDecode(payload, out _);
            if (!isReadable)
            {
                Report(offset, $"The {kind} cannot be decoded");
            }
        }
        catch (CorruptFileException e)
        {
            Report(offset, e.Summary);
        }
    }

    private void CheckCounts()
    {
        if (_ordinals.Count != snapshot.Slot.RecordCount)
        {
            Report(FormatConstants.SlotOffset(snapshot.Slot.Sequence), $"The slot counts {snapshot.Slot.RecordCount} records; the log has {_ordinals.Count}");
        }

        if (_tombstones != snapshot.Slot.TombstoneCount)
        {
            Report(FormatConstants.SlotOffset(snapshot.Slot.Sequence), $"The slot counts {snapshot.Slot.TombstoneCount} tombstones; the log has {_tombstones}");
        }
    }

    private void CheckIndexes()
    {
        if (quick || _problems.Count > 0)
        {
            // Against a log with gaps, or through damaged blocks, a comparison would only repeat what is known.
            return;
        }

        foreach (Segment segment in snapshot.Index.Segments)
        {
            ReportWhatFails(() => CheckOrder(segment.Keys), segment.Keys.Section.Offset);
        }

        ReportWhatFails(CheckOrdinals, snapshot.Slot.CatalogOffset);
        ReportWhatFails(() => DerivedSections.CheckCodes(_ordinals), snapshot.Slot.CatalogOffset);
        ReportWhatFails(DerivedSections.CheckColumns, snapshot.Slot.CatalogOffset);
        ReportWhatFails(() => DerivedSections.CheckShortCodes(_ordinals), snapshot.Slot.CatalogOffset);
        ReportWhatFails(new GraphVerifier(snapshot, Report, cancellationToken).Check, snapshot.Slot.CatalogOffset);
        ReportWhatFails(CheckLiveness, snapshot.Slot.CatalogOffset);
        foreach (long offset in _newest.Offsets)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReportWhatFails(() => CheckLookup(offset), offset);
        }
    }

    /// <summary>An index may have right checksums and still name what is not there: whoever follows it fails, and that is a problem to be told among others.</summary>
    private void ReportWhatFails(Action check, long offset)
    {
        try
        {
            check();
        }
        catch (CorruptFileException e)
        {
            Report(e.Offset ?? offset, e.Summary);
        }
    }

    private void CheckOrder(KeyRun run)
    {
        for (long i = 1; i < run.Count; i++)
        {
            KeyEntry before = run.EntryAt(i - 1);
            KeyEntry entry = run.EntryAt(i);
            if (before.Hash > entry.Hash || (before.Hash == entry.Hash && before.FrameOffset >= entry.FrameOffset))
            {
                Report(run.Section.Offset, $"Entries {i - 1} and {i} of the Keys section are out of order");
                return;
            }
        }
    }

    private void CheckOrdinals()
    {
        int next = 0;
        foreach (Segment segment in snapshot.Index.Segments)
        {
            for (long i = 0; i < segment.Ordinals.Count; i++, next++)
            {
                if (next >= _ordinals.Count || segment.Ordinals.OffsetAt(i) != _ordinals[next])
                {
                    Report(segment.Ordinals.Section.Offset, $"Ordinal {next} is not that record of the log");
                    return;
                }
            }
        }

        if (next < _ordinals.Count && _ordinals[next] < snapshot.Index.CoversTo)
        {
            Report(_ordinals[next], "The record is covered by no Ordinals section although the catalog says so");
        }
    }

    private void CheckLiveness()
    {
        ScanSet set = LiveRecords.Of(snapshot, now: 0);
        var live = new HashSet<long>(LiveRecords.Offsets(set, newestFirst: false));
        foreach (long offset in _newest.LiveOffsets)
        {
            if (!live.Remove(offset))
            {
                Report(offset, "The record is the newest of its key, but marked dead");
            }
        }

        foreach (long offset in live)
        {
            Report(offset, "The record was replaced or removed, but is marked live");
        }

        long indexed = snapshot.Index.Segments.Sum(static segment => segment.CountLive());
        if (indexed != snapshot.Slot.LiveIndexedCount)
        {
            Report(FormatConstants.SlotOffset(snapshot.Slot.Sequence), $"The slot counts {snapshot.Slot.LiveIndexedCount} live records in the index; the bitmaps have {indexed}");
        }
    }

    private void CheckLookup(long offset)
    {
        RecordFrame frame = RecordReader.Read(_log, offset, _tail);
        StoredKey key = StoredKey.FromStoredBytes(RecordReader.Key(_log, offset, frame), frame.Role, frame.KeyHash);
        bool isFound = snapshot.TryFind(key, out long found, out _);
        bool isLive = frame.Header.Kind != FrameKind.Tombstone;
        if (isFound != isLive || (isLive && found != offset))
        {
            Report(offset, isFound ? $"Looking the key up gives the frame at {found} instead" : "Looking the key up does not find the record");
        }
    }

    private void Report(long offset, string description) => _problems.Add(new VerifyProblem(offset, description));
}
