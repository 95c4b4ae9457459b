namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves that an expired record is gone on every path, from the millisecond of its expiry on, whether it stands in the tail, in the index or
/// behind a Touch; the clock is injected.
/// </summary>
public sealed class ExpiryTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void ExpiredRecordIsGoneOnEveryPath(bool indexed, bool touched)
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("old", [1, 2], expires: touched ? null : _store.Time.AddMilliseconds(100));
        if (touched)
        {
            cache.Touch("old", _store.Time.AddMilliseconds(100));
        }

        cache.Set("kept", [1, 1]);
        if (indexed)
        {
            cache.Checkpoint();
        }

        _store.Now += 99;
        Assert.Equal(2, Seen(cache));
        Assert.True(cache.Contains("old"));
        Assert.Equal((2, 0), (cache.GetInfo(countExpired: true).Count, cache.GetInfo(countExpired: true).ExpiredCount));

        _store.Now += 1;
        Assert.Equal(1, Seen(cache));
        Assert.False(cache.Contains("old"));
        Assert.Null(cache.Get("old"));
        Assert.False(cache.TryGet("old", out _));
        Assert.False(cache.TryGet("old", new float[2]));
        Assert.Equal(["kept"], cache.FindKeys(string.Empty, 10, TimeSpan.FromMinutes(1)));
        Assert.Equal((1, 1), (cache.GetInfo(countExpired: true).Count, cache.GetInfo(countExpired: true).ExpiredCount));
        using (EmbeddingTransaction transaction = cache.BeginTransaction())
        {
            Assert.Null(transaction.Get("old"));
            Assert.False(transaction.Touch("old", null));
        }

        Assert.False(cache.Touch("old", null));
        StoreContent.AssertValid(cache);
        using (EmbeddingCache other = _store.Open(readOnly: true))
        {
            Assert.Equal(1, Seen(other));
        }

        cache.Compact();
        Assert.Equal((1, 0), (cache.GetInfo(countExpired: true).Count, cache.GetInfo(countExpired: true).ExpiredCount));
        Assert.Equal(1, Seen(cache));
        StoreContent.AssertValid(cache);
    }

    /// <summary>Remove reports an expired record as absent, and removes its bytes' claim on the key all the same.</summary>
    [Fact]
    public void RemovingAnExpiredRecordReportsNone()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("old", [1, 2], expires: _store.Time.AddMilliseconds(1));
        _store.Now += 1;
        Assert.False(cache.Remove("old"));
        Assert.Equal(0, cache.GetInfo(countExpired: true).ExpiredCount);
        _store.Now -= 1;
        Assert.False(cache.Contains("old"));
    }

    [Fact]
    public void DefaultTimeToLiveIsKeptInTheFileAndAnExplicitExpiryWins()
    {
        _store.Create(configure: static options => options.DefaultTimeToLive = TimeSpan.FromSeconds(10)).Dispose();
        using EmbeddingCache cache = _store.Open();
        cache.Set("default", [1, 2]);
        cache.Set("explicit", [1, 2], expires: _store.Time.AddSeconds(20));
        Assert.Equal(_store.Time.AddSeconds(10), cache.Get("default")!.Expires);
        _store.Now += 10_000;
        Assert.Null(cache.Get("default"));
        Assert.NotNull(cache.Get("explicit"));
        cache.Set("again", [1, 2]);
        Assert.True(cache.Touch("again", null));
        Assert.Null(cache.Get("again")!.Expires);
    }

    [Fact]
    public void ExpiredRecordCanBeSetAnew()
    {
        using EmbeddingCache cache = _store.Create();
        cache.Set("a", [1, 2], expires: _store.Time.AddMilliseconds(1));
        _store.Now += 5;
        cache.Set("a", [3, 4]);
        Assert.Equal([3, 4], cache.Get("a")!.Vector.ToArray());
        Assert.Equal(1, cache.GetInfo(countExpired: true).Count);
    }

    private static int Seen(EmbeddingCache cache)
    {
        int seen = cache.Enumerate().Count();
        Assert.Equal(seen, cache.Enumerate(newestFirst: true).Count());
        Assert.Equal(seen, cache.FindSimilar([1, 1], 10).Count);
        Assert.Equal(seen, cache.FindKeys(string.Empty, 10, TimeSpan.FromMinutes(1)).Count);
        return seen;
    }
}
