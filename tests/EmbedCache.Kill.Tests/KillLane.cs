using System.Globalization;
using EmbedCache.Tests.Child;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Kill.Tests;

/// <summary>
/// One file through many deaths of its writers. After each of them the file must hold what was acknowledged, and of the operation in flight all or nothing:
/// first to a reader, which writes nothing, then to a writer, which recovers, and both must agree.
/// </summary>
internal sealed class KillLane : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly string _durability;
    private Dictionary<string, (float Value, long Touched)> _content = [];
    private long _generation = 1;
    private long _sequence;
    private int _next;

    public KillLane(string durability)
    {
        _durability = durability;
        Path = _directory.PathTo("a.edb");
        EmbeddingCache.Create(Path, new EmbeddingCacheCreateOptions { Dimension = KillWorkload.Dimension, Metric = Metric.Dot }).Dispose();
    }

    public string Path { get; }

    /// <summary>What a child is to do next.</summary>
    public string[] Verb(int count) => ["kill-work", Path, Text(_next), Text(count), _durability];

    /// <summary>Takes in the acknowledgements of a child that is dead, or about to be, and checks the file.</summary>
    /// <param name="child">The child.</param>
    /// <param name="acknowledged">The last number that was read from it already, or null.</param>
    /// <param name="what">The round, for messages.</param>
    /// <param name="verify">Also verify every byte and look every key up.</param>
    public int Check(KilledChild child, int? acknowledged, string what, bool verify)
    {
        int last = acknowledged ?? _next - 1;
        while (child.ReadLine() is { } line && int.TryParse(line, CultureInfo.InvariantCulture, out int number))
        {
            Assert.True(number == last + 1, $"{what}: {number} acknowledged after {last}");
            last = number;
        }

        child.WaitForExit();
        int done = last - _next + 1;
        var certain = new Dictionary<string, (float Value, long Touched)>(_content);
        for (int number = _next; number <= last; number++)
        {
            KillWorkload.Apply(certain, number);
        }

        var possible = new Dictionary<string, (float Value, long Touched)>(certain);
        KillWorkload.Apply(possible, last + 1);
        Dictionary<string, (float Value, long Touched)> seen = Read(readOnly: true, verify, what);
        bool isCertain = AreEqual(seen, certain);
        Assert.True(isCertain || AreEqual(seen, possible), $"{what}, {last} acknowledged: {Difference(certain, seen)}");
        Assert.True(AreEqual(seen, Read(readOnly: false, verify, what)), $"{what}: the writer recovered another state than the reader had seen");

        // The operation in flight may have changed nothing even when it happened.
        _content = seen;
        _next = isCertain ? last + 1 : last + 2;
        return done;
    }

    /// <summary>After the last round: everything is there and whole, and nothing is left beside the file.</summary>
    public void Finish()
    {
        using EmbeddingCache cache = EmbeddingCache.Open(Path);
        cache.Compact();
        Assert.Equal(_content.Count, cache.GetInfo().Count);
        Assert.True(cache.Verify().IsValid);
        Assert.Equal([Path], Directory.GetFileSystemEntries(_directory.Path));
    }

    public void Dispose() => _directory.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private Dictionary<string, (float Value, long Touched)> Read(bool readOnly, bool verify, string what)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(Path, new EmbeddingCacheOptions { ReadOnly = readOnly });
        if (!readOnly)
        {
            // An empty transaction recovers what there is to recover.
            using EmbeddingTransaction transaction = cache.BeginTransaction();
            transaction.Commit();
        }

        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.True(info.Generation > _generation || (info.Generation == _generation && info.Sequence >= _sequence), $"{what}: sequence {info.Sequence} of generation {info.Generation} after {_sequence} of {_generation}");
        (_generation, _sequence) = (info.Generation, info.Sequence);
        var content = cache.Enumerate().ToDictionary(static record => record.Key!, static record => (record.Vector.Span[0], record.Metadata.TryGetValue("n", out object? touched) ? (long)touched : 0L));
        if (verify)
        {
            VerifyReport report = cache.Verify();
            Assert.True(report.IsValid, $"{what}: {string.Join("; ", report.Problems)}");
            foreach (KeyValuePair<string, (float Value, long Touched)> pair in content)
            {
                Assert.Equal(pair.Value.Value, cache.Get(pair.Key)?.Vector.Span[0]);
            }

            Assert.Equal(content.Count, info.Count);
        }

        return content;
    }

    private static bool AreEqual(Dictionary<string, (float Value, long Touched)> left, Dictionary<string, (float Value, long Touched)> right)
        => left.Count == right.Count && left.All(pair => right.TryGetValue(pair.Key, out (float Value, long Touched) other) && other == pair.Value);

    private static string Difference(Dictionary<string, (float Value, long Touched)> expected, Dictionary<string, (float Value, long Touched)> seen)
        => string.Join("; ", expected.Keys.Union(seen.Keys)
            .Where(key => !expected.TryGetValue(key, out (float Value, long Touched) a) || !seen.TryGetValue(key, out (float Value, long Touched) b) || a != b)
            .Select(key => $"{key}: {(expected.TryGetValue(key, out (float Value, long Touched) a) ? a : "none")} and {(seen.TryGetValue(key, out (float Value, long Touched) b) ? b : "none")}").Take(5));
}
