using System.Globalization;

namespace EmbedCache.PowerShell;

/// <summary>A commit failed as a whole. Says how much of the pipeline is in the file and how much is not.</summary>
internal sealed class BatchFailedException(int lostCount, long committedCount, Exception inner)
    : Exception(
        string.Format(
            CultureInfo.InvariantCulture,
            "{0} The last {1} changes of this pipeline were not made; {2} are committed.",
            inner.Message.TrimEnd('.') + ".",
            lostCount,
            committedCount),
        inner)
{
    public int LostCount { get; } = lostCount;
}
