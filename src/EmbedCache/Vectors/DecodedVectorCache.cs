namespace EmbedCache.Vectors;

/// <summary>
/// The most recently used vectors that were copied out of the file, by record offset, bounded in bytes. An offset names one
/// record as long as the log only grows; whoever moves the tail back clears it. Thread-safe.
/// </summary>
internal sealed class DecodedVectorCache(long capacityByteLength)
{
    private const int OverheadByteLength = 128; // array header, node, dictionary entry

    private readonly object _gate = new();
    private readonly Dictionary<long, LinkedListNode<(long Offset, ReadOnlyMemory<float> Vector)>> _nodes = [];
    private readonly LinkedList<(long Offset, ReadOnlyMemory<float> Vector)> _byUse = new();
    private long _byteLength;

    /// <summary>Bytes held now, never above the capacity.</summary>
    public long ByteLength
    {
        get
        {
            lock (_gate)
            {
                return _byteLength;
            }
        }
    }

    public bool TryGet(long offset, out ReadOnlyMemory<float> vector)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(offset, out LinkedListNode<(long Offset, ReadOnlyMemory<float> Vector)>? node))
            {
                vector = default;
                return false;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            vector = node.Value.Vector;
            return true;
        }
    }

    public void Add(long offset, ReadOnlyMemory<float> vector)
    {
        long cost = CostOf(vector);
        if (cost > capacityByteLength)
        {
            return;
        }

        lock (_gate)
        {
            if (_nodes.ContainsKey(offset))
            {
                return;
            }

            while (_byteLength + cost > capacityByteLength && _byUse.Last is { } oldest)
            {
                _byUse.RemoveLast();
                _nodes.Remove(oldest.Value.Offset);
                _byteLength -= CostOf(oldest.Value.Vector);
            }

            _nodes.Add(offset, _byUse.AddFirst((offset, vector)));
            _byteLength += cost;
        }
    }

    /// <summary>Drops everything: after a rollback or a new generation, other records stand at the same offsets.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _nodes.Clear();
            _byUse.Clear();
            _byteLength = 0;
        }
    }

    private static long CostOf(ReadOnlyMemory<float> vector) => ((long)vector.Length * sizeof(float)) + OverheadByteLength;
}
