using System.Diagnostics;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Search;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Answers the same queries exactly and through the index, on one snapshot, and compares.</summary>
internal sealed class RecallMeter(Snapshot snapshot, long now, int threads, RecallOptions options, IProgress<double>? progress, CancellationToken token)
{
    /// <summary>What is measured around the planner's own choice when nothing is asked for.</summary>
    private static readonly int[] s_defaultEfSearch = [16, 32, 64, 128, 256];

    private readonly ScanSet _exact = LiveRecords.Of(snapshot, now);
    private readonly ScanSet _set = LiveRecords.Of(snapshot, now) with { ShortCodes = snapshot.ShortCodes };
    private double _done;
    private double _total;

    public RecallReport Run()
    {
        List<Sample> samples = options.Queries is { } given ? Given(given) : Draw();
        int[] efSearch = [.. (options.EfSearch ?? s_defaultEfSearch).Distinct().OrderBy(ef => ef)];
        _total = Math.Max(1.0, (double)samples.Count * (efSearch.Length + 2));

        var nearest = new double[samples.Count];
        var counts = new int[samples.Count];
        RecallPoint exact = Measure(samples, new SearchOptions { Exact = true }, (i, found) =>
        {
            counts[i] = found.Count;
            nearest[i] = found.Count > 0 ? found[found.Count - 1].Score : double.PositiveInfinity;
            return found.Count;
        }, counts);
        int Count(int i, List<ScoredOrdinal> found) => found.Count(hit => hit.Score >= nearest[i]);

        var points = new List<RecallPoint> { Measure(samples, new SearchOptions(), Count, counts) };
        foreach (int ef in efSearch)
        {
            points.Add(Measure(samples, new SearchOptions { EfSearch = ef }, Count, counts));
        }

        return new RecallReport(snapshot.Log.Path, samples.Count, options.Top, exact, points);
    }

    /// <param name="samples">The queries.</param>
    /// <param name="search">How to answer them.</param>
    /// <param name="countTrue">How many of the records found for a query are true ones.</param>
    /// <param name="wanted">How many there are to be found.</param>
    private RecallPoint Measure(List<Sample> samples, SearchOptions search, Func<int, List<ScoredOrdinal>, int> countTrue, int[] wanted)
    {
        var milliseconds = new double[samples.Count];
        long found = 0;
        SearchPlan? plan = null;
        for (int i = 0; i < samples.Count; i++)
        {
            token.ThrowIfCancellationRequested();
            Sample sample = samples[i];

            // A record would always find itself first: it is left out, and one more asked for.
            search.Top = options.Top + (sample.OwnOrdinal >= 0 ? 1 : 0);
            long start = Stopwatch.GetTimestamp();
            ScoredOrdinal[] best = Planner.Run(search.Exact ? _exact : _set, null, snapshot.Codes, [sample.Query], search, threads, snapshot.Index.Derived.GiveUpCodes, search.Exact ? null : snapshot.Graph, snapshot.Index.Derived.GiveUpGraph, out plan)[0];
            milliseconds[i] = (Stopwatch.GetTimestamp() - start) * 1000.0 / Stopwatch.Frequency;
            found += countTrue(i, [.. best.Where(hit => hit.Ordinal != sample.OwnOrdinal).Take(options.Top)]);
            progress?.Report(++_done / _total);
        }

        long total = wanted.Sum(count => (long)count);
        Array.Sort(milliseconds);
        return new RecallPoint(
            search.Exact,
            search.EfSearch,
            total == 0 ? 1 : (double)found / total,
            milliseconds.DefaultIfEmpty().Average(),
            milliseconds.Length == 0 ? 0 : milliseconds[milliseconds.Length / 2],
            milliseconds.DefaultIfEmpty().Last(),
            plan);
    }

    private List<Sample> Given(IReadOnlyList<ReadOnlyMemory<float>> queries)
        => [.. queries.Select(query => new Sample(Prepare(query.Span), OwnOrdinal: -1))];

    /// <summary>Live records at random, each once. Records that cannot be searched for (a zero vector) are passed over.</summary>
    private List<Sample> Draw()
    {
        var random = new SplitMix64(unchecked((ulong)options.Seed));
        var seen = new HashSet<long>();
        var samples = new List<Sample>();

        // Where most of what was written is dead, tries are what is bounded, not the samples.
        long tries = Math.Min(_set.OrdinalCount, 1L << 20) * 4;
        while (samples.Count < options.SampleCount && tries-- > 0)
        {
            long ordinal = (long)(random.Next() % (ulong)_set.OrdinalCount);
            if (_set.IsLive(ordinal) && seen.Add(ordinal) && TryRead(ordinal) is { } query)
            {
                samples.Add(new Sample(query, ordinal));
            }
        }

        return samples;
    }

    private Query? TryRead(long ordinal)
    {
        long offset = _set.OffsetOf(ordinal);
        RecordFrame frame = RecordReader.Read(snapshot.Log, offset, snapshot.PublishedTail);
        return frame.IsExpired(now) ? null : Prepare(EmbeddingReader.Read(snapshot, offset, frame, null).Vector.Span);
    }

    private Query Prepare(ReadOnlySpan<float> vector) => new(vector, snapshot.Log.Header.Dimension, snapshot.Log.Header.Metric, snapshot.Log.Path);

    private readonly record struct Sample(Query Query, long OwnOrdinal);
}
