using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>
/// Code rows of records that this handle appended and that no section covers yet, made while their vectors were in the processor's first cache. A checkpoint then
/// writes them as they are, where it would otherwise read every vector back through the map. What is missing here is made from the file, to the same bytes.
/// Used under the writer lock alone.
/// </summary>
internal sealed class FreshCodes
{
    /// <summary>Below what the runtime takes for a large object.</summary>
    private const int ChunkByteLength = 64 * 1024;

    /// <summary>Room for two checkpoints' rows at 1536 dimensions; of larger ones, what does not fit is read back.</summary>
    private const int MaxByteLength = 16 << 20;

    private readonly List<byte[]> _chunks = [];
    private long[] _offsets = [];
    private int _count;
    private LogFile? _log;
    private long _codebookOffset;
    private uint _epoch;
    private float[] _mean = [];
    private CodeLayout _layout;
    private int _rowsPerChunk;

    /// <summary>Whether rows can be made: the file has a codebook to make them by.</summary>
    public bool IsActive { get; private set; }

    /// <summary>Before records are appended: looks what the rows are relative to, and forgets those that this, or another epoch, has made worthless.</summary>
    /// <param name="log">The file.</param>
    /// <param name="epoch">Its epoch. In a new one, other frames may come to stand at the same offsets.</param>
    /// <param name="index">The index so far.</param>
    /// <param name="tail">End of the log.</param>
    public void Begin(LogFile log, uint epoch, IndexState index, long tail)
    {
        Section? codebook = index.Properties.Index == IndexMode.None ? null : index.Derived.CodebookSection(log, tail);
        if (codebook is null)
        {
            IsActive = false;
            _count = 0;
            return;
        }

        if (!IsActive || !ReferenceEquals(_log, log) || _epoch != epoch || _codebookOffset != codebook.Offset)
        {
            _count = 0;
            ScalarCodebook? read = index.Derived.Codebook(log, tail);
            IsActive = read is not null;
            _mean = read?.Mean ?? [];
            _log = log;
            _epoch = epoch;
            _codebookOffset = codebook.Offset;
            _layout = new CodeLayout(log.Header.Dimension);
            _rowsPerChunk = Math.Max(1, ChunkByteLength / _layout.RowByteLength);
        }

        if (_count > 0 && index.CoversTo > _offsets[0])
        {
            _count = 0;
        }
    }

    /// <summary>Makes the rows of a record that was just appended.</summary>
    /// <param name="offset">Its frame; offsets ascend.</param>
    /// <param name="vector">Its vector, as it stands in the frame: the caller's may have changed since.</param>
    /// <param name="norm">Its norm, as <see cref="VectorNorm.TryMeasure"/> gives it; finite.</param>
    public void Add(long offset, ReadOnlySpan<float> vector, double norm)
    {
        // A record that failed halfway left its place to this one.
        CutAt(offset);
        if (!IsActive || (long)_count * _layout.RowByteLength > MaxByteLength)
        {
            return;
        }

        if (_count == _offsets.Length)
        {
            Array.Resize(ref _offsets, Math.Max(256, _count * 2));
        }

        if (_count == _chunks.Count * _rowsPerChunk)
        {
            _chunks.Add(new byte[_rowsPerChunk * _layout.RowByteLength]);
        }

        Span<byte> row = Row(_count);
        ScalarQuantizer.Encode(vector, norm, _log!.Header.Metric, _mean, row.Slice(0, _layout.CoarseByteLength), row.Slice(_layout.CoarseByteLength));
        _offsets[_count++] = offset;
    }

    /// <summary>Forgets the records from an offset on: they were rolled back.</summary>
    public void CutAt(long offset)
    {
        while (_count > 0 && _offsets[_count - 1] >= offset)
        {
            _count--;
        }
    }

    /// <summary>The coarse row of a record and behind it the fine one, or empty where there are none.</summary>
    /// <param name="log">The file.</param>
    /// <param name="codebookOffset">What the row is to be relative to.</param>
    /// <param name="offset">The record's frame.</param>
    /// <param name="hint">Where the last one was found; 0 at first. Records are asked for in their order.</param>
    public ReadOnlySpan<byte> TryGet(LogFile log, long codebookOffset, long offset, ref int hint)
    {
        if (!IsActive || !ReferenceEquals(_log, log) || _codebookOffset != codebookOffset)
        {
            return default;
        }

        while (hint < _count && _offsets[hint] < offset)
        {
            hint++;
        }

        return hint < _count && _offsets[hint] == offset ? Row(hint) : default;
    }

    private Span<byte> Row(int index) => _chunks[index / _rowsPerChunk].AsSpan(index % _rowsPerChunk * _layout.RowByteLength, _layout.RowByteLength);
}
