namespace EmbedCache.PowerShell;

/// <summary>Accepted records, copied, in the order they came. The memory for vectors is kept and reused from batch to batch.</summary>
internal sealed class EntryBuffer
{
    /// <summary>Floats in one block, unless a single vector needs more: small enough to grow in steps, large enough to be few.</summary>
    private const int BlockLength = 1 << 18;

    private readonly List<EmbeddingEntry> _entries = [];
    private readonly List<float[]> _blocks = [];
    private int _block;
    private int _used;

    public int Count => _entries.Count;

    /// <summary>An estimate of the memory held by the records, in bytes.</summary>
    public long ByteLength { get; private set; }

    public EmbeddingEntry this[int index] => _entries[index];

    public void Add(in EmbeddingEntry entry)
    {
        int length = entry.Vector.Length;
        Memory<float> copy = Take(length);
        entry.Vector.CopyTo(copy);
        _entries.Add(new EmbeddingEntry(entry.Key, copy) { Role = entry.Role, Metadata = entry.Metadata, Expires = entry.Expires });

        // 96: the entry, the string's header and the list's slot.
        ByteLength += ((long)length * sizeof(float)) + (2L * entry.Key.Length) + 96 + (entry.Metadata is { Count: var count } ? 128L * count : 0);
    }

    public void Clear()
    {
        _entries.Clear();
        _block = 0;
        _used = 0;
        ByteLength = 0;
    }

    private Memory<float> Take(int length)
    {
        while (_block < _blocks.Count && _blocks[_block].Length - _used < length)
        {
            _block++;
            _used = 0;
        }

        if (_block == _blocks.Count)
        {
            _blocks.Add(new float[Math.Max(length, BlockLength)]);
            _used = 0;
        }

        Memory<float> memory = _blocks[_block].AsMemory(_used, length);
        _used += length;
        return memory;
    }
}
