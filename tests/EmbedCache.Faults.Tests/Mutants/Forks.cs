using EmbedCache.Faults.Crash;
using EmbedCache.Faults.Disk;
using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Mutants;

/// <summary>
/// Two copies of a store go different ways, with frames of the same sizes, epochs and transactions; then the second frame of one stands behind the
/// first of the other, as where a disk gives back old sectors. Only the chain tells.
/// </summary>
internal static class Forks
{
    /// <exception cref="CrashStateException">The mixture was taken for a log.</exception>
    public static void RequireNoMixture(Func<IFileSystem, IFileSystem> around)
    {
        SectorImage start = Make(null, around, "base", 1);
        SectorImage left = Make(start, around, "first", 2, "second", 3);
        SectorImage right = Make(start, around, "first", 4, "second", 5);
        byte[] mixed = left.ToArray();
        int second = (int)start.Length + FirstFrameByteLength(left, start.Length);
        right.ToArray().AsSpan(second).CopyTo(mixed.AsSpan(second));

        // Neither slot of the two commits reached the disk.
        start.ToArray().AsSpan(0, (int)FormatConstants.LogOffset).CopyTo(mixed);
        var disk = new ImageFileSystem { Boot = 2 };
        disk.Put(StoreWorld.Path, SectorImage.Of(mixed));
        using EmbeddingCache cache = new StoreWorld(around(disk), 2).Open();
        string found = string.Join(' ', cache.Enumerate().Select(static record => record.Vector.Span[0]));
        if (found != "1 2")
        {
            throw new CrashStateException($"found {found} where two histories were mixed after 1 2");
        }
    }

    private static SectorImage Make(SectorImage? start, Func<IFileSystem, IFileSystem> around, string key, float value, string? nextKey = null, float nextValue = 0)
    {
        var disk = new ImageFileSystem { KnowsAllocation = false };
        var world = new StoreWorld(around(disk), 1);
        if (start is not null)
        {
            disk.Put(StoreWorld.Path, start.Clone());
        }

        using EmbeddingCache cache = start is null ? world.Create(Durability.Full) : world.Open();
        cache.Set(key, [value, 1]);
        if (nextKey is not null)
        {
            cache.Set(nextKey, [nextValue, 1]);
        }

        return disk.Content(StoreWorld.Path).Clone();
    }

    private static int FirstFrameByteLength(SectorImage image, long offset)
    {
        byte[] header = new byte[FormatConstants.FrameHeaderByteLength];
        image.Read(offset, header);
        return FrameHeader.TryRead(header, out FrameHeader frame) ? (int)frame.FrameByteLength : throw new CrashStateException("the first frame is not where it was looked for");
    }
}
