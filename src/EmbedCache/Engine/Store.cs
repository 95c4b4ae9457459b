using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// One open store: finds the current snapshot for readers, and lets one writer at a time make the next.
/// </summary>
internal sealed partial class Store : IDisposable
{
    private const int RefreshAttempts = 1000;

    /// <summary>So many operations in so short a time are many.</summary>
    private const int OftenOperations = 64;
    private const int OftenMilliseconds = 16;

    private readonly EmbeddingCacheOptions _options;
    private readonly object _gate = new();
    private readonly GraphMaintainer? _graphs;
    private SharedLog _shared;
    private volatile Snapshot? _current;
    private TrustedPoint _trusted;
    private volatile bool _disposed;
    private int _isClosing;
    private int _lookedAt = System.Environment.TickCount;
    private int _clockRead;
    private int _operationsToClock;
    private FileIdentity _foreign;
    private FreshCodes? _freshCodes;

    /// <param name="environment">The world.</param>
    /// <param name="options">How it is used.</param>
    /// <param name="log">The open file.</param>
    /// <param name="buildsGraphs">Whether writing to it builds its graph in the background.</param>
    public Store(EngineEnvironment environment, EmbeddingCacheOptions options, LogFile log, bool buildsGraphs = true)
    {
        Environment = environment;
        _options = options;
        Path = log.Path;
        _graphs = buildsGraphs && !options.ReadOnly ? new GraphMaintainer(this) : null;
        _shared = new SharedLog(log, options.DecodedCacheBytes);
        try
        {
            Acquire().Release();
        }
        catch
        {
            _current?.Release();
            _shared.Release();
            throw;
        }
    }

    public EngineEnvironment Environment { get; }

    /// <summary>Full path, links resolved.</summary>
    public string Path { get; }

    public EmbeddingCacheOptions Options => _options;

    /// <summary>Builds the graph; null where this store may not.</summary>
    public GraphMaintainer? Graphs => _graphs;

    /// <summary>Codes for the next checkpoint, for the writer alone; made for the first one, so that opening does not.</summary>
    public FreshCodes FreshCodes => _freshCodes ??= new FreshCodes();

    /// <summary>The header; what it says never changes but the generation.</summary>
    public ref readonly FileHeader Header => ref _shared.Log.Header;

    public bool IsReadOnly => _options.ReadOnly;

    public long Now => Environment.UnixMilliseconds();

    /// <summary>The current snapshot, with a reference that the caller releases. Costs two loads while nobody commits.</summary>
    public Snapshot Acquire()
    {
        Snapshot? current = _current;
        bool isLookDue = false;
        if (current is not null && !_disposed && current.TryAddReference())
        {
            // Only with the reference may the file be touched: without it, another thread's Dispose or move to a newer generation could unmap it.
            isLookDue = IsLookDue();
            if (current.Log.PeekSlots() == current.Peek && !isLookDue)
            {
                return current;
            }

            current.Release();
        }

        lock (_gate)
        {
            ThrowIfDisposed();
            if (isLookDue)
            {
                LookAtPath();
            }

            current = Refresh(holdsWriterLock: false);
            current.TryAddReference();
            return current;
        }
    }

    /// <summary>True while the path names the file that is open.</summary>
    public bool IsCurrentFile() => Environment.FileSystem.Identify(Path) is { } identity && identity.Equals(_shared.Log.File.Identity);

    public void ThrowIfDisposed()
    {
        if (_disposed)
        {
            throw new ObjectDisposedException(nameof(EmbeddingCache), $"The cache '{Path}' was closed; open the file again");
        }
    }

    public void Dispose()
    {
        // One thread closes; another that wants to meanwhile has nothing left to do.
        if (Interlocked.Exchange(ref _isClosing, 1) != 0)
        {
            return;
        }

        try
        {
            CloseForWriting();
        }
        finally
        {
            _graphs?.Stop();
            lock (_gate)
            {
                if (!_disposed)
                {
                    _disposed = true;
                    _current?.Release();
                    _current = null;
                    _shared.Release();
                }
            }
        }
    }

    /// <summary>Finds what is newest and makes it current. Called with the gate held.</summary>
    private Snapshot Refresh(bool holdsWriterLock)
    {
        for (int attempt = 0; attempt < RefreshAttempts; attempt++)
        {
            LogFile log = _shared.Log;
            (long A, long B) peek = log.PeekSlots();
            if (_current is { } current && current.Peek == peek && ReferenceEquals(current.Log, log))
            {
                return current;
            }

            CommitSlot? newest = log.ReadSlots().Newest;
            CommitSlot slot = newest ?? Recovery.Rebuild(log).Slot;
            slot.RequireUnderstood(log.Path, forWriting: !IsReadOnly);
            if ((slot.State & SlotState.Superseded) != 0)
            {
                if (!IsCurrentFile())
                {
                    Reopen();
                    continue;
                }

                // The path leads here all the same, as another hard link of the old file does: there is nothing newer to go over to.
                slot = slot with { State = slot.State & ~SlotState.Superseded };
            }

            // Pin first, then look again: a pin taken on a snapshot that is still the newest cannot be too late.
            _shared.Pin(slot.Sequence);
            if (TryCreateSnapshot(log, slot, newest is not null, peek, holdsWriterLock) is { } snapshot)
            {
                Install(snapshot);
                return snapshot;
            }

            _shared.Unpin(slot.Sequence);
            Thread.Yield();
        }

        throw new FileBusyException("The file's commit slots changed faster than they could be read", Path);
    }

    /// <summary>A snapshot of a slot, or null when the world moved on meanwhile. Owns the pin on success and on failure gives it back by exception or by the caller.</summary>
    private Snapshot? TryCreateSnapshot(LogFile log, CommitSlot slot, bool hasSlot, (long A, long B) peek, bool holdsWriterLock)
    {
        try
        {
            CommitSlot effective = slot;
            bool isRecovered = !hasSlot;
            long checkFrom = hasSlot ? slot.DurableTail : FormatConstants.LogOffset;
            if (hasSlot && NeedsExamination(log, slot))
            {
                // While a writer is at work, what lies past the slot is its business. Without one, it is a commit that lacks its slot, or the
                // remains of a crash.
                bool pastPublished = holdsWriterLock || (!IsWriting && log.File.IsLockedByOther(LockRanges.WriterLock, 1) == false);
                RecoveredLog recovered = Recovery.Examine(log, slot, TrustedOf(slot), pastPublished);
                effective = recovered.Slot;
                isRecovered = recovered.IsLonger || recovered.IsShorter || MayHaveLost(slot);

                // Counted anew, the log names its last catalog, be it one that an earlier recovery passed over: below the durable tail too.
                checkFrom = recovered.IsShorter ? FormatConstants.LogOffset : checkFrom;
                bool writerAppeared = recovered.IsLonger && !holdsWriterLock && log.File.IsLockedByOther(LockRanges.WriterLock, 1) != false;
                if (writerAppeared)
                {
                    return null;
                }
            }

            if (log.PeekSlots() != peek)
            {
                return null;
            }

            log.Source.EnsureCovers(effective.PublishedTail);
            Snapshot? current = _current;
            bool isContinued = current is not null && ReferenceEquals(current.Log, log) && current.Slot.Epoch == effective.Epoch && current.PublishedTail <= effective.PublishedTail;
            if (!isContinued)
            {
                log.Checked.Clear();
                _shared.DropDecoded();
            }

            _trusted = new TrustedPoint(effective.PublishedTail, effective.PublishedChain, effective.Epoch);
            bool isSameIndex = isContinued && current!.Slot.CatalogOffset == effective.CatalogOffset;
            IndexState index = isSameIndex ? current!.Index : LoadIndex(log, effective, isRecovered ? checkFrom : long.MaxValue);
            if (isRecovered && ReferenceEquals(index, IndexState.Empty))
            {
                // A catalog whose sections did not all reach the disk is not adopted, also not in the slot that will be written: one before is.
                (effective, index) = LoadIndexBefore(log, effective, slot);
            }

            if (isRecovered || (effective.CatalogOffset != 0 && ReferenceEquals(index, IndexState.Empty)))
            {
                // The slot that counted them is of another catalog, or its catalog is of no use.
                effective = effective with { LiveIndexedCount = index.CountLive() };
            }

            Tail tail = isSameIndex ? current!.Tail : new Tail(log, index.CoversTo, index.Derived);
            return new Snapshot(_shared, effective, peek, index, tail);
        }
        catch
        {
            _shared.Unpin(slot.Sequence);
            throw;
        }
    }

    /// <summary>How far this slot's log is known to be whole: since this machine started nothing can have been lost, and what this process has followed once stays.</summary>
    private TrustedPoint TrustedOf(in CommitSlot slot)
        => slot.Boot != 0 && slot.Boot == Environment.Boot() ? new TrustedPoint(slot.PublishedTail, slot.PublishedChain, slot.Epoch) : _trusted;

    /// <summary>The power may have gone out since the slot was written, and with it frames that no fsync covered.</summary>
    private bool MayHaveLost(in CommitSlot slot) => slot.DurableTail < slot.PublishedTail && (slot.Boot == 0 || slot.Boot != Environment.Boot());

    private bool NeedsExamination(LogFile log, in CommitSlot slot)
    {
        if (MayHaveLost(slot))
        {
            return true;
        }

        // A zero where the next frame would start says that nobody wrote there.
        Span<byte> kind = stackalloc byte[1];
        return log.File.ReadAt(slot.PublishedTail, kind) == 1 && kind[0] != (byte)FrameKind.Invalid;
    }

    /// <summary>
    /// Loads the index that a slot names. A damaged catalog costs time, not answers: everything then counts as tail, and the next checkpoint
    /// writes the index anew.
    /// </summary>
    private static IndexState LoadIndex(LogFile log, in CommitSlot slot, long checkFrom)
    {
        try
        {
            var index = IndexState.Load(log, slot.CatalogOffset, slot.PublishedTail, checkFrom);
            return index.OrdinalCount <= slot.RecordCount ? index : IndexState.Empty;
        }
        catch (CorruptFileException)
        {
            return IndexState.Empty;
        }
    }

    /// <summary>The newest index before one that is of no use, every block checked: that of the slot which recovery started from, or of the other; else none.</summary>
    private static (CommitSlot Slot, IndexState Index) LoadIndexBefore(LogFile log, CommitSlot effective, in CommitSlot slot)
    {
        long useless = effective.CatalogOffset;
        foreach (long offset in new[] { slot.CatalogOffset, log.ReadSlots().Older?.CatalogOffset ?? 0 })
        {
            if (offset != 0 && offset < useless)
            {
                effective = effective with { CatalogOffset = offset };
                IndexState index = LoadIndex(log, effective, checkFrom: 0);
                if (!ReferenceEquals(index, IndexState.Empty))
                {
                    return (effective, index);
                }
            }
        }

        return (effective with { CatalogOffset = 0 }, IndexState.Empty);
    }

    private void Install(Snapshot snapshot)
    {
        Snapshot? previous = _current;
        _current = snapshot;
        previous?.Release();
    }

    /// <summary>
    /// A compactor that dies between its rename and its mark leaves the old file unmarked for ever. So the path is looked at now and then, by the clock.
    /// Reading that takes 10 ns, so those who come often read it seldom; a count that threads race for is as good as an exact one.
    /// </summary>
    private bool IsLookDue()
    {
        if (--_operationsToClock > 0)
        {
            return false;
        }

        int now = System.Environment.TickCount;
        _operationsToClock = unchecked(now - _clockRead) < OftenMilliseconds ? OftenOperations : 1;
        _clockRead = now;
        return unchecked(now - _lookedAt) >= Environment.PathLookMilliseconds;
    }

    /// <summary>Goes over to a newer generation of this store at the path. Whatever else stands there, or nothing, leaves this file in use.</summary>
    private void LookAtPath()
    {
        _lookedAt = System.Environment.TickCount;
        if (_isWriting || Environment.FileSystem.Identify(Path) is not { } identity || identity.Equals(_shared.Log.File.Identity) || identity.Equals(_foreign))
        {
            return;
        }

        try
        {
            LogFile next = OpenAtPath();
            if (next.Header.StoreId == Header.StoreId && next.Header.Generation > Header.Generation)
            {
                GoOverTo(next);
                return;
            }

            next.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not ours, or not there any more.
        }

        _foreign = identity;
    }

    /// <summary>A compaction put a newer generation at the path: goes over to it. Snapshots in use keep the old file.</summary>
    private void Reopen()
    {
        LogFile next = OpenAtPath();
        if (next.Header.StoreId != Header.StoreId)
        {
            next.Dispose();
            throw new FileNotFoundException($"The file '{Path}' was replaced by another store while it was open; open it again", Path);
        }

        GoOverTo(next);
    }

    private LogFile OpenAtPath() => LogFile.Open(Environment.FileSystem, Path, !IsReadOnly, positional: !_shared.Log.Source.IsMapped);

    private void GoOverTo(LogFile next)
    {
        SharedLog previous = _shared;
        _shared = new SharedLog(next, _options.DecodedCacheBytes);
        _trusted = default;
        previous.Release();
    }
}
