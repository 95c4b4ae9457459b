using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Search;
using EmbedCache.Storage;

namespace EmbedCache;

/// <content>Reading more than one record: enumeration and search.</content>
public sealed partial class EmbeddingCache
{
    /// <summary>All live records of one snapshot, oldest first (or newest first). Vectors are copied as they are reached.</summary>
    public IEnumerable<Embedding> Enumerate(bool newestFirst = false)
    {
        _store.ThrowIfDisposed();
        return EnumerateSnapshot(newestFirst);
    }

    /// <summary>
    /// The keys of live records that start with a prefix (ordinal, case-insensitive), newest first, at most <paramref name="limit"/>, looking
    /// no longer than <paramref name="budget"/>. Empty for digest files.
    /// </summary>
    public IReadOnlyList<string> FindKeys(string prefix, int limit, TimeSpan budget)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return KeyStorage == KeyStorage.Digest ? [] : Read(snapshot => KeyFinder.Find(snapshot, LiveRecords.Of(snapshot, _store.Now), prefix, limit, budget));
    }

    /// <summary>The records nearest to a query: at most <paramref name="top"/>, best first, none below <paramref name="minimumScore"/>. Exact. Ties break by record order.</summary>
    /// <param name="query">Dimension finite elements.</param>
    /// <param name="top">How many at most, at least 1.</param>
    /// <param name="minimumScore">Lowest score to return; higher is better under every metric.</param>
    /// <exception cref="InvalidEmbeddingException">The query is not a vector of this file's kind.</exception>
    public IReadOnlyList<SimilarEmbedding> FindSimilar(ReadOnlySpan<float> query, int top = 10, double minimumScore = double.NegativeInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        _store.ThrowIfDisposed();
        var prepared = new Query(query, Dimension, Metric, Path);
        return Read(snapshot => FindSimilar(snapshot, prepared, top, minimumScore));
    }

    private SimilarEmbedding[] FindSimilar(Snapshot snapshot, Query query, int top, double minimumScore)
    {
        ScanSet set = LiveRecords.Of(snapshot, _store.Now);
        ScoredOrdinal[] best = ExactScan.Run(set, query, top, minimumScore, _store.Options.SearchThreads);
        var hits = new SimilarEmbedding[best.Length];
        for (int i = 0; i < hits.Length; i++)
        {
            long offset = set.OffsetOf(best[i].Ordinal);
            RecordFrame frame = RecordReader.Read(snapshot.Log, offset, snapshot.PublishedTail);
            hits[i] = new SimilarEmbedding(
                EmbeddingReader.Read(snapshot, offset, frame, null),
                best[i].Score,
                Scores.ToDistance(Metric, best[i].Score));
        }

        return hits;
    }

    private IEnumerable<Embedding> EnumerateSnapshot(bool newestFirst)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            ScanSet set = LiveRecords.Of(snapshot, _store.Now);
            foreach (long offset in LiveRecords.Offsets(set, newestFirst))
            {
                RecordFrame frame = RecordReader.Read(snapshot.Log, offset, snapshot.PublishedTail);
                if (!frame.IsExpired(set.Now))
                {
                    yield return EmbeddingReader.Read(snapshot, offset, frame, null);
                }
            }
        }
        finally
        {
            snapshot.Release();
        }
    }
}
