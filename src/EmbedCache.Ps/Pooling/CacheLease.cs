namespace EmbedCache.PowerShell;

/// <summary>The right to use an open engine until disposed. A cmdlet takes one when it begins and gives it back when it ends, however it ends.</summary>
internal sealed class CacheLease(CachePool pool, SharedCache shared, TimeSpan busyTimeout) : IDisposable
{
    private int _disposed;

    public EmbeddingCache Engine => shared.Engine;

    /// <summary>How long writes wait for another writer when the caller names no time.</summary>
    public TimeSpan BusyTimeout { get; } = busyTimeout;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            pool.Release(shared, closeWhenUnused: false);
        }
    }
}
