using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Metadata;
using EmbedCache.Search;
using EmbedCache.Search.Graph;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>
/// The file as of one commit: immutable, shared by the operations that run on it, and counted, so that what it maps and pins is let go when
/// the last of them ends.
/// </summary>
internal sealed class Snapshot
{
    private readonly SharedLog _shared;
    private readonly object _gate = new();
    private volatile StoreProperties? _properties;
    private volatile ScanSet? _live;
    private FilterCache? _filters;
    private volatile int _tailCount = -1;
    private int _references = 1;

    public Snapshot(SharedLog shared, in CommitSlot slot, (long A, long B) peek, IndexState index, Tail tail)
    {
        _shared = shared;
        shared.AddReference();
        Slot = slot;
        Peek = peek;
        Index = index;
        Tail = tail;
    }

    public LogFile Log => _shared.Log;

    public SharedLog Shared => _shared;

    /// <summary>The slot, or what recovery made of it.</summary>
    public CommitSlot Slot { get; }

    /// <summary>What <see cref="LogFile.PeekSlots"/> said when this was read: while it stays, so does this.</summary>
    public (long A, long B) Peek { get; }

    public IndexState Index { get; }

    public Tail Tail { get; }

    public long PublishedTail => Slot.PublishedTail;

    /// <summary>Entries of the tail that this snapshot sees. Read on first use, so that opening does not.</summary>
    public int TailCount
    {
        get
        {
            if (_tailCount < 0)
            {
                _tailCount = Tail.ExtendTo(PublishedTail);
            }

            return _tailCount;
        }
    }

    /// <summary>The scalar codes, opened when they are first used; null where there are none.</summary>
    public CodeRuns? Codes => Index.Derived.Codes(Log, PublishedTail, Index.OrdinalCount);

    /// <summary>What filters let through, worked out when they are first asked for.</summary>
    public FilterCache Filters => LazyInitializer.EnsureInitialized(
        ref _filters,
        () => new FilterCache(Live, Index.Derived.Columns(Log, PublishedTail, Index.OrdinalCount), Index.Derived.TellColumnsDamaged))!;
    /// <summary>The proximity graph, opened when it is first used; null where there is none.</summary>
    public GraphIndex? Graph => Index.Derived.Graph(Log, PublishedTail, Index.OrdinalCount);

    /// <summary>The short codes, opened when they are first used; null where there are none.</summary>
    public ShortCodes? ShortCodes => Index.Derived.ShortCodes(Log, PublishedTail, Index.OrdinalCount);

    /// <summary>The live records, worked out when they are first scanned.</summary>
    public ScanSet Live => _live ??= LiveRecords.Build(this);

    /// <summary>The store's properties.</summary>
    public StoreProperties Properties
    {
        get
        {
            if (_properties is null)
            {
                lock (_gate)
                {
                    _ = TailCount;
                    long offset = Tail.PropertiesOffset;
                    _properties ??= offset != 0 && offset < PublishedTail ? StoreProperties.Read(Log, offset, PublishedTail) : Index.Properties;
                }
            }

            return _properties;
        }
    }

    /// <summary>The live frame of a key (Record or Touch, expired or not), or false.</summary>
    /// <param name="key">The key.</param>
    /// <param name="offset">Where the frame is.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="wantsVector">The caller will read the whole vector.</param>
    public bool TryFind(scoped in StoredKey key, out long offset, out RecordFrame frame, bool wantsVector = false)
    {
        int count = TailCount;
        int collisions = 0;
        TailTable table = Tail.Table;
        for (int index = table.FindNewest(key.Hash, count); index >= 0; index = table.FindOlder(index))
        {
            offset = table[index].Offset;
            if (KeyComparer.Matches(Log, offset, PublishedTail, key, out frame, wantsVector))
            {
                return frame.Header.Kind != FrameKind.Tombstone;
            }

            KeyComparer.CountCollision(Log, offset, ref collisions);
        }

        return IndexLookup.TryFind(Log, Index.Segments, key, PublishedTail, out offset, out frame, wantsVector);
    }

    /// <summary>The same state without its index, all of the log counting as tail: what to go on with when sections are damaged. To be released.</summary>
    public Snapshot WithoutIndex()
    {
        _shared.Pin(Slot.Sequence);
        return new Snapshot(_shared, Slot, Peek, IndexState.Empty, new Tail(Log, FormatConstants.LogOffset, Index.Derived));
    }

    /// <summary>Takes a reference unless the last one is gone already.</summary>
    public bool TryAddReference()
    {
        int references = Volatile.Read(ref _references);
        while (references > 0)
        {
            int seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _shared.Unpin(Slot.Sequence);
            _shared.Release();
        }
    }
}
