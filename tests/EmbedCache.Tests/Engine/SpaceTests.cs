using EmbedCache.Format;
using EmbedCache.Storage;
using EmbedCache.Storage.Unix;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// Proves that the index stays small: few segments however the records came, a total of index bytes written that is a small multiple of what is
/// needed, and replaced sections given back to the file system, whatever the size of the batches.
/// </summary>
public sealed class SpaceTests : IDisposable
{
    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void SegmentsStayFewAndTheBytesWrittenStayASmallMultiple()
    {
        const int Count = 200_000;
        var random = new Random(2);
        using EmbeddingCache cache = _store.Create(configure: static options =>
        {
            options.Durability = Durability.Normal;
            options.Index = IndexMode.None;
        });
        int stored = 0;
        while (stored < Count)
        {
            int batch = Math.Min(Count - stored, random.Next(4) switch { 0 => 1, 1 => random.Next(100), 2 => random.Next(3000), _ => random.Next(20_000) });
            int from = stored;
            cache.Set(Enumerable.Range(from, batch).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
            stored += batch;
            if (random.Next(10) == 0)
            {
                cache.Checkpoint();
            }
        }

        cache.Checkpoint();
        EmbeddingCacheInfo info = cache.GetInfo();
        Assert.Equal(Count, info.Count);

        // At a fan-out of four and a first level of a thousand, 200,000 entries are four levels of three segments at most.
        Segments(out int segments, out long written);
        Assert.InRange(segments, 1, 14);
        // Sixteen bytes for the key, eight for the ordinal, one bit for the liveness.
        long needed = Count * 193L / 8;
        Assert.InRange(info.IndexByteLength, needed, (long)(needed * 1.05));
        Assert.InRange(written, needed, needed * 8);
        for (int i = 0; i < Count; i += 997)
        {
            Assert.True(cache.Contains($"{i}"));
        }
    }

    /// <summary>Named regression: with batches as large as the unindexed tail may be, every commit had a new catalog, and nothing was ever given back.</summary>
    [LinuxTheory]
    [InlineData(500)]
    [InlineData(4096)]
    [InlineData(10_000)]
    public void DiskBlocksStayNearWhatIsLive(int batch)
    {
        const int Keys = 20_000;
        using EmbeddingCache cache = _store.Create();
        if (!CanPunch())
        {
            // Nothing to prove where the file system knows no holes.
            return;
        }

        for (int from = 0; from < Keys; from += batch)
        {
            cache.Set(Enumerable.Range(from, Math.Min(batch, Keys - from)).Select(static i => new EmbeddingEntry($"{i}", new float[] { i, 1 })));
            cache.Checkpoint();
        }

        for (int round = 0; round < 20; round++)
        {
            cache.Set([new EmbeddingEntry($"{round}", new float[] { 1, 1 })]);
            cache.Checkpoint();
        }

        cache.Set("one more", [1, 1]);
        EmbeddingCacheInfo info = cache.GetInfo();
        cache.Dispose();
        using IStoreFile file = PlatformFileSystem.Instance.Open(_store.Path, FileOpenMode.Read);
        long blocks = ((UnixFile)file).AllocatedLength;
        Segments(out _, out long written);
        long records = info.FileByteLength - written;

        // Records, index and one older generation of it, the pages at the edges of holes, and the reserve.
        Assert.True(blocks < (Keys * 128 * 1.1) + (info.IndexByteLength * 2.5) + (1 << 20), $"{blocks} bytes on disk, {info.IndexByteLength} of index, {written} written in sections");
        using EmbeddingCache again = _store.Open();
        StoreContent.AssertValid(again);
        Assert.True(records > 0);
    }

    private static bool CanPunch()
    {
        using var directory = new TestDirectory();
        using IStoreFile file = directory.Create("a", new byte[65_536]);
        return file.TryPunchHole(4096, 32_768);
    }

    /// <summary>Walks the log: how many Keys sections the newest catalog names, and how many bytes of sections were ever written.</summary>
    private void Segments(out int segments, out long written)
    {
        LogFile log = LogFile.Open(PlatformFileSystem.Instance, _store.Path, writable: false, positional: true);
        CommitSlot slot = log.ReadSlots().Newest!.Value;
        log.Source.EnsureCovers(slot.PublishedTail);
        written = 0;
        using (var walker = new FrameWalker(log, FormatConstants.LogOffset, log.Header.Crc, slot.PublishedTail))
        {
            while (walker.TryMoveNext())
            {
                written += walker.Header.Kind is >= FrameKind.Keys and <= FrameKind.Live ? walker.Header.FrameByteLength : 0;
            }
        }

        segments = EmbedCache.Engine.IndexState.Load(log, slot.CatalogOffset, slot.PublishedTail, checkFrom: 0).Segments.Length;
        log.Dispose();
    }
}
