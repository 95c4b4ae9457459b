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
    private volatile SearchPlan? _lastSearchPlan;

    /// <summary>All live records of one snapshot, oldest first (or newest first). Vectors are copied as they are reached.</summary>
    public IEnumerable<Embedding> Enumerate(bool newestFirst = false)
    {
        _store.ThrowIfDisposed();
        return EnumerateSnapshot(newestFirst, null);
    }

    /// <summary>The live records of one snapshot whose metadata passes a filter, oldest first (or newest first).</summary>
    public IEnumerable<Embedding> Enumerate(Filter filter, bool newestFirst = false)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _store.ThrowIfDisposed();
        return EnumerateSnapshot(newestFirst, filter);
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

    /// <summary>How the newest search of this object was done, or null before the first.</summary>
    public SearchPlan? LastSearchPlan => _lastSearchPlan;

    /// <summary>The records nearest to a query, with their vectors: at most <paramref name="top"/>, best first, none below <paramref name="minimumScore"/>. Exact. Ties break by record order.</summary>
    /// <param name="query">Dimension finite elements.</param>
    /// <param name="top">How many at most, at least 1.</param>
    /// <param name="minimumScore">Lowest score to return; higher is better under every metric.</param>
    /// <exception cref="InvalidEmbeddingException">The query is not a vector of this file's kind.</exception>
    public IReadOnlyList<SimilarEmbedding> FindSimilar(ReadOnlySpan<float> query, int top = 10, double minimumScore = double.NegativeInfinity)
        => FindSimilar(query, new SearchOptions { Top = top, MinimumScore = minimumScore, Exact = true, IncludeVectors = true });

    /// <summary>The records nearest to a query, best first. Ties break by record order.</summary>
    /// <param name="query">Dimension finite elements.</param>
    /// <param name="options">What is wanted.</param>
    /// <exception cref="InvalidEmbeddingException">The query is not a vector of this file's kind.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public IReadOnlyList<SimilarEmbedding> FindSimilar(ReadOnlySpan<float> query, SearchOptions options)
    {
        CheckSearchOptions(options);
        return Search([new Query(query, Dimension, Metric, Path)], options)[0];
    }

    /// <summary>The records nearest to each of several queries, on one state of the file: together they cost much less than one by one.</summary>
    /// <param name="queries">Each of Dimension finite elements.</param>
    /// <param name="options">What is wanted, for all of them.</param>
    /// <returns>What each query found, in their order.</returns>
    /// <exception cref="InvalidEmbeddingException">A query is not a vector of this file's kind.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public IReadOnlyList<IReadOnlyList<SimilarEmbedding>> FindSimilar(IReadOnlyList<ReadOnlyMemory<float>> queries, SearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(queries);
        CheckSearchOptions(options);
        var prepared = new Query[queries.Count];
        for (int i = 0; i < prepared.Length; i++)
        {
            prepared[i] = new Query(queries[i].Span, Dimension, Metric, Path);
        }

        return prepared.Length == 0 ? [] : Search(prepared, options);
    }

    private void CheckSearchOptions(SearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _store.ThrowIfDisposed();
        if (options.Top < 1)
        {
            throw new ArgumentOutOfRangeException("top", options.Top, "A search returns at least one record: Top must be 1 or more");
        }

        if (options.EfSearch < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.EfSearch, "EfSearch must be 1 or more");
        }
    }

    private SimilarEmbedding[][] Search(Query[] queries, SearchOptions options)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            ScanSet set = LiveRecords.Of(snapshot, _store.Now) with { ShortCodes = options.Exact ? null : snapshot.ShortCodes };
            FilterMatches? matches = options.Filter is { } filter ? snapshot.Filters.Get(filter) : null;
            set = matches is null ? set : set with { Matching = matches.Words };
            ScoredOrdinal[][] found = Planner.Run(set, matches, snapshot.Codes, queries, options, _store.Options.SearchThreads, snapshot.Index.Derived.GiveUpCodes, options.Exact ? null : snapshot.Graph, snapshot.Index.Derived.GiveUpGraph, out SearchPlan plan);
            _lastSearchPlan = plan;
            var results = new SimilarEmbedding[found.Length][];
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = ReadHits(snapshot, set, found[i], options.IncludeVectors);
            }

            return results;
        }
        finally
        {
            snapshot.Release();
        }
    }

    private SimilarEmbedding[] ReadHits(Snapshot snapshot, ScanSet set, ScoredOrdinal[] best, bool withVectors)
    {
        var offsets = new long[best.Length];
        var vectors = new long[best.Length];
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = set.OffsetOf(best[i].Ordinal);
            RecordFrame frame = RecordReader.Read(snapshot.Log, offsets[i], snapshot.PublishedTail);
            vectors[i] = frame.Header.Kind == FrameKind.Touch ? frame.TouchedRecord : offsets[i];
        }

        RequireDistinct(vectors, snapshot.Log.Path);
        var hits = new SimilarEmbedding[best.Length];
        for (int i = 0; i < hits.Length; i++)
        {
            RecordFrame frame = RecordReader.Read(snapshot.Log, offsets[i], snapshot.PublishedTail);
            hits[i] = new SimilarEmbedding(EmbeddingReader.Read(snapshot, offsets[i], frame, null, withVectors), best[i].Score, Scores.ToDistance(Metric, best[i].Score));
        }

        return hits;
    }

    /// <summary>Damage that no checksum tells: an index with one record many times, whose copies would fill the memory.</summary>
    private static void RequireDistinct(long[] offsets, string path)
    {
        // A few are compared by hand: compiling a sort takes a millisecond of a process's first search.
        const int Few = 32;
        if (offsets.Length > Few)
        {
            Array.Sort(offsets);
        }

        for (int i = 1; i < offsets.Length; i++)
        {
            for (int j = offsets.Length > Few ? i - 1 : 0; j < i; j++)
            {
                if (offsets[i] == offsets[j])
                {
                    throw new CorruptFileException("Two live records are said to have one vector; compact the file, which rebuilds its indexes", path, offsets[i]);
                }
            }
        }
    }

    private IEnumerable<Embedding> EnumerateSnapshot(bool newestFirst, Filter? filter)
    {
        Snapshot snapshot = _store.Acquire();
        try
        {
            ScanSet set = LiveRecords.Of(snapshot, _store.Now);
            var kept = new KeptFrames(snapshot.Log, snapshot.PublishedTail, newestFirst);
            foreach (long offset in filter is null ? LiveRecords.Offsets(set, newestFirst) : snapshot.Filters.Get(filter).Offsets(set, newestFirst))
            {
                RecordFrame frame = RecordReader.Read(snapshot.Log, offset, snapshot.PublishedTail);
                kept.Add(offset, frame);
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
