using System.Diagnostics;
using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>The writing half: taking the lock, publishing, and giving back.</summary>
internal sealed partial class Store
{
    /// <summary>With Durability.Normal, an fsync at the latest after this many bytes.</summary>
    private const long MaxUndurableByteLength = 1L << 30;

    /// <summary>Creating or compacting a file takes one transaction; a later one says that a writer came after and made the name durable.</summary>
    private const long LastFoundingTransaction = 1;

    private readonly WriterLock _writerLock = new();
    private SpaceReserver? _space;
    private DeviceFailedException? _poison;
    private LogFile? _recoveredFor;
    private volatile bool _isWriting;
    private bool _hasWritten;
    private bool _hasNewIndex;
    private long _appended;
    private long _appendedLast;

    /// <summary>True while a transaction of this handle is open.</summary>
    private bool IsWriting => _isWriting;

    /// <summary>Begins a transaction: lock, look who wrote meanwhile, recover what a dead writer left.</summary>
    /// <exception cref="FileBusyException">Another writer held the lock until the timeout ran out.</exception>
    public WriteTransaction BeginWrite(TimeSpan? busyTimeout = null)
    {
        ThrowIfDisposed();
        if (IsReadOnly)
        {
            throw new InvalidOperationException($"The cache '{Path}' was opened read-only; open it for writing to change it");
        }

        if (_poison is not null)
        {
            throw new DeviceFailedException("An earlier fsync of this handle failed, so what reached the disk is unknown. Close it and open the file again", Path, null, _poison, isPoisoned: true);
        }

        TimeSpan timeout = busyTimeout ?? _options.BusyTimeout;
        var clock = Stopwatch.StartNew();
        while (true)
        {
            TimeSpan left = timeout - clock.Elapsed;
            if (TryBeginWrite(timeout == Timeout.InfiniteTimeSpan ? timeout : left > TimeSpan.Zero ? left : TimeSpan.Zero) is { } transaction)
            {
                return transaction;
            }
        }
    }

    /// <summary>Null when the lock that was waited for turned out to be that of an older generation.</summary>
    private WriteTransaction? TryBeginWrite(TimeSpan timeout)
    {
        IStoreFile locked = _writerLock.Acquire(() => _shared.Log.File, timeout);
        try
        {
            Snapshot? snapshot;
            lock (_gate)
            {
                ThrowIfDisposed();
                snapshot = PrepareToWrite(locked);
                _isWriting = snapshot is not null;
            }

            if (snapshot is null)
            {
                _writerLock.Release(locked);
                return null;
            }

            LookForOthers(snapshot);
            if (!ReferenceEquals(_space?.File, locked))
            {
                _space = new SpaceReserver(locked, _options.Durability == Durability.Full);
            }

            return new WriteTransaction(this, snapshot, new LogAppender(snapshot.Log, snapshot.Slot, _space!, Environment.Limits.AppendBufferByteLength, _appendedLast));
        }
        catch
        {
            _isWriting = false;
            _writerLock.Release(locked);
            throw;
        }
    }

    /// <summary>Whether a commit up to this offset comes with an fsync: always with Full, with Normal once much has piled up, which bounds what a recovery reads.</summary>
    public bool IsCommitDurable(Snapshot snapshot, long publishedTail)
        => _options.Durability == Durability.Full || publishedTail - snapshot.Slot.DurableTail >= MaxUndurableByteLength;

    /// <summary>Makes a transaction's frames the newest state of the file.</summary>
    public void Publish(WriteTransaction transaction, LogAppender appender, IndexState index, in CommitSlot next, bool isDurable)
    {
        ThrowIfDisposed();
        LogFile log = transaction.Snapshot.Log;
        if (isDurable)
        {
            VouchForOthers(transaction.Snapshot);
            Flush(log);
        }

        CommitSlot slot = next with { Boot = Environment.Boot() };
        if (isDurable)
        {
            slot = slot with { DurableTail = slot.PublishedTail, DurableChain = slot.PublishedChain };
        }

        try
        {
            log.WriteSlot(slot);
        }
        catch (DeviceFailedException e)
        {
            // The frames may be durable: the next open would find the commit. Whether it happened is unknown here.
            throw Poison(e);
        }

        transaction.MarkPublished();
        Own(log, slot.Sequence, isDurable);
        _hasWritten = true;
        _appendedLast = slot.PublishedTail - appender.StartOffset;
        _appended += _appendedLast;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _trusted = new TrustedPoint(slot.PublishedTail, slot.PublishedChain, slot.Epoch);
            if (!TryLookAt(log, slot.PublishedTail, out (long A, long B) peek))
            {
                return;
            }

            _shared.Pin(slot.Sequence);
            Snapshot before = transaction.Snapshot;
            Tail tail = before.Tail;
            if (ReferenceEquals(index, before.Index))
            {
                tail.Append(transaction.Pending, before.PublishedTail, slot.PublishedTail);
            }
            else
            {
                _hasNewIndex = index.OrdinalCount >= Environment.GraphThreshold && index.Properties.Index == IndexMode.Auto;
                tail = new Tail(log, index.CoversTo, index.Derived);
            }

            Install(new Snapshot(_shared, slot, peek, index, tail));
        }
    }

    /// <summary>
    /// What the snapshot of a commit needs of the device. The commit has happened: where this fails, the caller must not be told that it did not, and
    /// the next operation will find it by its slot.
    /// </summary>
    private static bool TryLookAt(LogFile log, long publishedTail, out (long A, long B) peek)
    {
        try
        {
            log.Source.EnsureCovers(publishedTail);
            peek = log.PeekSlots();
            return true;
        }
        catch (EmbedCacheException)
        {
            peek = default;
            return false;
        }
    }

    /// <summary>
    /// After a rollback over bytes that reached the file: cuts them off, and opens a new epoch durably before anything is appended, so that
    /// none of them can ever join the log again.
    /// </summary>
    public void Abandon(WriteTransaction transaction, LogAppender appender)
    {
        LogFile log = transaction.Snapshot.Log;
        if (!appender.IsEmpty)
        {
            // Whatever comes to stand at the offsets of its frames was not checked.
            log.Checked.Clear();
        }

        if (!appender.HasWritten || _poison is not null)
        {
            return;
        }

        try
        {
            log.Source.Invalidate(transaction.Snapshot.PublishedTail);
            CutAfter(log, transaction.Snapshot.PublishedTail);
            PublishNewEpoch(log, transaction.Snapshot.Slot with { Transaction = appender.Transaction }, _foreignEnd);
            _space?.Trimmed(transaction.Snapshot.PublishedTail);
        }
        catch (DeviceFailedException e)
        {
            throw Poison(e);
        }
    }

    public void EndWrite(WriteTransaction transaction)
    {
        _isWriting = false;
        bool hasNewIndex = _hasNewIndex;
        _hasNewIndex = false;
        IStoreFile file = transaction.Snapshot.Log.File;
        try
        {
            _writerLock.Release(file);
        }
        finally
        {
            // Last: where the cache was closed meanwhile, this closes the file.
            transaction.Snapshot.Release();
        }

        if (hasNewIndex)
        {
            _graphs?.Wake();
        }
    }

    /// <summary>fsync. Its failure is final: the kernel may have dropped the pages, and a second try would succeed without them.</summary>
    public void Flush(LogFile log)
    {
        try
        {
            log.File.Flush();
        }
        catch (DeviceFailedException e)
        {
            throw Poison(e);
        }
    }

    /// <summary>Publishes a slot that only says that everything before it is durable.</summary>
    public void PublishDurable(WriteTransaction transaction)
    {
        Snapshot snapshot = transaction.Snapshot;
        VouchForOthers(snapshot);
        Flush(snapshot.Log);
        CommitSlot slot = snapshot.Slot with
        {
            Sequence = snapshot.Slot.Sequence + 1,
            DurableTail = snapshot.PublishedTail,
            DurableChain = snapshot.Slot.PublishedChain,
            Boot = Environment.Boot(),
        };
        snapshot.Log.WriteSlot(slot);
        Own(snapshot.Log, slot.Sequence, isDurable: true);
    }

    /// <summary>The snapshot to start from, or null when <paramref name="locked"/> is not the newest generation's file: that one's lock is to be waited for instead.</summary>
    private Snapshot? PrepareToWrite(IStoreFile locked)
    {
        while (true)
        {
            Snapshot snapshot = Refresh(holdsWriterLock: true);
            if (!ReferenceEquals(snapshot.Log.File, locked))
            {
                // Locking the orphan would acknowledge writes into a deleted file.
                return null;
            }

            if (!IsCurrentFile())
            {
                // A compactor may have died between its rename and its mark on the old file.
                Reopen();
                continue;
            }

            if (!snapshot.Log.IsNameDurable && snapshot.Slot.Transaction <= LastFoundingTransaction)
            {
                snapshot.Log.MakeNameDurable();
            }

            snapshot = RecoverBeforeAppend(snapshot);
            if (snapshot.Slot.Transaction >= FormatConstants.MaxTransaction)
            {
                throw new CorruptFileException("The file's transaction number is the highest there is; copy its records into a new file", Path, FormatConstants.SlotOffset(snapshot.Slot.Sequence) + CommitSlot.TransactionOffset);
            }

            snapshot.TryAddReference();
            return snapshot;
        }
    }

    /// <summary>
    /// Bytes past the tail are whole commits that lack their slot, or remains that nobody trusts. The first are published; against the others
    /// a new epoch is opened. A handle that has done so once knows its own bytes, and looks again only when it meets others'.
    /// </summary>
    private Snapshot RecoverBeforeAppend(Snapshot snapshot)
    {
        LogFile log = snapshot.Log;
        CommitSlot? written = log.ReadSlots().Newest;
        bool differs = written is not { } slot || slot.PublishedTail != snapshot.PublishedTail || slot.Epoch != snapshot.Slot.Epoch;
        bool isFirst = !ReferenceEquals(_recoveredFor, log);
        if (!differs && !(isFirst && log.File.Length > snapshot.PublishedTail) && !NeedsExamination(log, snapshot.Slot with { DurableTail = snapshot.PublishedTail }))
        {
            _recoveredFor = log;
            return snapshot;
        }

        try
        {
            if (written is not { } w || w.PublishedTail <= snapshot.PublishedTail)
            {
                CutAfter(log, snapshot.PublishedTail);
            }

            PublishNewEpoch(log, snapshot.Slot, snapshot.PublishedTail);
        }
        catch (DeviceFailedException e)
        {
            throw Poison(e);
        }

        _recoveredFor = log;
        return Refresh(holdsWriterLock: true);
    }

    /// <summary>
    /// What was found is made durable first, then the slot that names it, then that slot: only then may anything be appended. The other slot follows:
    /// were it left in the old epoch, a power loss could bring it back in the place of newer ones, the new epoch would be given out a second time, and
    /// frames that were lost with it could rejoin the log.
    /// </summary>
    private void PublishNewEpoch(LogFile log, in CommitSlot state, long foreignEnd)
    {
        log.WriteAgain(state.DurableTail, Math.Min(foreignEnd, state.PublishedTail));
        log.File.Flush();
        CommitSlot slot = state with
        {
            Sequence = state.Sequence + 1,
            Epoch = state.Epoch + 1,
            DurableTail = state.PublishedTail,
            DurableChain = state.PublishedChain,
            Boot = Environment.Boot(),
        };
        log.WriteSlot(slot);
        log.File.Flush();
        log.WriteSlot(slot with { Sequence = slot.Sequence + 1 });
        Own(log, slot.Sequence + 1, isDurable: true);
    }

    private void CutAfter(LogFile log, long tail)
    {
        if (log.File.Length > tail)
        {
            log.File.SetLength(tail);
        }

        _space?.Forget();
    }

    private DeviceFailedException Poison(DeviceFailedException cause)
    {
        _poison = cause;
        return new DeviceFailedException(
            "Writing to the device failed in a way that leaves the outcome unknown. Close the cache and open the file again: it will hold the acknowledged commits, and perhaps the last one",
            Path,
            cause.Offset,
            cause,
            isPoisoned: true,
            isFull: cause.IsFull);
    }
}
