using System.Diagnostics;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Keeps a store's graph up with its codes: in the background while the store is written to, for a bounded time when it is closed, and to the end
/// when it is optimized. Never on a path that reads.
/// </summary>
internal sealed class GraphMaintainer(Store store)
{
    /// <summary>How long the background waits for more to come before it writes down what it has, and ends.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);

    /// <summary>How long it waits for other writers before it goes on building and tries again later.</summary>
    private static readonly TimeSpan s_turn = TimeSpan.FromSeconds(1);

    /// <summary>How often an optimization looks whether another process has finished building.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly object _gate = new();
    private readonly object _persisting = new();
    private Thread? _worker;
    private bool _wasTold;
    private readonly Deadline _deadline = new();
    private readonly HoleWatch _holes = new(store);
    private volatile bool _isHeld;
    private volatile bool _isFinishing;
    private volatile bool _hasFailed;

    /// <summary>To be called when codes were added: starts the background, or tells it.</summary>
    public void Wake()
    {
        if (!IsWorthStarting())
        {
            return;
        }

        lock (_gate)
        {
            if (_isHeld || _hasFailed)
            {
                return;
            }

            Start();
        }
    }

    /// <summary>From here on the background opens no transaction; one that is open is waited for.</summary>
    public void Hold()
    {
        _isHeld = true;
        lock (_persisting)
        {
        }
    }

    /// <summary>For a close, after <see cref="Hold"/>: builds for at most this long, writes down how far that came, and ends the background.</summary>
    public void Finish(TimeSpan limit)
    {
        _deadline.Set(limit);
        _isFinishing = true;

        // A worker that was about to end when it was told may have missed it; the second finds nothing to do if the first did not.
        for (int turn = 0; turn < 2 && IsWorthStarting(); turn++)
        {
            lock (_gate)
            {
                if (_hasFailed)
                {
                    return;
                }

                Start();
            }

            Join();
        }
    }

    /// <summary>Ends the background at once. What it had not written down is built again by whoever goes on.</summary>
    public void Stop()
    {
        _isHeld = true;
        _deadline.Set(TimeSpan.Zero);
        lock (_gate)
        {
            Tell();
        }

        Join();
    }

    /// <summary>Builds all that is missing, on this thread and others, and leaves the graph in one piece. The background must have been stopped.</summary>
    /// <param name="report">Told the share that is done.</param>
    /// <param name="patience">How long to wait for a builder of another process.</param>
    /// <param name="cancellationToken">Ends it; what was built stays, as far as it is worth a section.</param>
    public void RunToEnd(Action<double> report, TimeSpan patience, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (NeedsWork() || _holes.HasNew())
        {
            cancellationToken.ThrowIfCancellationRequested();
            using GraphSession? session = GraphSession.TryBegin(store, least: 0);
            if (session is null)
            {
                if (clock.Elapsed >= patience && patience != Timeout.InfiniteTimeSpan)
                {
                    break;
                }

                cancellationToken.WaitHandle.WaitOne(s_look);
                continue;
            }

            RunSession(session, report, cancellationToken);
        }
    }

    /// <summary>After <see cref="Stop"/>: lets the background start again.</summary>
    public void Resume()
    {
        _deadline.Lift();
        _isHeld = false;
    }

    private void RunSession(GraphSession session, Action<double> report, CancellationToken cancellationToken)
    {
        uint total;
        bool goesOn;
        do
        {
            goesOn = session.Step(store.Environment.GraphThreads, () => cancellationToken.IsCancellationRequested, out total);
            report(total == 0 ? 1 : (double)session.InsertedCount / total);
        }
        while (goesOn && session.InsertedCount < total && !session.ShouldPersist && !cancellationToken.IsCancellationRequested);

        if (session.InsertedCount == total)
        {
            _holes.Mend(session, () => cancellationToken.IsCancellationRequested);
        }

        if (session.IsWorthPersisting || session.InsertedCount > session.PersistedCount || !session.IsFolded)
        {
            session.Persist(null, mustFold: session.InsertedCount == total, () => cancellationToken.IsCancellationRequested);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Something is missing, or stands in several layers.</summary>
    private bool NeedsWork()
    {
        Snapshot snapshot = store.Acquire();
        try
        {
            return GraphSession.CountMissing(store, snapshot) > 0 || snapshot.Graph?.Graph.Layers.Length > 1;
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Whether there is something to build, or somebody at it: most stores are small, and a thread costs more than they do.</summary>
    private bool IsWorthStarting()
    {
        lock (_gate)
        {
            if (_worker is not null)
            {
                return true;
            }
        }

        try
        {
            return GraphSession.IsWorthwhile(store) || _holes.HasNew();
        }
        catch (Exception e) when (IsLeftToOthers(e))
        {
            return false;
        }
    }

    /// <summary>The graph is a convenience: whoever reads or writes meets what is wrong by himself, and is told.</summary>
    private static bool IsLeftToOthers(Exception e)
        => e is IOException or CorruptFileException or ObjectDisposedException or UnauthorizedAccessException or InvalidOperationException or OutOfMemoryException;

    /// <summary>Called with the gate held.</summary>
    private void Start()
    {
        if (_worker is null)
        {
            _worker = store.Environment.NewBackgroundThread(Work);
            _worker.Start();
        }
        else
        {
            Tell();
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void Tell()
    {
        _wasTold = true;
        Monitor.PulseAll(_gate);
    }

    /// <summary>Waits to be told of something new; false after a while without.</summary>
    private bool WaitForMore()
    {
        lock (_gate)
        {
            if (!_wasTold)
            {
                Monitor.Wait(_gate, s_idle);
            }

            bool wasTold = _wasTold;
            _wasTold = false;
            return wasTold;
        }
    }

    private void Join()
    {
        Thread? worker;
        lock (_gate)
        {
            worker = _worker;
        }

        worker?.Join();
    }

    private void Work()
    {
        try
        {
            while (RunOnce())
            {
            }
        }
        catch (Exception)
        {
            // Whatever it is: on a thread of its own it would end the process. Whoever reads or writes meets what is wrong by himself, and is told.
            _hasFailed = true;
        }
        finally
        {
            lock (_gate)
            {
                _worker = null;
            }
        }
    }

    /// <summary>One session from its beginning to what it wrote; false when the background is to end.</summary>
    private bool RunOnce()
    {
        using GraphSession? session = _deadline.IsOver() ? null : GraphSession.TryBegin(store, _holes.HasNew() ? 0 : null);
        if (session is null)
        {
            return !_isFinishing && !_deadline.IsOver() && WaitForMore() && !_deadline.IsOver();
        }

        while (true)
        {
            bool goesOn = session.Step(store.Environment.GraphThreads, _deadline.IsOver, out uint total);
            bool isCaughtUp = session.InsertedCount == total;
            if (goesOn && isCaughtUp && _holes.HasNew())
            {
                _holes.Mend(session, _deadline.IsOver);
            }

            bool isOver = _deadline.IsOver();
            if (!goesOn || isOver || (isCaughtUp && _isFinishing))
            {
                return TryPersist(session) && !isOver && !_isFinishing;
            }

            if (session.ShouldPersist && TryPersist(session))
            {
                return true;
            }

            if (isCaughtUp && !WaitForMore())
            {
                TryPersist(session);
                return false;
            }
        }
    }

    private bool TryPersist(GraphSession session)
    {
        lock (_persisting)
        {
            if ((_isHeld && !_isFinishing) || !session.IsWorthPersisting)
            {
                return false;
            }

            try
            {
                return session.Persist(s_turn, mustFold: false, _deadline.IsOver);
            }
            catch (FileBusyException)
            {
                return false;
            }
        }
    }
}
