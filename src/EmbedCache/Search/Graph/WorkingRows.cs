using System.Runtime.CompilerServices;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Level 0 while it is being built: rows in memory over the rows of a graph in the file. A row comes into memory when it is first changed, so that
/// a few insertions into a large graph cost little. Any thread may read any row at any time; it then sees some of a row's neighbours from before a
/// change and some from after it, all of them nodes.
/// </summary>
internal sealed unsafe class WorkingRows : IDisposable
{
    private const int PageShift = 10;
    private const int ChunkShift = 12;

    private readonly object _growth = new();
    private readonly IPersistedRows? _below;
    private readonly nint[]?[] _pages;
    private readonly NativeBuffer?[] _chunks;
    private readonly int _rowByteLength;
    private int _changed;

    /// <param name="below">The graph in the file, or null.</param>
    /// <param name="capacity">Nodes that may be inserted.</param>
    /// <param name="rowLength">Neighbours in a row.</param>
    public WorkingRows(IPersistedRows? below, uint capacity, int rowLength)
    {
        _below = below;
        RowLength = rowLength;
        _rowByteLength = rowLength * sizeof(uint);
        _pages = new nint[]?[(capacity >> PageShift) + 1];
        _chunks = new NativeBuffer?[(capacity >> ChunkShift) + 1];
        Empty = new NativeBuffer(_rowByteLength);
        new Span<byte>((void*)Empty.Address, _rowByteLength).Fill(byte.MaxValue);
    }

    public int RowLength { get; }

    /// <summary>Rows in memory.</summary>
    public int ChangedCount => _changed;

    private NativeBuffer Empty { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Row(uint node)
    {
        nint[]? page = _pages[node >> PageShift];
        nint row = page is null ? 0 : page[node & ((1u << PageShift) - 1)];
        return row != 0 ? row : RowBelow(node);
    }

    /// <summary>True where the row is in memory.</summary>
    public bool IsChanged(uint node) => _pages[node >> PageShift] is { } page && page[node & ((1u << PageShift) - 1)] != 0;

    /// <summary>The row, in memory. Called with the node's lock held.</summary>
    public nint Writable(uint node)
    {
        nint[] page = _pages[node >> PageShift] ?? AddPage(node >> PageShift);
        ref nint slot = ref page[node & ((1u << PageShift) - 1)];
        if (slot == 0)
        {
            nint row = NewRow();
            Buffer.MemoryCopy((void*)RowBelow(node), (void*)row, _rowByteLength, _rowByteLength);
            Volatile.Write(ref slot, row);
        }

        return slot;
    }

    public void Dispose()
    {
        Empty.Dispose();
        foreach (NativeBuffer? chunk in _chunks)
        {
            chunk?.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint RowBelow(uint node) => _below is not null && node < _below.Count ? _below.Row(node) : Empty.Address;

    private nint[] AddPage(uint page)
    {
        var added = new nint[1 << PageShift];
        return Interlocked.CompareExchange(ref _pages[page], added, null) ?? added;
    }

    private nint NewRow()
    {
        int index = Interlocked.Increment(ref _changed) - 1;
        int chunk = index >> ChunkShift;
        NativeBuffer? buffer = Volatile.Read(ref _chunks[chunk]);
        if (buffer is null)
        {
            lock (_growth)
            {
                buffer = _chunks[chunk] ??= new NativeBuffer((long)_rowByteLength << ChunkShift);
            }
        }

        return buffer.Address + ((nint)(index & ((1 << ChunkShift) - 1)) * _rowByteLength);
    }
}
