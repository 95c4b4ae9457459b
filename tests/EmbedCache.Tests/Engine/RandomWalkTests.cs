namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves that several handles of one file agree with a plain dictionary after every step of a random walk: sets, removals, touches, batches, commits and
/// rollbacks of every size, checkpoints, compactions, clock steps, closing and opening, with both durabilities and both ways of reading, on a
/// disk in memory and on a real one. Fixed seeds, so that a failure can be run again.
/// </summary>
public sealed class RandomWalkTests
{
    private const int KeyCount = 40;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void HandlesAgreeWithAPlainDictionary(int half)
    {
        for (int seed = half; seed < LongRun.Scale(30, 3000); seed += 2)
        {
            try
            {
                using var store = new TestStore(new MemoryFileSystem());
                new Walk(store, seed).Run(80);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void HandlesAgreeOnARealFile()
    {
        for (int seed = 100_000; seed < 100_000 + LongRun.Scale(6, 200); seed++)
        {
            try
            {
                using var store = new TestStore();
                new Walk(store, seed).Run(120);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    private sealed class Walk(TestStore store, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<(string Key, EmbeddingRole Role), (float Value, long Expires)> _model = [];
        private readonly List<EmbeddingCache> _handles = [];
        private int _next;

        public void Run(int steps)
        {
            store.Create(2, Metric.Dot, options =>
            {
                options.Model = "m";
                options.KeyStorage = seed % 5 == 0 ? KeyStorage.Digest : KeyStorage.Text;
            }).Dispose();
            try
            {
                for (int i = 0; i < 3; i++)
                {
                    _handles.Add(Open(i == 2));
                }

                for (int step = 0; step < steps; step++)
                {
                    Step();
                    Check(_handles[_random.Next(_handles.Count)], step % 10 == 9);
                }

                foreach (EmbeddingCache handle in _handles)
                {
                    Check(handle, everything: true);
                    StoreContent.AssertValid(handle);
                }
            }
            finally
            {
                _handles.ForEach(static handle => handle.Dispose());
            }

            using EmbeddingCache last = Open(readOnly: true);
            Check(last, everything: true);
            StoreContent.AssertValid(last);
        }

        private EmbeddingCache Open(bool readOnly) => store.Open(readOnly, options =>
        {
            options.Durability = _random.Next(2) == 0 ? Durability.Full : Durability.Normal;
            options.PositionalReads = _random.Next(2) == 0;
            options.DecodedCacheBytes = _random.Next(2) == 0 ? 0 : 4096;
        });

        private void Step()
        {
            EmbeddingCache writer = _handles[_random.Next(2)];
            switch (_random.Next(14))
            {
                case 0:
                    writer.Checkpoint();
                    break;
                case 1 when _random.Next(3) == 0:
                    writer.Compact();
                    break;
                case 2:
                    int at = _random.Next(3);
                    _handles[at].Dispose();
                    _handles[at] = Open(at == 2);
                    break;
                case 3:
                    store.Now += _random.Next(100);
                    break;
                case 4:
                    Transact(writer, _random.Next(1, 6), commit: false);
                    break;
                case 5:
                    Transact(writer, _random.Next(3000, 6000), commit: _random.Next(2) == 0);
                    break;
                default:
                    Transact(writer, _random.Next(1, 6), commit: true);
                    break;
            }
        }

        private void Transact(EmbeddingCache cache, int changes, bool commit)
        {
            var model = new Dictionary<(string Key, EmbeddingRole Role), (float Value, long Expires)>(_model);
            using EmbeddingTransaction transaction = cache.BeginTransaction();
            for (int i = 0; i < changes; i++)
            {
                Change(transaction, model);
            }

            if (!commit)
            {
                return;
            }

            transaction.Commit();
            _model.Clear();
            foreach (KeyValuePair<(string Key, EmbeddingRole Role), (float Value, long Expires)> pair in model)
            {
                _model.Add(pair.Key, pair.Value);
            }
        }

        private void Change(EmbeddingTransaction transaction, Dictionary<(string Key, EmbeddingRole Role), (float Value, long Expires)> model)
        {
            (string Key, EmbeddingRole Role) name = ($"key {_random.Next(KeyCount)}", (EmbeddingRole)_random.Next(2));
            bool isLive = model.TryGetValue(name, out (float Value, long Expires) record) && !IsExpired(record.Expires);
            long expires = _random.Next(4) == 0 ? store.Now + _random.Next(1, 300) : 0;
            DateTimeOffset? time = expires == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(expires);
            switch (_random.Next(6))
            {
                case 0:
                    Assert.Equal(isLive, transaction.Remove(name.Key, name.Role));
                    model.Remove(name);
                    break;
                case 1:
                    Assert.Equal(isLive, transaction.Touch(name.Key, time, null, name.Role));
                    if (isLive)
                    {
                        model[name] = record with { Expires = expires };
                    }

                    break;
                case 2:
                    Assert.Equal(isLive ? record.Value : null, transaction.Get(name.Key, name.Role)?.Vector.Span[0]);
                    break;
                default:
                    transaction.Set(name.Key, [++_next, 1], role: name.Role, expires: time);
                    model[name] = (_next, expires);
                    break;
            }
        }

        private void Check(EmbeddingCache cache, bool everything)
        {
            Assert.Equal("m", cache.Model);
            for (int i = 0; i < (everything ? KeyCount * 2 : 4); i++)
            {
                (string Key, EmbeddingRole Role) name = everything ? ($"key {i / 2}", (EmbeddingRole)(i % 2)) : ($"key {_random.Next(KeyCount)}", (EmbeddingRole)_random.Next(2));
                float? expected = _model.TryGetValue(name, out (float Value, long Expires) record) && !IsExpired(record.Expires) ? record.Value : null;
                Assert.Equal(expected, cache.Get(name.Key, name.Role)?.Vector.Span[0]);
                Assert.Equal(expected is not null, cache.Contains(name.Key, name.Role));
            }

            float[] live = [.. _model.Values.Where(record => !IsExpired(record.Expires)).Select(static record => record.Value).Order()];
            Assert.Equal(live.Length, cache.GetInfo(countExpired: true).Count);
            if (everything)
            {
                Assert.Equal(live, cache.Enumerate().Select(static record => record.Vector.Span[0]).Order());
                Assert.Equal(live.Reverse(), cache.FindSimilar([1, 0], KeyCount * 2).Select(static hit => hit.Embedding.Vector.Span[0]));
            }
        }

        private bool IsExpired(long expires) => expires != 0 && expires <= store.Now;
    }
}
