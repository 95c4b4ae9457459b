using System.Diagnostics;

namespace EmbedCache.Storage;

/// <summary>The writer lock: one writer at a time, in the process and across processes, for the length of a transaction.</summary>
internal sealed class WriterLock : IDisposable
{
    private const int ShortestWaitMilliseconds = 1;
    private const int LongestWaitMilliseconds = 16;

    private readonly SemaphoreSlim _inProcess = new(1, 1);

    /// <summary>
    /// Takes the lock on the file that <paramref name="current"/> names once this process's turn has come (a compaction may have put
    /// another one there in the meantime).
    /// </summary>
    /// <exception cref="FileBusyException">Somebody else held it until the timeout ran out.</exception>
    public IStoreFile Acquire(Func<IStoreFile> current, TimeSpan timeout)
    {
        var clock = Stopwatch.StartNew();
        if (!_inProcess.Wait(timeout))
        {
            throw Busy(current().Path, timeout, "another transaction of this process");
        }

        try
        {
            IStoreFile file = current();
            int wait = ShortestWaitMilliseconds;
            while (!file.TryLock(LockRanges.WriterLock, 1, LockKind.Exclusive))
            {
                TimeSpan left = timeout - clock.Elapsed;
                if (left <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
                {
                    throw Busy(file.Path, timeout, "another writer");
                }

                // The kernel has no timed wait for these locks. Polling in growing steps costs a waiter little and a holder nothing.
                Thread.Sleep(timeout == Timeout.InfiniteTimeSpan ? wait : (int)Math.Min(wait, Math.Ceiling(left.TotalMilliseconds)));
                wait = Math.Min(wait * 2, LongestWaitMilliseconds);
            }

            return file;
        }
        catch
        {
            _inProcess.Release();
            throw;
        }
    }

    public void Release(IStoreFile file)
    {
        try
        {
            Unlock(file);
        }
        finally
        {
            _inProcess.Release();
        }
    }

    /// <summary>Gives a file's lock back. A file that was closed meanwhile (a compaction put another in its place) gave it back by that.</summary>
    public static void Unlock(IStoreFile file)
    {
        try
        {
            file.Unlock(LockRanges.WriterLock, 1);
        }
        catch (ObjectDisposedException)
        {
        }
    }

    public void Dispose() => _inProcess.Dispose();

    private static FileBusyException Busy(string path, TimeSpan timeout, string holder)
        => new($"The file is locked by {holder} and was not released within {timeout.TotalSeconds:0.###} s. Try again, or allow a longer busy timeout", path);
}
