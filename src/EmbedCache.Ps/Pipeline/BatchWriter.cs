namespace EmbedCache.PowerShell;

/// <summary>
/// Collects changes and commits them in batches: when a batch is full, or when its oldest change has waited for the interval, whichever
/// comes first. The interval is kept by a timer, since a slow upstream may take long to send the next record. A commit by the timer runs on
/// a thread of the pool; what it has to tell is queued for the pipeline's thread.
/// </summary>
internal abstract class BatchWriter : IDisposable
{
    private readonly EmbeddingCache _cache;
    private readonly Queue<BatchOutcome> _outcomes = new();
    private readonly Timer _timer;
    private bool _timerIsSet;
    private Exception? _failure;
    private bool _failureIsTold;
    private bool _isDisposed;

    protected BatchWriter(EmbeddingCache cache, WriterOptions options)
    {
        _cache = cache;
        Options = options;
        _timer = new Timer(static state => ((BatchWriter)state!).OnTimer(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Changes that are committed.</summary>
    public long CommittedCount { get; private set; }

    protected WriterOptions Options { get; }

    /// <summary>Guards everything here: the pipeline's thread and the timer's meet at it.</summary>
    protected object Gate { get; } = new();

    protected abstract int PendingCount { get; }

    protected abstract long PendingByteLength { get; }

    /// <summary>Takes the next outcome, in the order of the commits.</summary>
    public bool TryTakeOutcome(out BatchOutcome outcome)
    {
        lock (Gate)
        {
            if (_outcomes.Count == 0)
            {
                outcome = null!;
                return false;
            }

            outcome = _outcomes.Dequeue();
            return true;
        }
    }

    /// <summary>Throws what the timer's commit failed with, if it did.</summary>
    public void ThrowIfFailed()
    {
        lock (Gate)
        {
            if (_failure is { } failure && !_failureIsTold)
            {
                _failureIsTold = true;
                throw failure;
            }
        }
    }

    /// <summary>Commits what is pending. Safe to call when nothing is, and after a failure (which is thrown once).</summary>
    /// <param name="keepOnStop">True to wait for the writer lock even though the pipeline was stopped: the records were accepted.</param>
    public void Flush(bool keepOnStop = false)
    {
        lock (Gate)
        {
            ThrowIfFailed();
            FlushPending(keepOnStop ? CancellationToken.None : Options.Stopping);
        }
    }

    /// <summary>Forgets what is pending.</summary>
    public void Discard()
    {
        lock (Gate)
        {
            ClearPending();
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            // Under the gate: a timer that is committing right now finishes first, and one that comes later finds the writer disposed.
            _isDisposed = true;
            _timer.Dispose();
        }
    }

    /// <summary>Called under the gate after a change was taken in.</summary>
    protected void OnAdded()
    {
        if (PendingCount >= Options.BatchSize || PendingByteLength >= Options.ByteLimit)
        {
            FlushPending(Options.Stopping);
        }
        else if (!_timerIsSet)
        {
            _timerIsSet = true;
            _timer.Change(Options.Interval, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Puts the pending changes into a transaction and says what became of those that need saying.</summary>
    protected abstract int WritePending(EmbeddingCache cache, EmbeddingTransaction transaction, Queue<BatchOutcome> outcomes);

    protected abstract void ClearPending();

    private void FlushPending(CancellationToken stopping)
    {
        if (_failure is not null || PendingCount == 0)
        {
            return;
        }

        // The timer is left running: it finds nothing to do, or a younger batch that it commits a little early.
        int pending = PendingCount;
        try
        {
            var outcomes = new Queue<BatchOutcome>();
            int written;
            using (EmbeddingTransaction transaction = WriterLock.Begin(_cache, Options.BusyTimeout, stopping))
            {
                written = WritePending(_cache, transaction, outcomes);
                transaction.Commit();
            }

            CommittedCount += written;
            foreach (BatchOutcome outcome in outcomes)
            {
                _outcomes.Enqueue(outcome);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped while another writer had the file. What is pending stays, for the commit that Dispose makes.
            return;
        }
        catch (Exception exception)
        {
            _failure = new BatchFailedException(pending, CommittedCount, exception);
            _failureIsTold = true;
            ClearPending();
            throw _failure;
        }

        ClearPending();
    }

    private void OnTimer()
    {
        lock (Gate)
        {
            _timerIsSet = false;
            if (_isDisposed)
            {
                return;
            }

            try
            {
                FlushPending(Options.Stopping);
            }
            catch (BatchFailedException)
            {
                // Kept; the pipeline's thread throws it when it comes by.
                _failureIsTold = false;
            }
        }
    }
}
