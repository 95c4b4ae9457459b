using EmbedCache.Numerics;

namespace EmbedCache.Search.Graph;

/// <summary>
/// What one walk writes to: its query, its candidates, and which nodes it has seen. Kept and used again, so that a search allocates nothing. For
/// one thread at a time.
/// </summary>
internal sealed class GraphScratch : IDisposable
{
    private const int FirstPoolCapacity = 512;
    private const int FirstTrailCapacity = 8192;
    private const int FirstResultCount = 64;

    private NativeBuffer _visited = new(0);
    private NativeBuffer _trail = new(FirstTrailCapacity * sizeof(uint));
    private NativeBuffer _query = new(0);
    private NativeBuffer _pool = new(FirstPoolCapacity * sizeof(long));

    private long[] _results = new long[FirstResultCount];
    private long[] _offsets = new long[FirstResultCount];
    private ScoredOrdinal[] _kept = new ScoredOrdinal[FirstResultCount];

    /// <summary>The query's code as <see cref="EmbedCache.Numerics.CodeKernels"/> takes it.</summary>
    public nint Query => _query.Address;

    /// <summary>One bit for each node; all zero between walks.</summary>
    public nint Visited => _visited.Address;

    /// <summary>The nodes whose bit is set, in the order of their visit.</summary>
    public nint Trail => _trail.Address;

    public int TrailCapacity => (int)(_trail.ByteLength / sizeof(uint));

    /// <summary>Candidates, nearest first.</summary>
    public nint Pool => _pool.Address;

    public int PoolCapacity => (int)(_pool.ByteLength / sizeof(long));

    /// <summary>Candidates in the pool.</summary>
    public int Count { get; set; }

    /// <summary>How many of them are accepted.</summary>
    public int Accepted { get; set; }

    /// <summary>Nodes on the trail.</summary>
    public int TrailCount { get; set; }

    /// <summary>Makes room for a query of <paramref name="byteLength"/> bytes, all zero.</summary>
    public unsafe void PrepareQuery(int byteLength)
    {
        if (_query.ByteLength < byteLength)
        {
            _query.Dispose();
            _query = new NativeBuffer(byteLength);
        }

        new Span<byte>((void*)Query, byteLength).Clear();
    }

    /// <summary>The node of a candidate in the pool.</summary>
    public unsafe uint NodeAt(int index) => Candidate.NodeOf(((long*)Pool)[index]);

    /// <summary>Ready for a walk over <paramref name="nodeCount"/> nodes that keeps <paramref name="ef"/> of them.</summary>
    /// <param name="nodeCount">Nodes of the level.</param>
    /// <param name="ef">Candidates to keep.</param>
    /// <param name="rowLength">Neighbours in a row.</param>
    public unsafe void Begin(uint nodeCount, int ef, int rowLength)
    {
        long bytes = ((long)nodeCount + 7) / 8;
        if (_visited.ByteLength < bytes)
        {
            // An eighth more, so that a growing graph does not take a new table for every insertion.
            _visited.Dispose();
            _visited = new NativeBuffer((bytes + (bytes / 8) + 63) & ~63L);
            new Span<byte>((void*)Visited, (int)_visited.ByteLength).Clear();
            TrailCount = 0;
        }

        Forget();
        GrowPool(ef + rowLength + 1);
        Count = 0;
        Accepted = 0;
    }

    /// <summary>Marks a node visited and puts it on the trail, which must have room; false where it was visited before.</summary>
    public unsafe bool Visit(uint node)
    {
        uint* word = (uint*)Visited + (node >> 5);
        uint bit = 1u << (int)node;
        if ((*word & bit) != 0)
        {
            return false;
        }

        *word |= bit;
        ((uint*)Trail)[TrailCount++] = node;
        return true;
    }

    /// <summary>Takes the nodes from a place on the trail on off it again.</summary>
    public unsafe void ForgetFrom(int trailCount)
    {
        for (; TrailCount > trailCount; TrailCount--)
        {
            uint node = ((uint*)Trail)[TrailCount - 1];
            ((uint*)Visited)[node >> 5] &= ~(1u << (int)node);
        }
    }

    /// <summary>Clears the bits of the nodes on the trail.</summary>
    public unsafe void Forget()
    {
        var visited = (uint*)Visited;
        var trail = (uint*)Trail;
        if (TrailCount > _visited.ByteLength / sizeof(ulong))
        {
            new Span<byte>((void*)Visited, (int)_visited.ByteLength).Clear();
        }
        else
        {
            for (int i = 0; i < TrailCount; i++)
            {
                visited[trail[i] >> 5] = 0;
            }
        }

        TrailCount = 0;
    }

    /// <summary>Room for at least this many candidates; those there are stay.</summary>
    public void GrowPool(int capacity) => _pool = Grow(_pool, (long)capacity * sizeof(long), (long)Count * sizeof(long));

    /// <summary>Room for at least this many visited nodes; those there are stay.</summary>
    public void GrowTrail(int capacity) => _trail = Grow(_trail, (long)capacity * sizeof(uint), (long)TrailCount * sizeof(uint));

    /// <summary>Room for results.</summary>
    public Span<long> Results(int count)
    {
        if (_results.Length < count)
        {
            _results = new long[Math.Max(count, 2 * _results.Length)];
        }

        return new Span<long>(_results, 0, count);
    }

    /// <summary>Room for the best of them, up to a few; more take memory that is not kept.</summary>
    public ScoredOrdinal[] Kept(int count)
    {
        const int Most = 1024;
        if (_kept.Length < Math.Min(count, Most))
        {
            _kept = new ScoredOrdinal[Math.Min(count, Most)];
        }

        return _kept;
    }

    /// <summary>Room for where their records are.</summary>
    public Span<long> Offsets(int count)
    {
        if (_offsets.Length < count)
        {
            _offsets = new long[Math.Max(count, 2 * _offsets.Length)];
        }

        return new Span<long>(_offsets, 0, count);
    }

    public void Dispose()
    {
        _visited.Dispose();
        _trail.Dispose();
        _query.Dispose();
        _pool.Dispose();
    }

    private static unsafe NativeBuffer Grow(NativeBuffer buffer, long byteLength, long used)
    {
        if (buffer.ByteLength >= byteLength)
        {
            return buffer;
        }

        var larger = new NativeBuffer(Math.Max(byteLength, 2 * buffer.ByteLength));
        Buffer.MemoryCopy((void*)buffer.Address, (void*)larger.Address, larger.ByteLength, used);
        buffer.Dispose();
        return larger;
    }
}
