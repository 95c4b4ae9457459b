using System.Globalization;

namespace EmbedCache.PowerShell;

/// <summary>A commit failed as a whole. Says how much of the pipeline is in the file and how much is not.</summary>
internal sealed class BatchFailedException(int lostCount, long committedCount, Exception inner)
    : Exception(
        string.Format(
            CultureInfo.InvariantCulture,
            "{0} {1}; {2} of this pipeline are committed.",
            inner.Message.TrimEnd('.') + ".",
            lostCount == 1 ? "One change was not made" : $"The last {lostCount} changes were not made",
            committedCount),
        inner)
{
    public int LostCount { get; } = lostCount;
}
