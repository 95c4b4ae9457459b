using EmbedCache.Tests.Engine;

namespace EmbedCache.Hostile.Tests.Models;

/// <summary>
/// Does each step to a store and to its model, and holds every answer of the one against the other. Two handles are open, one that writes and
/// one that only reads; each question goes to one of them.
/// </summary>
internal sealed class ModelWalk : IDisposable
{
    private const long TimeToLive = 500;
    private const double Tolerance = 1e-5;

    private readonly World _world;
    private readonly TestStore _store = new(new MemoryFileSystem());
    private StoreModel _model = new();
    private EmbeddingCache _writer;
    private EmbeddingCache _reader;
    private long _generation = 1;

    public ModelWalk(World world)
    {
        _world = world;
        _writer = _store.Create(3, world.Metric, options =>
        {
            options.KeyStorage = world.KeyStorage;
            options.DefaultTimeToLive = world.HasTimeToLive ? TimeSpan.FromMilliseconds(TimeToLive) : null;
            options.Model = world.HasModel ? "model" : null;
            options.Durability = world.Durability;
        });
        _reader = OpenReader();
    }

    public void Run(IEnumerable<Step> steps)
    {
        foreach (Step step in steps)
        {
            Do(step);
        }

        foreach (EmbeddingCache cache in new[] { _writer, _reader })
        {
            CheckAll(cache, newestFirst: false);
            CheckVerify(cache);
        }

        ReopenWriter();
        CheckAll(_writer, newestFirst: true);
        CheckVerify(_writer);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
        _store.Dispose();
    }

    private void Do(Step step)
    {
        EmbeddingCache cache = step.More % 2 == 0 ? _writer : _reader;
        switch (step.Act)
        {
            case Act.Checkpoint:
                _writer.Checkpoint();
                break;
            case Act.Compact:
                _writer.Compact();
                _model.Compact(_store.Now);
                _generation++;
                break;
            case Act.ReopenWriter:
                ReopenWriter();
                break;
            case Act.ReopenReader:
                _reader.Dispose();
                _reader = OpenReader();
                break;
            case Act.Tick:
                _store.Now += step.Value % 300;
                break;
            case Act.Set or Act.SetWithExpiry or Act.SetWithMetadata:
                SetOne(step);
                break;
            case Act.SetMany:
                SetMany(step);
                break;
            case Act.SetRefused:
                Refuse(step);
                break;
            case Act.Touch:
                Assert.Equal(_model.Touch(step.KeyText, step.Role, ExpiryOf(step), MetadataOrNull(step), _store.Now), _writer.Touch(step.KeyText, TimeOf(ExpiryOf(step)), MetadataOrNull(step), step.Role));
                break;
            case Act.Remove:
                Assert.Equal(_model.Remove(step.KeyText, step.Role, _store.Now), _writer.Remove(step.KeyText, step.Role));
                break;
            case Act.RemoveByDigest:
                RemoveByDigest(step);
                break;
            case Act.Commit or Act.CommitLarge:
                Transact(step, commit: true);
                break;
            case Act.Rollback:
                Transact(step, commit: false);
                break;
            case Act.Get:
                CheckRecord(_model.Find(step.KeyText, step.Role, _store.Now), cache.Get(step.KeyText, step.Role));
                break;
            case Act.Contains:
                CheckPresence(cache, step);
                break;
            case Act.GetByDigest:
                CheckDigest(cache, step);
                break;
            case Act.Enumerate:
                CheckAll(cache, newestFirst: step.Value % 2 == 0);
                break;
            case Act.Search:
                CheckSearch(cache, step);
                break;
            case Act.FindKeys:
                CheckKeys(cache, step);
                break;
            case Act.Info:
                CheckInfo(cache);
                break;
            default:
                CheckVerify(cache);
                break;
        }
    }

    private void ReopenWriter()
    {
        _writer.Dispose();
        _writer = _store.Open(configure: options =>
        {
            options.Durability = _world.Durability;
            options.PositionalReads = _world.Positional;
            options.Model = _world.HasModel ? "model" : null;
        });
    }

    private EmbeddingCache OpenReader() => _store.Open(readOnly: true, options =>
    {
        options.PositionalReads = !_world.Positional;
        options.DecodedCacheBytes = _world.HasModel ? 0 : 256;
    });

    private void SetOne(Step step)
    {
        long expires = step.Act == Act.SetWithExpiry ? _store.Now + 1 + step.Value : 0;
        EmbeddingMetadata? metadata = step.Act == Act.SetWithMetadata ? step.Metadata : null;
        _writer.Set(step.KeyText, step.Vector, metadata, step.Role, TimeOf(expires));
        _model.Set(NewRecord(step, expires, metadata));
    }

    private void SetMany(Step step)
    {
        Step[] all = [.. Enumerable.Range(0, step.More).Select(i => step with { Key = (step.Key + i) % 12, Value = (step.Value + i) % 1000 })];
        Assert.Equal(all.Length, _writer.Set(all.Select(static one => new EmbeddingEntry(one.KeyText, one.Vector) { Role = one.Role, Metadata = one.Metadata })));
        foreach (Step one in all)
        {
            _model.Set(NewRecord(one, 0, one.Metadata));
        }
    }

    private void Refuse(Step step)
    {
        (string Key, float[] Vector) bad = (step.Value % 5) switch
        {
            0 => (string.Empty, step.Vector),
            1 => (step.KeyText, [1, 2]),
            2 => (step.KeyText, [1, float.NaN, 1]),
            3 => ("\uD800", step.Vector),
            _ => (new string('x', 65_536), step.Vector),
        };
        Assert.Throws<InvalidEmbeddingException>(() => _writer.Set(bad.Key, bad.Vector));
        Assert.Throws<InvalidOperationException>(() => _reader.Set(step.KeyText, step.Vector));

        // All or none.
        Assert.Throws<InvalidEmbeddingException>(() => _writer.Set([new EmbeddingEntry(step.KeyText, step.Vector), new EmbeddingEntry(bad.Key, bad.Vector)]));
    }

    private void RemoveByDigest(Step step)
    {
        if (_writer.Get(step.KeyText, step.Role)?.Digest is not { } digest)
        {
            Assert.True(_world.KeyStorage == KeyStorage.Text || _model.Find(step.KeyText, step.Role, _store.Now) is null);
            return;
        }

        Assert.True(_model.Remove(step.KeyText, step.Role, _store.Now));
        Assert.True(_writer.RemoveByDigest(digest, step.Role));
        Assert.Null(_writer.GetByDigest(digest, step.Role));
    }

    private void Transact(Step step, bool commit)
    {
        StoreModel model = _model.Clone();
        using (EmbeddingTransaction transaction = _writer.BeginTransaction())
        {
            int count = step.Act == Act.CommitLarge ? 700 : 1 + (step.More % 8);
            for (int i = 0; i < count; i++)
            {
                var one = new Step(Act.Set, (step.Key + (i * 5)) % 12, (step.Value + (i * 7)) % 1000, (step.More + i) % 32);
                Change(transaction, model, one, i);
            }

            // Nobody else sees any of it yet.
            CheckRecord(_model.Find(step.KeyText, step.Role, _store.Now), _reader.Get(step.KeyText, step.Role));
            if (commit)
            {
                transaction.Commit();
            }
            else if (step.Value % 2 == 0)
            {
                transaction.Rollback();
            }
        }

        _model = commit ? model : _model;
    }

    private void Change(EmbeddingTransaction transaction, StoreModel model, Step one, int number)
    {
        switch (number % 6)
        {
            case 1:
                Assert.Equal(model.Remove(one.KeyText, one.Role, _store.Now), transaction.Remove(one.KeyText, one.Role));
                break;
            case 3:
                Assert.Equal(model.Touch(one.KeyText, one.Role, ExpiryOf(one), MetadataOrNull(one), _store.Now), transaction.Touch(one.KeyText, TimeOf(ExpiryOf(one)), MetadataOrNull(one), one.Role));
                break;
            case 4:
                CheckRecord(model.Find(one.KeyText, one.Role, _store.Now), transaction.Get(one.KeyText, one.Role));
                break;
            default:
                transaction.Set(new EmbeddingEntry(one.KeyText, one.Vector) { Role = one.Role, Metadata = one.Metadata });
                model.Set(NewRecord(one, 0, one.Metadata));
                break;
        }
    }

    private ModelRecord NewRecord(Step step, long expires, EmbeddingMetadata? metadata)
        => new(step.KeyText, step.Role, step.Vector, metadata ?? EmbeddingMetadata.Empty, _store.Now, expires == 0 && _world.HasTimeToLive ? _store.Now + TimeToLive : expires);

    private long ExpiryOf(Step step) => step.Value % 3 == 0 ? _store.Now + 1 + step.Value : 0;

    private static EmbeddingMetadata? MetadataOrNull(Step step) => step.More % 4 == 0 ? null : step.Metadata;

    private static DateTimeOffset? TimeOf(long expires) => expires == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(expires);

    private void CheckRecord(ModelRecord? expected, Embedding? actual)
    {
        if (expected is null || actual is null)
        {
            Assert.True(expected is null && actual is null, $"expected {expected}, found {actual?.Key}");
            return;
        }

        Assert.True(actual.Key is null || actual.Key == expected.Key);
        Assert.Equal(expected.Role, actual.Role);
        Assert.Equal(TestVectors.Bits(expected.Vector), TestVectors.Bits(actual.Vector.Span));
        Assert.Equal(expected.Metadata, actual.Metadata);
        Assert.Equal(expected.Created, actual.Created.ToUnixTimeMilliseconds());
        Assert.Equal(expected.Expires, actual.Expires?.ToUnixTimeMilliseconds() ?? 0);
    }

    private void CheckPresence(EmbeddingCache cache, Step step)
    {
        ModelRecord? expected = _model.Find(step.KeyText, step.Role, _store.Now);
        Assert.Equal(expected is not null, cache.Contains(step.KeyText, step.Role));
        Span<float> copy = stackalloc float[4];
        Assert.Equal(expected is not null, cache.TryGet(step.KeyText, copy, step.Role));
        Assert.Equal(expected is not null, cache.TryGet(step.KeyText, out EmbeddingLease lease, step.Role));
        if (expected is not null)
        {
            Assert.Equal(expected.Vector, copy[..3].ToArray());
            Assert.Equal(expected.Vector, lease.Vector.ToArray());
            lease.Dispose();
        }
    }

    private void CheckDigest(EmbeddingCache cache, Step step)
    {
        if (_world.KeyStorage == KeyStorage.Text)
        {
            Assert.Throws<ArgumentException>(() => cache.GetByDigest(new byte[32], step.Role));
        }
        else if (cache.Get(step.KeyText, step.Role) is { } record)
        {
            CheckRecord(_model.Find(step.KeyText, step.Role, _store.Now), cache.GetByDigest(record.Digest!, step.Role));
        }
    }

    private void CheckAll(EmbeddingCache cache, bool newestFirst)
    {
        IReadOnlyList<ModelRecord> live = _model.LiveAt(_store.Now);
        Embedding[] found = [.. cache.Enumerate(newestFirst)];
        Assert.Equal(live.Count, found.Length);
        for (int i = 0; i < found.Length; i++)
        {
            CheckRecord(live[newestFirst ? live.Count - 1 - i : i], found[i]);
        }
    }

    /// <summary>Brute force: the scores are right, nothing better was left out, and of equal vectors the older comes first.</summary>
    private void CheckSearch(EmbeddingCache cache, Step step)
    {
        float[] query = [(step.Value % 7) - 3, (step.Value / 7 % 7) - 3, 1 + (step.More % 3)];
        int top = 1 + (step.Value % 9);
        double minimum = step.More % 5 == 0 ? 0.25 : double.NegativeInfinity;
        (ModelRecord Record, double Score)[] live = [.. _model.LiveAt(_store.Now).Select(record => (record, StoreModel.Score(_world.Metric, query, record.Vector)))];
        IReadOnlyList<SimilarEmbedding> hits = cache.FindSimilar(query, top, minimum);
        int sure = live.Count(one => one.Score > minimum + Tolerance);
        int possible = live.Count(one => one.Score >= minimum - Tolerance);
        Assert.InRange(hits.Count, Math.Min(top, sure), Math.Min(top, possible));
        var left = live.ToList();
        double before = double.PositiveInfinity;
        foreach (SimilarEmbedding hit in hits)
        {
            // Of records with the same vector the oldest that is left must be the hit.
            int index = left.FindIndex(one => one.Record.Vector.AsSpan().SequenceEqual(hit.Embedding.Vector.Span));
            Assert.True(index >= 0, "a hit is no live record, or came twice");
            (ModelRecord record, double score) = left[index];
            CheckRecord(record, hit.Embedding);
            Assert.InRange(hit.Score, score - Tolerance, score + Tolerance);
            Assert.Equal(_world.Metric == Metric.Cosine ? 1 - hit.Score : -hit.Score, hit.Distance);
            Assert.True(hit.Score <= before && hit.Score >= minimum);
            before = hit.Score;
            left.RemoveAt(index);
        }

        Assert.True(hits.Count < top || left.All(one => one.Score <= before + Tolerance), "something better was left out");
    }

    private void CheckKeys(EmbeddingCache cache, Step step)
    {
        string prefix = (step.Value % 4) switch { 0 => string.Empty, 1 => "K", 2 => "key 1", _ => step.KeyText };
        int limit = 1 + (step.More % 20);
        string[] expected = _world.KeyStorage == KeyStorage.Digest
            ? []
            : [.. _model.LiveAt(_store.Now).Reverse().Select(static record => record.Key).Where(key => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).Take(limit)];
        Assert.Equal(expected, cache.FindKeys(prefix, limit, TimeSpan.FromMinutes(1)));
    }

    private void CheckInfo(EmbeddingCache cache)
    {
        EmbeddingCacheInfo info = cache.GetInfo(countExpired: true);
        int live = _model.LiveAt(_store.Now).Count;
        Assert.Equal(live, info.Count);
        Assert.Equal(_model.CountWithExpired - live, info.ExpiredCount);
        Assert.Equal(_model.CountWithExpired, cache.GetInfo().Count);
        Assert.Equal(_model.FrameCount - _model.CountWithExpired, info.DeadCount);
        Assert.Equal(_generation, info.Generation);
        Assert.Equal(_world.HasModel ? "model" : null, info.Model);
        Assert.Equal(_world.HasTimeToLive ? TimeToLive : null, info.DefaultTimeToLive?.TotalMilliseconds);
        Assert.Equal(_world.Metric, info.Metric);
        Assert.InRange(info.UnindexedCount, 0, 4096);
    }

    private void CheckVerify(EmbeddingCache cache)
    {
        StoreContent.AssertValid(cache);
        Assert.Equal(_model.CountWithExpired, cache.Verify().RecordCount);
    }
}
