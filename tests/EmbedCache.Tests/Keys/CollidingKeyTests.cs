using System.Text;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Keys;

/// <summary>
/// Proves that equal hashes only cost time: with a hash injected that gives few values or a single one, no key is lost, none is mixed up with
/// another, and removed keys stay removed, through tail, checkpoints, merges of runs, reopening and compaction. Also with every key in two far
/// clusters, at both ends of the hash space, and in order.
/// </summary>
public sealed class CollidingKeyTests : IDisposable
{
    private static readonly Dictionary<FileSalt, Func<uint, ulong>> s_hashes = [];
    private readonly TestStore _store = new();

    static CollidingKeyTests() => KeyHashing.Override = static (salt, _, bytes) =>
    {
        lock (s_hashes)
        {
            return s_hashes.TryGetValue(salt, out Func<uint, ulong>? hash) ? hash(EmbedCache.Primitives.Crc32.Compute(bytes)) : null;
        }
    };

    public void Dispose() => _store.Dispose();

    public static TheoryData<string, int> Hashes => new()
    {
        { "one", 150 },
        { "three", 300 },
        { "zero", 150 },
        { "all ones", 150 },
        { "two clusters", 1500 },
        { "both ends", 1500 },
        { "low byte", 1200 },
        { "few high bits", 700 },
    };

    [Theory]
    [MemberData(nameof(Hashes))]
    public void NoKeyIsLostAndNoneComesBack(string name, int keyCount)
    {
        byte[] salt = [.. Encoding.UTF8.GetBytes(name.PadRight(16)).Take(16)];
        lock (s_hashes)
        {
            s_hashes[FileSalt.Read(salt)] = HashOf(name);
        }

        var environment = new EmbedCache.Engine.EngineEnvironment { NewSalt = () => salt, UnixMilliseconds = () => _store.Now };
        var random = new Random(name.Length);
        var model = new Dictionary<(string Key, EmbeddingRole Role), float>();
        EmbeddingCache cache = EmbeddingCache.Create(_store.Path, new EmbeddingCacheCreateOptions { Dimension = 1, Metric = Metric.Dot, Durability = Durability.Normal }, environment);
        try
        {
            for (int round = 0; round < 24; round++)
            {
                using (EmbeddingTransaction transaction = cache.BeginTransaction())
                {
                    for (int i = 0; i < keyCount / 5; i++)
                    {
                        Change(transaction, model, random, keyCount);
                    }

                    transaction.Commit();
                }

                switch (round % 8)
                {
                    case 1 or 3 or 4 or 6:
                        cache.Checkpoint();
                        break;
                    case 5:
                        cache.Dispose();
                        cache = EmbeddingCache.Open(_store.Path, null, environment);
                        break;
                    case 7 when round > 15:
                        cache.Compact();
                        break;
                }

                AssertHolds(cache, model, keyCount, random);
            }

            AssertHolds(cache, model, keyCount, null);
            StoreContent.AssertValid(cache);
            foreach ((string key, EmbeddingRole role) in model.Keys.ToArray())
            {
                Assert.True(cache.Remove(key, role));
                model.Remove((key, role));
                if (model.Count % 40 == 0)
                {
                    cache.Checkpoint();
                }

                if (model.Count < keyCount / 2)
                {
                    break;
                }
            }

            cache.Checkpoint();
            AssertHolds(cache, model, keyCount, null);
            cache.Compact();
            AssertHolds(cache, model, keyCount, null);
            StoreContent.AssertValid(cache);
        }
        finally
        {
            cache.Dispose();
        }
    }

    private static Func<uint, ulong> HashOf(string name) => name switch
    {
        "one" => static _ => 0x123456789ABCDEF0,
        "three" => static bits => (bits % 3) << 40,
        "zero" => static _ => 0,
        "all ones" => static _ => ulong.MaxValue,
        "two clusters" => static bits => (bits % 2 == 0 ? 0x1000_0000_0000_0000UL : 0xF000_0000_0000_0000UL) + (bits >> 1),
        "both ends" => static bits => bits % 2 == 0 ? bits : ulong.MaxValue - bits,
        "low byte" => static bits => bits & 0xFF,
        _ => static bits => (ulong)(bits & 0x3F) << 58,
    };

    private static void Change(EmbeddingTransaction transaction, Dictionary<(string Key, EmbeddingRole Role), float> model, Random random, int keyCount)
    {
        string key = $"key {random.Next(keyCount)}";
        EmbeddingRole role = (EmbeddingRole)random.Next(3);
        if (random.Next(4) == 0)
        {
            Assert.Equal(model.Remove((key, role)), transaction.Remove(key, role));
        }
        else if (random.Next(6) == 0)
        {
            Assert.Equal(model.ContainsKey((key, role)), transaction.Touch(key, null, null, role));
        }
        else
        {
            float value = random.Next(1, 1_000_000);
            transaction.Set(key, [value], role: role);
            model[(key, role)] = value;
        }
    }

    private static void AssertHolds(EmbeddingCache cache, Dictionary<(string Key, EmbeddingRole Role), float> model, int keyCount, Random? sample)
    {
        Assert.Equal(model.Count, cache.GetInfo().Count);
        foreach (int i in sample is null ? Enumerable.Range(0, keyCount) : Enumerable.Range(0, 60).Select(_ => sample.Next(keyCount)))
        {
            foreach (EmbeddingRole role in new[] { EmbeddingRole.None, EmbeddingRole.Query, EmbeddingRole.Document })
            {
                float[] vector = new float[1];
                bool found = cache.TryGet($"key {i}", vector, role);
                Assert.Equal(model.TryGetValue(($"key {i}", role), out float expected), found);
                Assert.Equal(expected, vector[0]);
            }
        }

        if (sample is null)
        {
            Assert.Equal(
                model.Select(static pair => (pair.Key.Key, pair.Key.Role, pair.Value)).Order(),
                cache.Enumerate().Select(static record => (record.Key!, record.Role, record.Vector.Span[0])).Order());
        }
    }
}
