using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Engine;

/// <summary>A file with every kind of frame, ways to damage it, and what comes out of it.</summary>
internal static class RepairWorld
{
    public const string Source = "/disk/a.edb";
    public const string Target = "/disk/repaired.edb";
    public const int RecordCount = 40;

    /// <summary>Forty records with roles, metadata and expiries, some overwritten, touched and removed; sections, a catalog, properties.</summary>
    public static (byte[] Bytes, SortedDictionary<string, string> Content) Build(KeyStorage keyStorage = KeyStorage.Text)
    {
        var disk = new MemoryFileSystem();
        var store = new TestStore(disk);
        SortedDictionary<string, string> content;
        using (EmbeddingCache cache = store.Create(2, Metric.L2, options =>
        {
            options.Model = "m";
            options.KeyStorage = keyStorage;
        }))
        {
            for (int i = 0; i < RecordCount; i++)
            {
                store.Now++;
                cache.Set($"k{i}", [i, 1], i % 3 == 0 ? EmbeddingMetadata.Empty.With("n", (long)i) : null, (EmbeddingRole)(i % 2), i % 5 == 0 ? store.Time.AddDays(30) : null);
            }

            cache.Checkpoint();
            cache.Set("k20", [-20, 1]);
            cache.Touch("k30", store.Time.AddDays(7), EmbeddingMetadata.Empty.With("touched", true));
            cache.Remove("k32");
            cache.Remove("k34");
            content = StoreContent.Of(cache);
        }

        return (disk.Read(store.Path), content);
    }

    public static (RepairReport Report, SortedDictionary<string, string> Content) Repair(byte[] bytes, RepairOptions? options = null, MemoryFileSystem? disk = null)
    {
        disk ??= new MemoryFileSystem();
        disk.Put(Source, bytes);
        var store = new TestStore(disk) { Now = TestStore.StartOfTime + 1000 };
        RepairReport report = EmbeddingCache.Repair(Source, Target, options, null, CancellationToken.None, store.Environment);
        Assert.Equal(bytes, disk.Read(Source));
        Assert.False(disk.Exists(Target + ".repair"));
        using EmbeddingCache cache = store.Open(path: Target);
        StoreContent.AssertValid(cache);
        return (report, StoreContent.Of(cache));
    }

    /// <summary>Every value that a key of the file ever had.</summary>
    public static IEnumerable<string> History(byte[] bytes)
    {
        var values = new List<string>();
        for (int cut = FormatConstants.HeaderByteLength; cut <= bytes.Length; cut += 64)
        {
            try
            {
                values.AddRange(Repair(bytes[..cut]).Content.Values);
            }
            catch (EmbedCacheException)
            {
                // Nothing there yet.
            }
        }

        // A touch that is lost leaves the record as it was before; a record that is lost, under its older value.
        return values;
    }

    public static List<(long Offset, FrameHeader Header)> Frames(byte[] bytes)
    {
        var frames = new List<(long, FrameHeader)>();
        long offset = FormatConstants.LogOffset;
        while (offset < bytes.Length && FrameHeader.TryRead(bytes.AsSpan((int)offset), out FrameHeader header))
        {
            frames.Add((offset, header));
            offset += header.FrameByteLength;
        }

        return frames;
    }

    public static void Ruin(byte[] bytes, int offset, int length, bool really = true)
    {
        if (really)
        {
            new Random(offset).NextBytes(bytes.AsSpan(offset, length));
        }
    }

    public sealed class Cancelling(CancellationTokenSource source) : IProgress<double>
    {
        public void Report(double value) => source.Cancel();
    }
}
