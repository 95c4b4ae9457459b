using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Storage;

/// <summary>
/// Proves what survives a power loss. A random workload runs against a disk in memory that loses power at a chosen call; each pending sector
/// is then kept, lost or torn by chance, and truncations may be forgotten. The file that is left must open, hold exactly the state after the
/// last acknowledged transaction or after the one in flight (with Normal: some state between the last durable and that), verify, and accept more.
/// Every seed is fixed, so that a failure can be run again.
/// </summary>
public sealed class RecoveryPowerLossTests
{
    private const int Steps = 24;

    [Theory]
    [InlineData(Durability.Full, 0)]
    [InlineData(Durability.Full, 10_000)]
    [InlineData(Durability.Normal, 20_000)]
    [InlineData(Durability.Normal, 30_000)]
    public void AcknowledgedTransactionsSurviveAPowerLossAtAnyCall(Durability durability, int firstSeed)
    {
        for (int seed = firstSeed; seed < firstSeed + LongRun.Scale(100, 2000); seed++)
        {
            try
            {
                LosePowerOnce(durability, seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    /// <summary>Power is lost again while the first loss is being recovered from.</summary>
    [Fact]
    public void RecoveryItselfMayBeInterruptedAgainAndAgain()
    {
        for (int seed = 0; seed < LongRun.Scale(100, 2000); seed++)
        {
            var random = new Random(seed);
            var run = new Workload(new MemoryFileSystem(), Durability.Full, random);
            MemoryFileSystem disk = run.RunUntil(random.Next(30, 120))!;
            for (int loss = 0; loss < 4; loss++)
            {
                disk.PowerLossAt = random.Next(1, 12);
                run.ContinueOn(disk, $"seed {seed}, loss {loss}");
                disk = disk.Survivor(random);
            }

            run.AssertSurvived(disk, $"seed {seed}");
        }
    }

    /// <summary>Replaced sections are punched out of the file as it grows; no state that a power loss can bring back may still need one of them.</summary>
    [Theory]
    [InlineData(Durability.Full)]
    [InlineData(Durability.Normal)]
    public void ReleasedSectionsAreNeverNeededAfterAPowerLoss(Durability durability)
    {
        const int Count = 600;
        int punches = 0;
        for (int seed = 0; seed < LongRun.Scale(20, 1500); seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryFileSystem { PowerLossAt = random.Next(20, 170) };
            var store = new TestStore(disk);
            int acknowledged = 0;
            int durable = 0;
            try
            {
                using EmbeddingCache cache = store.Create(configure: options => options.Durability = durability);
                for (int round = 1; round <= 20; round++)
                {
                    cache.Set(Enumerable.Range(0, Count).Select(i => new EmbeddingEntry($"{i}", new float[] { round, 1 })));
                    acknowledged = round;
                    durable = durability == Durability.Full ? round : durable;
                    if (random.Next(3) > 0)
                    {
                        cache.Checkpoint();
                        durable = round;
                    }

                    if (random.Next(3) == 0)
                    {
                        cache.Set("0", [round, 1]);
                    }
                }
            }
            catch (PowerLostException)
            {
            }

            disk.Counts.TryGetValue(Change.Punch, out int punched);
            punches += punched;
            if (acknowledged == 0)
            {
                continue;
            }

            using EmbeddingCache survivor = new TestStore(disk.Survivor(random)).Open();
            float[] values = [.. survivor.Enumerate().Select(static record => record.Vector.Span[0]).Distinct()];
            Assert.True((values.Length == 0 && durable == 0) || (values.Length == 1 && values[0] >= durable && values[0] <= acknowledged + 1), $"seed {seed}: {string.Join(' ', values)} from {durable} to {acknowledged}");
            survivor.Set("after", [1, 2]);
            survivor.Set("after", [1, 3]);
            StoreContent.AssertValid(survivor);
        }

        Assert.True(punches > 10);
    }

    private static void LosePowerOnce(Durability durability, int seed)
    {
        var random = new Random(seed);
        var run = new Workload(new MemoryFileSystem(), durability, random);
        MemoryFileSystem? disk = run.RunUntil(random.Next(1, 160));
        if (disk is not null)
        {
            run.AssertSurvived(disk, $"seed {seed}");
        }
    }

    /// <summary>A random run of transactions, the state after each, and which of them were acknowledged.</summary>
    private sealed class Workload(MemoryFileSystem disk, Durability durability, Random random)
    {
        private readonly List<SortedDictionary<string, string>> _states = [new(StringComparer.Ordinal)];
        private int _durable;
        private bool _created;

        /// <summary>Index of the last state that was acknowledged.</summary>
        public int Acknowledged { get; private set; }

        /// <summary>Runs from creation until the power goes out at this change; null when the file was never acknowledged to exist.</summary>
        public MemoryFileSystem? RunUntil(int change)
        {
            disk.PowerLossAt = change;
            var store = new TestStore(disk);
            try
            {
                using EmbeddingCache cache = store.Create(configure: options =>
                {
                    options.Durability = durability;
                    options.Model = "m";
                });
                Transact(store, cache, Steps);
            }
            catch (PowerLostException)
            {
                if (_states.Count == 1 && Acknowledged == 0 && !_created)
                {
                    return null;
                }
            }

            return disk.Survivor(random);
        }

        public void ContinueOn(MemoryFileSystem survivor, string what)
        {
            var store = new TestStore(survivor) { Now = TestStore.StartOfTime + 1_000_000 };
            try
            {
                using EmbeddingCache cache = store.Open(configure: options => options.Durability = durability);
                AdoptStateOf(cache, what);
                Transact(store, cache, 6);
            }
            catch (PowerLostException)
            {
            }
        }

        public void AssertSurvived(MemoryFileSystem survivor, string what)
        {
            var store = new TestStore(survivor) { Now = TestStore.StartOfTime + 2_000_000 };
            SortedDictionary<string, string> readOnly;
            byte[] before = survivor.Read(store.Path);
            using (EmbeddingCache reader = store.Open(readOnly: true))
            {
                AssertValidButForSlots(reader);
                Assert.Equal("m", reader.Model);
                readOnly = StoreContent.Of(reader);
                Assert.Equal(readOnly.Count, reader.GetInfo().Count);
                AssertIsAState(readOnly, what);
            }

            Assert.Equal(before, survivor.Read(store.Path));
            using (EmbeddingCache writer = store.Open())
            {
                Assert.Equal(readOnly, StoreContent.Of(writer));
                writer.Set("after", new float[] { 1, 2 });
                Assert.Equal("m", writer.Model);
                Assert.Equal(readOnly.Count + 1, StoreContent.Of(writer).Count);
                writer.Set("after", new float[] { 1, 3 });
                StoreContent.AssertValid(writer);
            }

            using EmbeddingCache again = store.Open(readOnly: true);
            Assert.Equal(readOnly.Count + 1, StoreContent.Of(again).Count);
            Assert.Equal(readOnly.Count + 1, again.GetInfo().Count);
            StoreContent.AssertValid(again);
        }

        /// <summary>A torn slot is no damage but what a power loss does; the log and the indexes must be whole.</summary>
        private static void AssertValidButForSlots(EmbeddingCache reader)
            => Assert.DoesNotContain(reader.Verify().Problems.Select(static problem => problem.ToString()), static problem => !problem.Contains("Commit slot", StringComparison.Ordinal));

        private void AdoptStateOf(EmbeddingCache cache, string what)
        {
            SortedDictionary<string, string> content = StoreContent.Of(cache);
            AssertIsAState(content, what);
            _states.Add(content);
            Acknowledged = _states.Count - 1;
            _durable = Acknowledged;
        }

        private void AssertIsAState(SortedDictionary<string, string> content, string what)
        {
            int first = durability == Durability.Full ? Acknowledged : _durable;
            for (int i = first; i < _states.Count; i++)
            {
                if (_states[i].SequenceEqual(content))
                {
                    return;
                }
            }

            string newest = string.Join(Environment.NewLine, _states[^1].Except(content).Select(static line => $"- {line}").Concat(content.Except(_states[^1]).Select(static line => $"+ {line}")));
            Assert.Fail($"{what}: {content.Count} records are no state from {first} to {_states.Count - 1} (acknowledged {Acknowledged}); against the newest:{Environment.NewLine}{newest}");
        }

        private void Transact(TestStore store, EmbeddingCache cache, int steps)
        {
            _created = true;
            for (int step = 0; step < steps; step++)
            {
                store.Now += 1;
                switch (random.Next(10))
                {
                    case 0:
                        cache.Checkpoint();
                        _durable = Acknowledged;
                        break;
                    case 1:
                        using (EmbeddingTransaction transaction = cache.BeginTransaction())
                        {
                            Change(store, transaction, new(_states[^1], StringComparer.Ordinal));
                            if (random.Next(2) == 0)
                            {
                                // Larger than the buffer, so that bytes reach the file before they are undone.
                                for (int i = 0; i < 700; i++)
                                {
                                    transaction.Set($"large {i}", new float[] { i, 1 });
                                }
                            }
                        }

                        break;
                    default:
                        using (EmbeddingTransaction transaction = cache.BeginTransaction())
                        {
                            SortedDictionary<string, string> next = new(_states[^1], StringComparer.Ordinal);
                            for (int i = random.Next(1, 5); i > 0; i--)
                            {
                                Change(store, transaction, next);
                            }

                            _states.Add(next);
                            transaction.Commit();
                            Acknowledged = _states.Count - 1;
                        }

                        break;
                }
            }
        }

        private void Change(TestStore store, EmbeddingTransaction transaction, SortedDictionary<string, string> state)
        {
            string key = $"key {random.Next(12)}";
            float[] vector = [random.Next(100), 1];
            switch (random.Next(4))
            {
                case 0:
                    transaction.Remove(key);
                    state.Remove(StoreContent.NameOf(key, EmbeddingRole.None));
                    break;
                case 1:
                    transaction.Touch(key, store.Time.AddDays(1));
                    break;
                default:
                    transaction.Set(key, vector);
                    break;
            }

            if (transaction.Get(key) is { } record)
            {
                state[StoreContent.NameOf(key, EmbeddingRole.None)] = StoreContent.Describe(record);
            }
        }
    }
}
