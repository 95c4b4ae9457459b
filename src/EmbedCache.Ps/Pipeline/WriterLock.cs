using System.Diagnostics;

namespace EmbedCache.PowerShell;

/// <summary>Begins transactions with a wait that Ctrl-C can end.</summary>
internal static class WriterLock
{
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(250);

    /// <exception cref="FileBusyException">Another writer held the file for all of <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The pipeline was stopped meanwhile.</exception>
    public static EmbeddingTransaction Begin(EmbeddingCache cache, TimeSpan timeout, CancellationToken stopping)
    {
        if (timeout <= s_slice)
        {
            return cache.BeginTransaction(timeout);
        }

        var waited = Stopwatch.StartNew();
        while (true)
        {
            TimeSpan left = timeout - waited.Elapsed;
            try
            {
                return cache.BeginTransaction(left < s_slice ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : s_slice);
            }
            catch (FileBusyException) when (waited.Elapsed < timeout)
            {
                stopping.ThrowIfCancellationRequested();
            }
        }
    }
}
