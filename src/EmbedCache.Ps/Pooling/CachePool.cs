using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace EmbedCache.PowerShell;

/// <summary>
/// The open files of this process. Calls with -Path share an engine that stays open for two seconds after the last of them;
/// handles (New-EmbedCache, Open-EmbedCache) keep theirs until they are closed; both share one engine per file and mode.
/// Each rent compares the file behind the path with the file that is open, so that a removed, moved or replaced file is never answered from.
/// </summary>
/// <remarks>
/// An engine is found by the path it was opened as only if that path is its own, links resolved. A path that runs through a link is opened
/// for every call to learn where the link points now, and joined to the engine of that file.
/// </remarks>
internal sealed class CachePool : IDisposable
{
    /// <summary>How long an engine that nobody uses stays open.</summary>
    public static readonly TimeSpan DefaultIdleTime = TimeSpan.FromSeconds(2);

    private static readonly Lazy<CachePool> s_shared = new(() => new CachePool(DefaultIdleTime, EmbeddingCache.Open, closeOnExit: true));

    private readonly object _gate = new();
    private readonly List<SharedCache> _entries = [];
    private readonly List<WeakReference<EmbedCacheHandle>> _handles = [];
    private readonly Func<string, EmbeddingCacheOptions, EmbeddingCache> _open;
    private readonly TimeSpan _idleTime;
    private readonly Timer _timer;
    private bool _timerIsSet;

    public CachePool(TimeSpan idleTime, Func<string, EmbeddingCacheOptions, EmbeddingCache> open, bool closeOnExit = false)
    {
        _idleTime = idleTime;
        _open = open;
        _timer = new Timer(static state => ((CachePool)state!).CloseExpired(), this, Timeout.Infinite, Timeout.Infinite);
        if (closeOnExit)
        {
            // What was committed is safe without it; a clean close also indexes the tail and trims reserved space.
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        }
    }

    /// <summary>The pool of this process.</summary>
    public static CachePool Shared => s_shared.Value;

    /// <summary>Number of engines open, in use or idle.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    private static StringComparer PathComparer { get; } = System.IO.Path.DirectorySeparatorChar == '\\' ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>Opens or reuses the engine of a full path for one call.</summary>
    public CacheLease Rent(string fullPath, bool writable) =>
        new(this, Acquire(fullPath, new EmbeddingCacheOptions { ReadOnly = !writable }, anyDurability: true), new EmbeddingCacheOptions().BusyTimeout);

    /// <summary>Opens or reuses the engine of a full path for a handle.</summary>
    public EmbedCacheHandle OpenHandle(string fullPath, EmbeddingCacheOptions options) =>
        Track(new EmbedCacheHandle(this, Acquire(fullPath, options, anyDurability: false), options.ReadOnly, options.BusyTimeout));

    /// <summary>Takes over an engine that was just created, for a handle.</summary>
    public EmbedCacheHandle AdoptHandle(EmbeddingCache engine, EmbeddingCacheOptions options)
    {
        var shared = new SharedCache(engine, options.Durability) { UserCount = 1 };
        lock (_gate)
        {
            _entries.Add(shared);
        }

        return Track(new EmbedCacheHandle(this, shared, options.ReadOnly, options.BusyTimeout));
    }

    /// <summary>Another lease on an engine that a handle already holds.</summary>
    public CacheLease Share(SharedCache shared, TimeSpan busyTimeout)
    {
        lock (_gate)
        {
            shared.UserCount++;
        }

        return new CacheLease(this, shared, busyTimeout);
    }

    /// <summary>Gives an engine back. The last user leaves it idle, or closes it when it is retired or <paramref name="closeWhenUnused"/>.</summary>
    public void Release(SharedCache shared, bool closeWhenUnused)
    {
        bool close = false;
        lock (_gate)
        {
            shared.UserCount--;
            if (shared.UserCount == 0)
            {
                shared.IdleSince = Stopwatch.GetTimestamp();
                if (shared.IsRetired || closeWhenUnused)
                {
                    close = true;
                    shared.IsRetired = true;
                    _entries.Remove(shared);
                }
                else
                {
                    SetTimer();
                }
            }
        }

        if (close)
        {
            shared.Engine.Dispose();
        }
    }

    /// <summary>Closes what this process has open on a path: idle engines at once, handles too, engines in use as soon as their cmdlet ends.</summary>
    /// <returns>How many engines and handles were concerned.</returns>
    public int ClosePath(string fullPath)
    {
        int count = CloseHandles(handle => PathComparer.Equals(handle.Path, fullPath) || PathComparer.Equals(handle.RequestedPath, fullPath));
        return count + CloseEngines(shared => PathComparer.Equals(shared.Path, fullPath));
    }

    /// <summary>Closes engines that nobody uses, of one path or of all.</summary>
    public void CloseIdle(string? fullPath = null) =>
        CloseEngines(shared => shared.UserCount == 0 && (fullPath is null || PathComparer.Equals(shared.Path, fullPath)), quietly: true);

    /// <summary>Closes the handles for which <paramref name="predicate"/> holds.</summary>
    public int CloseHandles(Func<EmbedCacheHandle, bool> predicate)
    {
        List<EmbedCacheHandle> chosen = [];
        lock (_gate)
        {
            foreach (WeakReference<EmbedCacheHandle> reference in _handles)
            {
                if (reference.TryGetTarget(out EmbedCacheHandle? handle) && handle.IsOpen && predicate(handle))
                {
                    chosen.Add(handle);
                }
            }
        }

        IOException? failure = null;
        foreach (EmbedCacheHandle handle in chosen)
        {
            try
            {
                handle.Dispose();
            }
            catch (IOException error)
            {
                // The others are closed all the same.
                failure ??= error;
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Capture(failure).Throw();
        }

        return chosen.Count;
    }

    /// <summary>Closes everything, in use or not.</summary>
    public void Dispose()
    {
        CloseHandles(static _ => true);
        SharedCache[] all;
        lock (_gate)
        {
            all = [.. _entries];
            _entries.Clear();
        }

        foreach (SharedCache shared in all)
        {
            shared.IsRetired = true;
            CloseQuietly(shared);
        }
    }

    private static void CloseQuietly(SharedCache shared)
    {
        try
        {
            shared.Engine.Dispose();
        }
        catch (IOException)
        {
            // Nobody is left to tell, and what was committed does not depend on a clean close.
        }
    }

    private SharedCache Acquire(string fullPath, EmbeddingCacheOptions options, bool anyDurability)
    {
        bool writable = !options.ReadOnly;
        while (TryTake(fullPath, writable, anyDurability ? null : options.Durability) is { } pooled)
        {
            if (pooled.Engine.IsCurrentFile())
            {
                return CheckModel(pooled, options.Model);
            }

            Retire(pooled);
            Release(pooled, closeWhenUnused: true);
        }

        // Outside the gate: opening may be slow, and other files must not wait for it.
        EmbeddingCache opened = _open(fullPath, options);
        SharedCache? joined = TryTake(opened.Path, writable, anyDurability ? null : options.Durability);
        if (joined is not null)
        {
            if (joined.Engine.IsCurrentFile())
            {
                opened.Dispose();
                return joined;
            }

            Retire(joined);
            Release(joined, closeWhenUnused: true);
        }

        var shared = new SharedCache(opened, options.Durability) { UserCount = 1 };
        lock (_gate)
        {
            _entries.Add(shared);
        }

        if (writable)
        {
            // One engine serves readers and writers from here on.
            CloseEngines(other => other.UserCount == 0 && !other.IsWritable && PathComparer.Equals(other.Path, shared.Path));
        }

        return shared;
    }

    private SharedCache CheckModel(SharedCache shared, string? expected)
    {
        string? actual = shared.Engine.Model;
        if (expected is null || actual is null || string.Equals(expected, actual, StringComparison.Ordinal))
        {
            return shared;
        }

        Release(shared, closeWhenUnused: false);
        throw new ModelMismatchException(expected, actual, shared.Path);
    }

    /// <summary>The engine of a path with one more user, or null. Readers take any; a writable one is preferred since it must exist anyway.</summary>
    private SharedCache? TryTake(string path, bool writable, Durability? durability)
    {
        lock (_gate)
        {
            SharedCache? found = null;
            foreach (SharedCache shared in _entries)
            {
                bool fits = PathComparer.Equals(shared.Path, path) && (!writable || (shared.IsWritable && (durability is null || shared.Durability == durability)));
                if (fits && (found is null || shared.IsWritable))
                {
                    found = shared;
                }
            }

            if (found is not null)
            {
                found.UserCount++;
            }

            return found;
        }
    }

    private void Retire(SharedCache shared)
    {
        lock (_gate)
        {
            shared.IsRetired = true;
            _entries.Remove(shared);
        }
    }

    /// <summary>Takes engines out of the pool; those without a user are closed here, the others by their last user.</summary>
    private int CloseEngines(Func<SharedCache, bool> predicate, bool quietly = false)
    {
        SharedCache[] chosen;
        List<SharedCache> unused = [];
        lock (_gate)
        {
            chosen = [.. _entries.Where(predicate)];
            foreach (SharedCache shared in chosen)
            {
                shared.IsRetired = true;
                _entries.Remove(shared);
                if (shared.UserCount == 0)
                {
                    unused.Add(shared);
                }
            }
        }

        unused.ForEach(quietly ? CloseQuietly : static shared => shared.Engine.Dispose());
        return chosen.Length;
    }

    private void CloseExpired()
    {
        List<SharedCache> expired = [];
        lock (_gate)
        {
            _timerIsSet = false;
            long now = Stopwatch.GetTimestamp();
            bool someIdle = false;
            for (int i = _entries.Count - 1; i >= 0; i--)
            {
                SharedCache shared = _entries[i];
                if (shared.UserCount > 0)
                {
                    continue;
                }

                if ((now - shared.IdleSince) / (double)Stopwatch.Frequency >= _idleTime.TotalSeconds)
                {
                    shared.IsRetired = true;
                    _entries.RemoveAt(i);
                    expired.Add(shared);
                }
                else
                {
                    someIdle = true;
                }
            }

            if (someIdle)
            {
                SetTimer();
            }
        }

        expired.ForEach(CloseQuietly);
    }

    /// <summary>Looks again a quarter of the idle time from now: setting one timer per release would cost more than the release.</summary>
    private void SetTimer()
    {
        if (!_timerIsSet)
        {
            _timerIsSet = true;
            _timer.Change(TimeSpan.FromTicks(Math.Max(_idleTime.Ticks / 4, TimeSpan.TicksPerMillisecond)), Timeout.InfiniteTimeSpan);
        }
    }

    private EmbedCacheHandle Track(EmbedCacheHandle handle)
    {
        lock (_gate)
        {
            _handles.RemoveAll(static reference => !reference.TryGetTarget(out EmbedCacheHandle? known) || !known.IsOpen);
            _handles.Add(new WeakReference<EmbedCacheHandle>(handle));
        }

        return handle;
    }
}
