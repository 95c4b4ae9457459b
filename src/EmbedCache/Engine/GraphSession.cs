using EmbedCache.Format;
using EmbedCache.Search.Graph;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>
/// Builds on a store's graph, in memory over what the file has, and writes it into the file now and then. While it lives it holds the builder lock, so that
/// nobody else replaces the sections it stands on; it pins no snapshot between its steps.
/// </summary>
internal sealed class GraphSession : IDisposable
{
    /// <summary>Nodes that one step inserts: a fraction of a second's work, after which newer codes are looked for.</summary>
    private const uint StepCount = 4096;

    /// <summary>Overlays of one level that become one of the next. A search looks into each of them for every row.</summary>
    private const int OverlayFanOut = 6;

    /// <summary>Rows in overlays, as a share of the base's: with more, a new base costs little more to write, and gives back the space of rows that nobody reads.</summary>
    private const double MostOverlaid = 0.6;

    private readonly Store _store;
    private readonly SharedLog _shared;
    private readonly CatalogEntry[] _entries;
    private readonly PersistedGraph? _persisted;
    private readonly WorkingGraph _graph;
    private bool _hasMended;

    private GraphSession(Store store, Snapshot snapshot, CatalogEntry[] entries, PersistedGraph? persisted, WorkingGraph graph)
    {
        _store = store;
        _shared = snapshot.Shared;
        _shared.AddReference();
        _entries = entries;
        _persisted = persisted;
        _graph = graph;
        InsertedCount = PersistedCount;
    }

    /// <summary>Nodes that the file has.</summary>
    public uint PersistedCount => _persisted?.Count ?? 0;

    /// <summary>Nodes with those in memory.</summary>
    public uint InsertedCount { get; private set; }

    /// <summary>True once what is in memory is half of what the file has, and worth a section of its own.</summary>
    public bool ShouldPersist => InsertedCount - PersistedCount >= Math.Max(65_536, PersistedCount / 2);

    /// <summary>Whether what is in memory is worth a section at the end of the work.</summary>
    public bool IsWorthPersisting => _hasMended || InsertedCount - PersistedCount >= Math.Max(1, _persisted is null ? 1 : Math.Min(1024, PersistedCount / 512));

    /// <summary>Begins, unless another builder is at work or there is too little to do.</summary>
    /// <param name="store">The store.</param>
    /// <param name="least">Nodes that must be there to insert; null for what is worth it.</param>
    public static GraphSession? TryBegin(Store store, long? least = null)
    {
        Snapshot first = store.Acquire();
        try
        {
            if (CountMissing(store, first) < (least ?? LeastWorth(store, first)) || !first.Log.File.TryLock(LockRanges.GraphBuilder, 1, LockKind.Exclusive))
            {
                return null;
            }

            GraphSession? session = null;
            try
            {
                session = Begin(store, first.Log);
                return session;
            }
            finally
            {
                if (session is null)
                {
                    first.Log.File.Unlock(LockRanges.GraphBuilder, 1);
                }
            }
        }
        finally
        {
            first.Release();
        }
    }

    /// <summary>Whether so many codes are missing from the graph that a builder should begin.</summary>
    public static bool IsWorthwhile(Store store)
    {
        Snapshot snapshot = store.Acquire();
        try
        {
            long missing = CountMissing(store, snapshot);
            return missing > 0 && missing >= LeastWorth(store, snapshot);
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Codes that the file's graph does not cover.</summary>
    public static long CountMissing(Store store, Snapshot snapshot)
    {
        if (snapshot.Index.OrdinalCount < store.Environment.GraphThreshold || snapshot.Properties.Index != IndexMode.Auto || snapshot.Codes is not { } codes || codes.Count < store.Environment.GraphThreshold)
        {
            return 0;
        }

        return codes.Count - (snapshot.Graph?.Graph.Count ?? 0);
    }

    /// <summary>How many nodes must be missing for a section to be worth its bytes: until then their codes are scanned.</summary>
    public static long LeastWorth(Store store, Snapshot snapshot) => snapshot.Graph is { } graph ? Math.Max(Math.Min(1024, store.Environment.GraphThreshold), graph.Graph.Count / 512) : 1;

    /// <summary>Inserts some of what is missing.</summary>
    /// <param name="threads">Threads to use, this one among them.</param>
    /// <param name="shouldStop">Asked often, from any of them.</param>
    /// <param name="total">Nodes that there are codes for.</param>
    /// <returns>False where this session cannot go on: its file was replaced, or its room is used up.</returns>
    public bool Step(int threads, Func<bool> shouldStop, out uint total)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            total = InsertedCount;
            if (!IsCurrent(snapshot) || snapshot.Codes is not { } codes || GraphIndex.TryMap(codes, snapshot.Log.Header.Metric) is not { } table)
            {
                return false;
            }

            total = table.Count;
            uint target = Math.Min(Math.Min(total, _graph.Capacity), InsertedCount + StepCount);
            var builder = new GraphBuilder(_graph, table);
            if (target > InsertedCount)
            {
                InsertedCount = builder.Build(InsertedCount, target, threads, ThreadPriority.BelowNormal, shouldStop);
            }

            GC.KeepAlive(table);
            return InsertedCount < _graph.Capacity || total == InsertedCount;
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Takes the nodes of holes that deletes left out of the graph, which has all codes.</summary>
    /// <param name="threads">Threads to use, this one among them.</param>
    /// <param name="shouldStop">Asked often, from any of them.</param>
    public void Mend(int threads, Func<bool> shouldStop)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            if (!IsCurrent(snapshot) || snapshot.Codes is not { } codes || GraphIndex.TryMap(codes, snapshot.Log.Header.Metric) is not { } table || table.Count < InsertedCount)
            {
                return;
            }

            var holes = GraphHoles.Find(new WorkingSpace(_graph.Rows, InsertedCount), snapshot.Live.Live.Of(snapshot.Live).Words);
            if (holes.Nodes.Length > 0)
            {
                new GraphBuilder(_graph, table).Mend(holes, threads, ThreadPriority.BelowNormal, shouldStop);
                _hasMended = true;
            }

            GC.KeepAlive(table);
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>
    /// Writes what is in memory as a new overlay, or, where so much changed that little of the base would be left in use, as a new base. In a transaction of its own.
    /// The session has served its purpose then.
    /// </summary>
    /// <param name="busyTimeout">How long to wait for another writer.</param>
    /// <param name="mustFold">Write a base whatever changed.</param>
    /// <param name="shouldStop">Asked, from any thread, while a base is made ready: what can wait for the next one is left out then.</param>
    /// <returns>False where the file has moved on, and what is in memory does not fit it any more.</returns>
    public bool Persist(TimeSpan? busyTimeout, bool mustFold, Func<bool> shouldStop)
    {
        int kept = mustFold ? 0 : CountKept();
        if (kept == 0 && _persisted is not null)
        {
            LinkAbove(shouldStop);
        }

        using WriteTransaction transaction = _store.BeginWrite(busyTimeout);
        Snapshot snapshot = transaction.Snapshot;
        if (!IsCurrent(snapshot) || snapshot.Codes is not { } codes || codes.Count < InsertedCount)
        {
            return false;
        }

        var writer = new GraphLayerWriter(_graph, InsertedCount);
        GraphHeader header = kept == 0 ? writer.BaseHeader() : writer.OverlayHeader(_persisted!.Layers[kept - 1].Section.Offset);
        var frame = new SectionFrame
        {
            Header = new FrameHeader { Kind = FrameKind.Graph },
            EntryByteLength = FormatConstants.LineByteLength,
            CoversFrom = FormatConstants.LogOffset,
            CoversTo = snapshot.Index.CoversTo,
            Level = (uint)kept,
        };
        var keptOffsets = new HashSet<long>(_persisted is null ? [] : _persisted.Layers.Take(kept).Select(layer => layer.Section.Offset));
        transaction.ReplaceDerived([.. _entries.Where(entry => !keptOffsets.Contains(entry.FrameOffset))], frame, sections => writer.Write(header, sections));
        transaction.Commit();
        return true;
    }

    /// <summary>Links the nodes of overlays above level 0. Only a base has those levels, so that a session that writes an overlay does without.</summary>
    private void LinkAbove(Func<bool> shouldStop)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            if (IsCurrent(snapshot) && snapshot.Codes is { } codes && GraphIndex.TryMap(codes, snapshot.Log.Header.Metric) is { } table && table.Count >= InsertedCount)
            {
                new GraphBuilder(_graph, table).BuildAbove(PersistedCount, _store.Environment.GraphThreads, ThreadPriority.BelowNormal, shouldStop);
                GC.KeepAlive(table);
            }
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>True where the file has the graph in one piece.</summary>
    public bool IsFolded => _persisted is null || _persisted.Layers.Length == 1;

    public void Dispose()
    {
        _graph.Dispose();
        _shared.Log.File.Unlock(LockRanges.GraphBuilder, 1);
        _shared.Release();
    }

    private static GraphSession? Begin(Store store, LogFile locked)
    {
        Snapshot snapshot = store.Acquire();
        try
        {
            // What another builder wrote before it gave the lock back is in this snapshot.
            if (!ReferenceEquals(snapshot.Log, locked) || CountMissing(store, snapshot) < 0 || snapshot.Codes is not { } codes)
            {
                return null;
            }

            CatalogEntry[] entries = snapshot.Index.Derived.GraphEntries;
            uint capacity = (uint)Math.Min(Candidate.NodeLimit - 1, codes.Count + Math.Max(65_536, codes.Count / 2));
            PersistedGraph? persisted = snapshot.Graph?.Graph;
            WorkingGraph? resumed = persisted is null ? null : WorkingGraph.TryResume(persisted, capacity);
            return resumed is null
                ? new GraphSession(store, snapshot, entries, null, new WorkingGraph(GraphParameters.Default, capacity))
                : new GraphSession(store, snapshot, entries, persisted, resumed);
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Whether a snapshot's graph is the one that this session stands on.</summary>
    private bool IsCurrent(Snapshot snapshot)
        => ReferenceEquals(snapshot.Log, _shared.Log)
        && snapshot.Index.Derived.GraphEntries.Select(entry => entry.FrameOffset).SequenceEqual(_entries.Select(entry => entry.FrameOffset));

    /// <summary>Layers to keep below the new one, 0 for a new base. The rows of those between are brought into memory, to be written with it.</summary>
    private int CountKept()
    {
        if (_persisted is not { } persisted)
        {
            return 0;
        }

        GraphLayer[] overlays = [.. persisted.Layers.Skip(1)];
        int merged = new GeometricRuns(_store.Environment.Limits.OverlayLevelOneCount, OverlayFanOut).CountMerged([.. overlays.Select(layer => (long)layer.Header.RowCount)], _graph.Rows.ChangedCount);
        int kept = persisted.Layers.Length - merged;
        for (uint node = 0; merged > 0 && node < persisted.Count; node++)
        {
            if (persisted.IsChangedSince(kept, node))
            {
                _graph.Rows.Writable(node);
            }
        }

        long rows = _graph.Rows.ChangedCount;
        for (int i = 1; i < kept; i++)
        {
            rows += persisted.Layers[i].Header.RowCount;
        }

        return rows > persisted.BaseCount * MostOverlaid ? 0 : kept;
    }
}
