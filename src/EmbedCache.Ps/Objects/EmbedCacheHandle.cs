using System.Management.Automation.Runspaces;

namespace EmbedCache.PowerShell;

/// <summary>
/// An open .edb file, as New-EmbedCache and Open-EmbedCache return it and -Cache takes it. Keeps the file open, but holds no lock between cmdlets.
/// Close-EmbedCache or <see cref="Dispose"/> closes it.
/// </summary>
public sealed class EmbedCacheHandle : IDisposable
{
    private readonly CachePool _pool;
    private readonly object _gate = new();
    private SharedCache? _shared;

    internal EmbedCacheHandle(CachePool pool, SharedCache shared, bool readOnly, TimeSpan busyTimeout)
    {
        _pool = pool;
        _shared = shared;
        BusyTimeout = busyTimeout;
        Path = shared.Path;
        Dimension = shared.Engine.Dimension;
        Metric = shared.Engine.Metric;
        KeyStorage = shared.Engine.KeyStorage;
        Model = shared.Engine.Model;
        IsReadOnly = readOnly;
        RunspaceId = Runspace.DefaultRunspace?.InstanceId ?? Guid.Empty;
    }

    /// <summary>Gives the engine back when a handle was dropped without being closed.</summary>
    ~EmbedCacheHandle()
    {
        // Closing writes to the disk: not on the finalizer's thread.
        SharedCache? shared = Interlocked.Exchange(ref _shared, null);
        if (shared is not null)
        {
            CachePool pool = _pool;
            ThreadPool.UnsafeQueueUserWorkItem(_ => pool.Release(shared, closeWhenUnused: false), null);
        }
    }

    /// <summary>Full path of the file, links resolved.</summary>
    public string Path { get; }

    /// <summary>Elements per vector.</summary>
    public int Dimension { get; }

    /// <summary>How vectors are compared.</summary>
    public Metric Metric { get; }

    /// <summary>What the file keeps of keys.</summary>
    public KeyStorage KeyStorage { get; }

    /// <summary>The model named in the file, or null.</summary>
    public string? Model { get; }

    /// <summary>True when opened for reading only.</summary>
    public bool IsReadOnly { get; }

    /// <summary>False once the handle was closed.</summary>
    public bool IsOpen => Volatile.Read(ref _shared) is not null;

    /// <summary>How long writes through this handle wait for another writer when -TimeoutSec is not given.</summary>
    public TimeSpan BusyTimeout { get; }

    /// <summary>The path as it was asked for, which may run through links.</summary>
    internal string? RequestedPath { get; set; }

    /// <summary>The runspace that opened it: removing the module there closes it.</summary>
    internal Guid RunspaceId { get; }

    /// <summary>Closes the handle. The file itself is closed when no other handle and no running cmdlet uses it. Idempotent.</summary>
    public void Dispose()
    {
        SharedCache? shared;
        lock (_gate)
        {
            shared = Interlocked.Exchange(ref _shared, null);
        }

        GC.SuppressFinalize(this);
        if (shared is not null)
        {
            _pool.Release(shared, closeWhenUnused: true);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Path;

    /// <summary>The right to use the engine for one cmdlet.</summary>
    /// <exception cref="HandleClosedException">The handle was closed.</exception>
    internal CacheLease Rent()
    {
        // Under the gate, so that a Dispose between the look and the count cannot close the engine.
        lock (_gate)
        {
            SharedCache? shared = _shared;
            return shared is null
                ? throw new HandleClosedException(Path)
                : _pool.Share(shared, BusyTimeout);
        }
    }
}
