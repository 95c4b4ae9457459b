using EmbedCache.Engine;
using EmbedCache.Primitives;

namespace EmbedCache;

/// <content>Measuring the index on the file's own records.</content>
public sealed partial class EmbeddingCache
{
    /// <summary>
    /// Answers a sample of queries exactly and through the index, on one state of the file, one query after the other, and tells how many of the true nearest records
    /// the index finds and how long each way takes. A record that serves as query is not counted among its own hits.
    /// </summary>
    /// <param name="options">What to measure.</param>
    /// <param name="progress">Told how much is done, 0 to 1, on the calling thread; or null.</param>
    /// <param name="token">Ends it between two queries.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="InvalidEmbeddingException">A given query is not a vector of this file's kind.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public RecallReport MeasureRecall(RecallOptions options, IProgress<double>? progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(options);
        ThrowIfBelowOne(options.SampleCount, nameof(RecallOptions.SampleCount));
        ThrowIfBelowOne(options.Top, nameof(RecallOptions.Top));
        foreach (int ef in options.EfSearch ?? [])
        {
            ThrowIfBelowOne(ef, nameof(RecallOptions.EfSearch));
        }

        return Read(snapshot => new RecallMeter(snapshot, _store.Now, _store.Options.SearchThreads, options, progress, token).Run());
    }

    private static void ThrowIfBelowOne(int value, string name)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be 1 or more");
        }
    }
}
