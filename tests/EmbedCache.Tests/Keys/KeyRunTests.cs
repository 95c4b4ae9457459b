using EmbedCache.Engine;
using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Storage;
using EmbedCache.Tests.Engine;

namespace EmbedCache.Tests.Keys;

/// <summary>
/// Proves the interpolation search of a Keys section against a plain list: on uniform, clustered, constant and extreme hashes, of every length around
/// a block. A section that is not sorted, as a hostile file may have, makes it miss, never fail or loop.
/// </summary>
public sealed class KeyRunTests
{
    public static TheoryData<string> Distributions => ["uniform", "equal", "two clusters", "extremes", "ascending from zero", "descending from the end", "runs of equals", "powers"];

    [Theory]
    [MemberData(nameof(Distributions))]
    public void FindLastFindsTheNewestOfEachHash(string distribution)
    {
        foreach (int count in new[] { 0, 1, 2, 3, 7, 255, 256, 257, 3000 })
        {
            var random = new Random(count);
            ulong[] hashes = [.. Enumerable.Range(0, count).Select(i => HashOf(distribution, i, count, random)).Order()];
            KeyRun run = Create(hashes);
            Assert.Equal(count, run.Count);
            foreach (ulong hash in hashes.Concat(hashes.Select(static hash => hash + 1)).Concat(hashes.Select(static hash => hash - 1)).Concat([0UL, 1UL, ulong.MaxValue, ulong.MaxValue / 2]).Distinct())
            {
                Assert.Equal(Array.LastIndexOf(hashes, hash), run.FindLast(hash));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Distributions))]
    public void WalkFindsAscendingHashesLikeSearchesOfTheirOwn(string distribution)
    {
        foreach (int count in new[] { 0, 1, 2, 17, 255, 256, 257, 3000 })
        {
            var random = new Random(count);
            KeyRun run = Create([.. Enumerable.Range(0, count).Select(i => HashOf(distribution, i, count, random)).Order()]);
            foreach (int askedCount in new[] { 1, 40, 2000 })
            {
                // Some of the run's own, some beside them, some anywhere; and each twice, as new keys may share a hash.
                ulong[] asked = [.. Enumerable.Range(0, askedCount)
                    .Select(i => count > 0 && i % 3 > 0 ? run.EntryAt(random.Next(count)).Hash + (ulong)(i % 3) - 1 : HashOf("uniform", i, askedCount, random))
                    .SelectMany(static hash => new[] { hash, hash })
                    .Order()];
                var walk = new KeyRunWalk(run);
                foreach (ulong hash in asked)
                {
                    Assert.Equal(run.FindLast(hash), walk.FindLast(hash));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Distributions))]
    public void SortIsByHashAndKeepsTheOrderOfEquals(string distribution)
    {
        foreach (int count in new[] { 0, 1, 2, 3, 31, 1000, 4096, 5000 })
        {
            var random = new Random(count);
            KeyEntry[] entries = [.. Enumerable.Range(0, count).Select(i => new KeyEntry(HashOf(distribution, random.Next(count), count, random), 64L * i, i % 7 == 0))];
            KeyEntry[] sorted = KeySort.ByHash(entries);
            Assert.Equal(entries.OrderBy(static entry => entry.Hash).Select(static entry => (entry.Hash, entry.StoredOffset)), sorted.Select(static entry => (entry.Hash, entry.StoredOffset)));
        }
    }

    [Fact]
    public void UnsortedRunOnlyMisses()
    {
        var random = new Random(4);
        for (int round = 0; round < 50; round++)
        {
            ulong[] hashes = [.. Enumerable.Range(0, random.Next(1, 600)).Select(i => round % 2 == 0 ? (ulong)random.NextInt64() << 1 : (ulong)(i % 5))];
            KeyRun run = Create(hashes);
            foreach (ulong hash in hashes)
            {
                long found = run.FindLast(hash);
                Assert.True(found == -1 || hashes[found] == hash);
            }

            var walk = new KeyRunWalk(run);
            foreach (ulong hash in hashes.Order())
            {
                long found = walk.FindLast(hash);
                Assert.True(found == -1 || hashes[found] == hash);
            }
        }
    }

    private static ulong HashOf(string distribution, int i, int count, Random random) => distribution switch
    {
        "uniform" => ((ulong)random.NextInt64() << 1) ^ (ulong)random.Next(),
        "equal" => 0x8000_0000_0000_0000,
        "two clusters" => (i % 2 == 0 ? 0x0100_0000_0000_0000UL : 0xFFFF_0000_0000_0000UL) + (ulong)random.Next(1000),
        "extremes" => i % 3 == 0 ? 0 : i % 3 == 1 ? ulong.MaxValue : (ulong)random.NextInt64(),
        "ascending from zero" => (ulong)i * 3,
        "descending from the end" => ulong.MaxValue - ((ulong)i * 3),
        "runs of equals" => (ulong)(i / 40) * 0x0123_4567_89AB_CDEF,
        _ => 1UL << (i * 64 / Math.Max(1, count)),
    };

    /// <summary>A Keys section in a file of its own.</summary>
    private static KeyRun Create(ulong[] hashes)
    {
        const string Path = "/disk/keys.edb";
        var memory = new MemoryFileSystem();
        var header = new FileHeader { Dimension = 1, ElementType = ElementType.Float32, Metric = Metric.Dot, KeyStorage = KeyStorage.Text, StoreId = Guid.Empty, Generation = 1, Salt = new FileSalt(1, 2), Created = 1 };
        LogFile log = LogFile.Create(memory, Path, header, 1, ownerOnly: false, positional: true);
        using var appender = new LogAppender(log, log.ReadSlots().Newest!.Value, new SpaceReserver(log.File, commitsAreFlushed: false));
        var fields = new SectionFrame
        {
            Header = new FrameHeader { Kind = FrameKind.Keys },
            EntryByteLength = FormatConstants.KeysEntryByteLength,
            CoversFrom = FormatConstants.LogOffset,
            CoversTo = FormatConstants.LogOffset,
        };
        SectionExtent extent = appender.AppendSection(fields, writer =>
        {
            for (int i = 0; i < hashes.Length; i++)
            {
                writer.Write(hashes[i]);
                writer.Write((ulong)(FormatConstants.LogOffset + (i * FormatConstants.Unit)));
            }
        });
        appender.Flush();
        log.Source.EnsureCovers(appender.NextOffset);
        return new KeyRun(Section.Open(log, extent.Offset, FrameKind.Keys, appender.NextOffset));
    }
}
