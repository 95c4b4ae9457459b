using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>The newest frame of each key, worked out from the log alone. About 40 bytes a key.</summary>
internal sealed class NewestByKey(LogFile log, long tail)
{
    private readonly Dictionary<ulong, (long Offset, bool IsLive)> _newest = [];
    private readonly Dictionary<ulong, List<(long Offset, bool IsLive)>> _colliding = [];

    /// <summary>Keys of one hash that are told apart: what has more is damaged, and to be reported, not to be compared each with each.</summary>
    private const int MostOfOneHash = 512;

    /// <summary>Newest frames, tombstones included.</summary>
    public IEnumerable<long> Offsets => _newest.Values.Concat(_colliding.Values.SelectMany(static entries => entries)).Select(static entry => entry.Offset);

    /// <summary>Newest frames that are records or touches.</summary>
    public IEnumerable<long> LiveOffsets => _newest.Values.Concat(_colliding.Values.SelectMany(static entries => entries)).Where(static entry => entry.IsLive).Select(static entry => entry.Offset);

    public long LiveCount => LiveOffsets.LongCount();

    /// <summary>Takes the next frame of the log.</summary>
    public void Add(long offset, in RecordFrame frame)
    {
        bool isLive = frame.Header.Kind != FrameKind.Tombstone;
        if (!_newest.TryGetValue(frame.KeyHash, out (long Offset, bool IsLive) known) || AreEqual(known.Offset, offset))
        {
            _newest[frame.KeyHash] = (offset, isLive);
            return;
        }

        if (!_colliding.TryGetValue(frame.KeyHash, out List<(long Offset, bool IsLive)>? entries))
        {
            _colliding.Add(frame.KeyHash, entries = []);
        }

        int index = entries.FindIndex(entry => AreEqual(entry.Offset, offset));
        if (index >= 0)
        {
            entries[index] = (offset, isLive);
        }
        else if (entries.Count < MostOfOneHash)
        {
            entries.Add((offset, isLive));
        }
    }

    /// <summary>Compares without the payload CRC: the walk has reported damage already.</summary>
    private bool AreEqual(long first, long second)
    {
        ReadOnlySpan<byte> a = log.Source.Slice(first, FormatConstants.FrameHeaderByteLength);
        ReadOnlySpan<byte> b = log.Source.Slice(second, FormatConstants.FrameHeaderByteLength);
        return RecordFrame.TryRead(a, log.Header.Dimension, log.Header.KeyStorage, out RecordFrame x)
            && RecordFrame.TryRead(b, log.Header.Dimension, log.Header.KeyStorage, out RecordFrame y)
            && x.Role == y.Role
            && first < tail
            && RecordReader.Key(log, first, x).SequenceEqual(RecordReader.Key(log, second, y));
    }
}
