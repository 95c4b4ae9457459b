namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves that threads of one process may do anything at once: read, search, write, checkpoint, compact, close. A wrong step here would touch unmapped
/// memory and end the process, so that the run itself is the assertion; what is read is checked on the way.
/// </summary>
public sealed class ConcurrencyTests : IDisposable
{
    private const int KeyCount = 200;
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ManyReadersWhileOneWritesAndOneCompacts(bool positional)
    {
        _store.Create(8, Metric.Cosine).Dispose();
        using EmbeddingCache cache = _store.Open(configure: options => options.PositionalReads = positional);
        cache.Set(Enumerable.Range(0, KeyCount).Select(static i => Entry(i, 1)));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(LongRun.Scale(2, 60)));
        Task[] tasks =
        [
            .. Enumerable.Range(0, 4).Select(seed => OwnThread.Run(() => Read(cache, new Random(seed), stop.Token))),
            OwnThread.Run(() =>
            {
                for (int value = 2; !stop.IsCancellationRequested; value++)
                {
                    cache.Set(Enumerable.Range(value % 7, KeyCount / 2).Select(i => Entry(i, value)));
                    if (value % 20 == 0)
                    {
                        cache.Checkpoint();
                    }
                }
            }),
            OwnThread.Run(() =>
            {
                while (!stop.IsCancellationRequested)
                {
                    cache.Compact();
                }
            }),
            OwnThread.Run(() =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Assert.True(cache.Verify().IsValid);
                    Assert.Equal(KeyCount, cache.GetInfo(countExpired: true).Count);
                }
            }),
        ];
        await Task.WhenAll(tasks);
        StoreContent.AssertValid(cache);
        Assert.Equal(KeyCount, cache.Enumerate().Count());
    }

    [Fact]
    public void LeaseOutlivesDispose()
    {
        EmbeddingCache cache = _store.Create(3);
        cache.Set("a", [1, 2, 3]);
        Assert.True(cache.TryGet("a", out EmbeddingLease lease));
        cache.Dispose();
        Assert.Equal([1, 2, 3], lease.Vector.ToArray());
        lease.Dispose();
        Assert.True(lease.Vector.IsEmpty);
        lease.Dispose();
    }

    [Fact]
    public void LeaseOutlivesCompaction()
    {
        using EmbeddingCache cache = _store.Create(3);
        cache.Set("a", [1, 2, 3]);
        Assert.True(cache.TryGet("a", out EmbeddingLease lease));
        cache.Remove("a");
        cache.Compact();
        Assert.False(cache.Contains("a"));
        Assert.Equal([1, 2, 3], lease.Vector.ToArray());
        lease.Dispose();
    }

    [Fact]
    public void EnumerationThatHasBegunOutlivesDispose()
    {
        EmbeddingCache cache = _store.Create();
        cache.Set(Enumerable.Range(0, 20).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
        using IEnumerator<Embedding> enumeration = cache.Enumerate().GetEnumerator();
        Assert.True(enumeration.MoveNext());
        cache.Dispose();
        int count = 1;
        while (enumeration.MoveNext())
        {
            count++;
        }

        Assert.Equal(20, count);
    }

    /// <summary>
    /// Named regression: a reader looked at the slots of a mapping before it held a reference to it, so that a Dispose or a move to a compacted file in
    /// between unmapped what it was about to read, and ended the process.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DisposeDuringReadsThrowsAndNeverCrashes(bool positional)
    {
        _store.Create(8, Metric.Cosine).Dispose();
        for (int round = 0; round < LongRun.Scale(60, 3000); round++)
        {
            EmbeddingCache cache = _store.Open(configure: options => options.PositionalReads = positional);
            if (round == 0)
            {
                cache.Set(Enumerable.Range(0, KeyCount).Select(static i => Entry(i, 1)));
            }

            using var started = new CountdownEvent(3);
            Task[] readers = [.. Enumerable.Range(0, 3).Select(seed => OwnThread.Run(() =>
            {
                var random = new Random(seed);
                started.Signal();
                Assert.Throws<ObjectDisposedException>(() => Read(cache, random, CancellationToken.None));
            }))];
            started.Wait();
            Thread.SpinWait(round * 50);
            if (round % 4 == 1)
            {
                cache.Compact();
            }

            cache.Dispose();
            await Task.WhenAll(readers);
        }
    }

    [Fact]
    public async Task DisposeFromManyThreadsIsOneDispose()
    {
        for (int round = 0; round < LongRun.Scale(40, 2000); round++)
        {
            EmbeddingCache cache = _store.Create(configure: static options => options.Overwrite = true);
            cache.Set("a", [1, 2]);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OwnThread.Run(cache.Dispose)));
            using EmbeddingCache again = _store.Open();
            Assert.True(again.Contains("a"));
        }
    }

    private static EmbeddingEntry Entry(int key, int value)
    {
        float[] vector = new float[8];
        vector[0] = value;
        vector[1] = key;
        vector[7] = 1;
        return new EmbeddingEntry($"key {key}", vector);
    }

    private static void Read(EmbeddingCache cache, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int key = random.Next(KeyCount);
            switch (random.Next(4))
            {
                case 0:
                    Assert.Equal(key, cache.Get($"key {key}")!.Vector.Span[1]);
                    break;
                case 1:
                    Assert.True(cache.TryGet($"key {key}", out EmbeddingLease lease));
                    Assert.Equal(key, lease.Vector[1]);
                    lease.Dispose();
                    break;
                case 2:
                    Assert.Equal(5, cache.FindSimilar([1, key, 0, 0, 0, 0, 0, 1], 5).Count);
                    break;
                default:
                    Assert.Equal(10, cache.Enumerate().Take(10).Count());
                    break;
            }
        }
    }
}
