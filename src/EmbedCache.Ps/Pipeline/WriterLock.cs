using System.Diagnostics;
using System.Globalization;

namespace EmbedCache.PowerShell;

/// <summary>Begins transactions with a wait that Ctrl-C can end.</summary>
internal static class WriterLock
{
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(250);

    /// <exception cref="FileBusyException">Another writer held the file for all of <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The pipeline was stopped meanwhile.</exception>
    public static EmbeddingTransaction Begin(EmbeddingCache cache, TimeSpan timeout, CancellationToken stopping)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            TimeSpan left = timeout - waited.Elapsed;
            try
            {
                return cache.BeginTransaction(left < s_slice ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : s_slice);
            }
            catch (FileBusyException busy)
            {
                if (waited.Elapsed >= timeout)
                {
                    // The engine only knows of the last slice.
                    string seconds = timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
                    throw new FileBusyException($"Another script or process was writing to the file for all of {seconds} s. Try again, or wait longer with -TimeoutSec", cache.Path, null, busy);
                }

                stopping.ThrowIfCancellationRequested();
            }
        }
    }
}
