using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Reads a damaged file from end to end and works out what of it is sound: which records live, the properties, and what is lost. Trusts nothing but
/// CRCs: of the slots it takes where the log ends, and does without where they are damaged.
/// </summary>
internal sealed class Salvager(IStoreFile file, SalvagedHeader header, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private const long ProgressStep = 4 << 20;

    private readonly RecordBytes _record = new();
    private readonly SalvagedKeys _keys = new(file);
    private readonly List<(SalvagedFrame Frame, EmbeddingMetadata? Properties)> _open = [];
    private readonly List<RepairLoss> _losses = [];
    private readonly List<VerifyProblem> _mended = [];
    private readonly List<SalvagedFrame> _live = [];
    private SlotPair _slots;
    private long _tail;
    private long _openOffset;
    private long _transaction;
    private uint _epoch;

    /// <summary>Sound, live frames, by offset.</summary>
    public IReadOnlyList<SalvagedFrame> Live => _live;

    /// <summary>The newest properties that are sound.</summary>
    public EmbeddingMetadata Properties { get; private set; } = EmbeddingMetadata.Empty;

    /// <summary>What records are codes of, or null.</summary>
    public RecordCodebook? Codebook { get; private set; }

    public List<RepairLoss> Losses => _losses;

    public List<VerifyProblem> Mended => _mended;

    public void Run()
    {
        ReadSlots();
        if (header.IsRebuilt)
        {
            _mended.Add(new VerifyProblem(0, $"The file's header is damaged; {header.Source}"));
        }

        long length = file.Length;
        using var scanner = new FrameScanner(file, header.SaltShare, FormatConstants.LogOffset, length);
        long nextReport = 0;
        while (scanner.TryMoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (scanner.Offset >= nextReport)
            {
                progress?.Report((double)scanner.Offset / length);
                nextReport = scanner.Offset + ProgressStep;
            }

            if (IsPastTheLog(scanner))
            {
                break;
            }

            TakeGap(scanner);
            TakeFrame(scanner);
        }

        TakeEnd(scanner, length);
        KeepLive();
        _losses.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
    }

    private void ReadSlots()
    {
        _slots = new SlotPair(ReadSlot(FormatConstants.SlotAOffset), ReadSlot(FormatConstants.SlotBOffset));
        if (!_slots.A.IsSettled)
        {
            _mended.Add(new VerifyProblem(FormatConstants.SlotAOffset, "Commit slot A is damaged"));
        }

        if (!_slots.B.IsSettled || (_slots.A.IsBlank && _slots.B.IsBlank))
        {
            _mended.Add(new VerifyProblem(FormatConstants.SlotBOffset, "Commit slot B is damaged"));
        }

        _tail = _slots.Newest?.PublishedTail ?? FormatConstants.LogOffset;
    }

    private SlotReading ReadSlot(long offset)
    {
        byte[] bytes = new byte[FormatConstants.SlotByteLength];
        file.ReadAt(offset, bytes);
        return CommitSlot.TryRead(bytes, out CommitSlot slot) && FormatConstants.SlotOffset(slot.Sequence) == offset
            ? new SlotReading(slot, false)
            : new SlotReading(null, bytes.AsSpan().SequenceEqual(new byte[bytes.Length]));
    }

    /// <summary>
    /// With both slots sound, what lies behind the tail is either a commit that lacks its slot or the remains of one that never came to be. Without,
    /// every frame counts that is not older than those before it.
    /// </summary>
    private bool IsPastTheLog(FrameScanner scanner)
        => scanner.Offset >= _tail
        && _slots.Newest is { } slot
        && ((_slots.IsSettled && (scanner.GapOffset != scanner.Offset || scanner.Header.Epoch != slot.Epoch || scanner.Header.Transaction <= slot.Transaction))
            || scanner.Header.Epoch < slot.Epoch);

    private void TakeGap(FrameScanner scanner)
    {
        if (scanner.GapOffset < scanner.Offset)
        {
            Lose(scanner.GapOffset, scanner.Offset - scanner.GapOffset, "No frame stands here that its own CRC proves; what it held, and whether it set or removed something, cannot be told");
        }
    }

    private void TakeFrame(FrameScanner scanner)
    {
        FrameHeader frame = scanner.Header;
        if (frame.Epoch < _epoch || frame.Transaction < _transaction)
        {
            Lose(scanner.Offset, frame.FrameByteLength, "The frame is older than frames before it: it does not belong here");
            return;
        }

        if (frame.Transaction != _transaction)
        {
            // A transaction that never came to its end was cut off before anything was appended behind it. So this one had an end, which is lost.
            CloseTransaction();
        }

        _epoch = frame.Epoch;
        _transaction = frame.Transaction;
        if (_open.Count == 0)
        {
            _openOffset = scanner.Offset;
        }

        if (frame.Kind.HasKey())
        {
            TakeRecord(scanner);
        }
        else if (frame.Kind == FrameKind.Codebook && scanner.Offset == FormatConstants.LogOffset)
        {
            Codebook = SalvagedCodebook.TryRead(file, scanner.HeaderBytes, header.Header.Dimension);
            if (Codebook is null)
            {
                Lose(scanner.Offset, frame.FrameByteLength, "The codebook that records are codes of is damaged");
            }
        }
        else if (frame.Kind == FrameKind.Properties)
        {
            TakeProperties(scanner);
        }
        else if (frame.Kind != FrameKind.Commit && frame.Kind != FrameKind.Catalog && !frame.Kind.IsSection())
        {
            Lose(scanner.Offset, frame.FrameByteLength, $"The frame is of kind {(byte)frame.Kind}, which this version does not know");
        }

        if (frame.IsCommit)
        {
            CloseTransaction();
        }
    }

    private void TakeRecord(FrameScanner scanner)
    {
        long offset = scanner.Offset;
        FrameKind kind = scanner.Header.Kind;
        if (scanner.IsCut || !_record.TryRead(file, offset, scanner.HeaderBytes, header.Header))
        {
            Lose(offset, Math.Min(scanner.Header.FrameByteLength, file.Length - offset), scanner.IsCut ? $"The file ends inside the {kind}" : $"The {kind}'s header contradicts itself or the file's header");
            return;
        }

        RecordFrame frame = _record.Frame;
        if (_record.IsWhole && _record.Contradiction(header, Codebook?.Codebook) is { } contradiction)
        {
            Lose(offset, frame.Header.FrameByteLength, contradiction, _record.ProvenKey(header), frame.Role);
            return;
        }

        if (_record.IsWhole)
        {
            _open.Add((SalvagedFrame.From(offset, frame), null));
            return;
        }

        string kept = kind == FrameKind.Tombstone
            ? "; its hash tells which record it removed, and that stays removed"
            : "; an older value of the same key, where there was one, is kept";
        Lose(offset, frame.Header.FrameByteLength, $"The payload of the {kind} does not match its CRC{kept}", _record.ProvenKey(header), frame.Role);
        if (kind == FrameKind.Tombstone)
        {
            _open.Add((SalvagedFrame.From(offset, frame) with { KeyByteLength = SalvagedFrame.UnreadableKey }, null));
        }
    }

    private void TakeProperties(FrameScanner scanner)
    {
        long offset = scanner.Offset;
        if (PayloadFrame.TryRead(scanner.HeaderBytes, out PayloadFrame frame) && !scanner.IsCut && frame.PayloadByteLength <= ushort.MaxValue)
        {
            byte[] payload = new byte[frame.PayloadByteLength];
            if (file.ReadAt(offset + PayloadFrame.PayloadOffset, payload) == payload.Length
                && Crc32.Compute(payload) == frame.Header.PayloadCrc
                && MetadataCodec.TryDecode(payload, out EmbeddingMetadata values))
            {
                _open.Add((default, values));
                return;
            }
        }

        Lose(offset, scanner.Header.FrameByteLength, "The properties (model, default expiry) are damaged");
    }

    /// <summary>What stands behind the last frame, and the transaction that was open there.</summary>
    private void TakeEnd(FrameScanner scanner, long length)
    {
        if (length < FormatConstants.LogOffset)
        {
            Lose(length, FormatConstants.LogOffset - length, $"The file ends at {length}, before its log begins");
        }

        bool isLogCut = scanner.GapOffset < _tail;
        if (isLogCut)
        {
            long end = Math.Max(Math.Min(_tail, length), scanner.GapOffset);
            string reason = length < _tail ? $"The file ends at {length}, where {_tail} bytes were committed" : "No frame stands here that its own CRC proves";
            Lose(scanner.GapOffset, Math.Max(_tail, end) - scanner.GapOffset, reason);
        }

        bool isEndLost = _slots.Newest is null && scanner.Offset >= length && !scanner.IsGapBlank;
        if (isEndLost)
        {
            Lose(scanner.GapOffset, length - scanner.GapOffset, "No frame stands here that its own CRC proves; what it held, and whether it set or removed something, cannot be told");
        }

        if (_open.Count == 0)
        {
            return;
        }

        if (_openOffset < _tail || isEndLost)
        {
            CloseTransaction();
        }
        else
        {
            _mended.Add(new VerifyProblem(_openOffset, $"{_open.Count} frames of a transaction that was never committed stand here"));
        }
    }

    private void CloseTransaction()
    {
        foreach ((SalvagedFrame frame, EmbeddingMetadata? properties) in _open)
        {
            if (properties is not null)
            {
                Properties = properties;
            }
            else if (frame.KeyByteLength == SalvagedFrame.UnreadableKey)
            {
                _keys.Remove(frame.Hash, frame.Role, frame.Offset);
            }
            else
            {
                _keys.Add(frame);
            }
        }

        _open.Clear();
    }

    private void KeepLive()
    {
        foreach (SalvagedFrame frame in _keys.Live())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (frame.Kind == FrameKind.Record || IsTouchedRecordSound(frame))
            {
                _live.Add(frame);
            }
        }
    }

    private bool IsTouchedRecordSound(in SalvagedFrame frame)
    {
        if (!_record.TryReadWhole(file, frame.Offset, header))
        {
            return false;
        }

        RecordFrame touch = _record.Frame;
        string? key = _record.ProvenKey(header);
        if (touch.TouchedRecord < frame.Offset
            && _record.TryReadWhole(file, touch.TouchedRecord, header)
            && _record.Frame.Header.Kind == FrameKind.Record
            && _record.Contradiction(header, Codebook?.Codebook) is null)
        {
            return true;
        }

        Lose(frame.Offset, touch.Header.FrameByteLength, $"The vector that the Touch keeps alive, at offset {touch.TouchedRecord}, is damaged", key, touch.Role);
        return false;
    }

    private void Lose(long offset, long byteLength, string reason, string? key = null, EmbeddingRole role = EmbeddingRole.None)
        => _losses.Add(new RepairLoss(offset, byteLength, reason, key, key is null ? EmbeddingRole.None : role));
}
