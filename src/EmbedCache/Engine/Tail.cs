using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// The frames behind the index, read once and extended as commits arrive. Shared by the snapshots that have the same index; each sees what
/// lies below its own published tail.
/// </summary>
internal sealed class Tail
{
    private readonly LogFile _log;
    private readonly object _gate = new();
    private TailDeaths? _deaths;
    private readonly DerivedSections _derived;
    private long _scannedTo;

    /// <param name="log">The file.</param>
    /// <param name="from">Where the index ends.</param>
    /// <param name="derived">Sections that may stand in the tail, and must not end it when they are damaged.</param>
    public Tail(LogFile log, long from, DerivedSections derived)
    {
        _log = log;
        _derived = derived;
        _scannedTo = from;
    }

    /// <summary>Records, touches and tombstones in log order.</summary>
    public TailTable Table { get; } = new();

    /// <summary>Which older records the tail's entries replaced.</summary>
    public TailDeaths Deaths => LazyInitializer.EnsureInitialized(ref _deaths)!;

    /// <summary>Offset of the newest Properties frame in the tail, or 0.</summary>
    public long PropertiesOffset { get; private set; }

    /// <summary>Reads what was published since; returns how many entries of <see cref="Table"/> lie below <paramref name="publishedTail"/>.</summary>
    /// <exception cref="CorruptFileException">A published frame is damaged.</exception>
    public int ExtendTo(long publishedTail)
    {
        lock (_gate)
        {
            while (_scannedTo < publishedTail)
            {
                _scannedTo += ReadFrame(_scannedTo, publishedTail);
            }

            return CountBelow(publishedTail);
        }
    }

    /// <summary>Takes over the entries of a transaction that this process committed, instead of reading them again.</summary>
    public void Append(TailTable committed, long from, long to)
    {
        lock (_gate)
        {
            if (_scannedTo != from)
            {
                return;
            }

            for (int i = 0; i < committed.Count; i++)
            {
                TailTable.Entry entry = committed[i];
                Table.Add(entry.Hash, entry.Offset, entry.TakesOrdinal);
            }

            _scannedTo = to;
        }
    }

    private long ReadFrame(long offset, long limit)
    {
        if (offset > limit - FormatConstants.FrameHeaderByteLength)
        {
            throw new CorruptFileException("The log ends inside a frame header", _log.Path, offset);
        }

        ReadOnlySpan<byte> header = _log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength);
        if (!FrameHeader.TryRead(header, out FrameHeader frame)
            || frame.FrameByteLength > limit - offset
            || !FrameSeal.IsSelfValid(header, offset, _log.Header.Salt))
        {
            return LengthOfDerived(offset) ?? throw new CorruptFileException("A frame header below the published tail is damaged", _log.Path, offset);
        }

        if (frame.Kind.HasKey())
        {
            if (!RecordFrame.TryRead(header, _log.Header.Dimension, _log.Header.KeyStorage, out RecordFrame record))
            {
                throw new CorruptFileException("A record's header contradicts the file's", _log.Path, offset);
            }

            Table.Add(record.KeyHash, offset, frame.Kind.TakesOrdinal());
        }
        else if (frame.Kind == FrameKind.Properties)
        {
            PropertiesOffset = offset;
        }

        return frame.FrameByteLength;
    }

    /// <summary>The length of the section that the catalog names at an offset, if it is of a kind that is done without.</summary>
    private long? LengthOfDerived(long offset)
    {
        foreach (CatalogEntry entry in _derived.Entries)
        {
            if (entry.FrameOffset == offset)
            {
                return entry.FrameByteLength;
            }
        }

        return null;
    }

    private int CountBelow(long publishedTail)
    {
        int low = 0;
        int high = Table.Count;
        while (low < high)
        {
            int middle = low + ((high - low) >> 1);
            if (Table[middle].Offset < publishedTail)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
