using EmbedCache.Storage;
using EmbedCache.Storage.Unix;

namespace EmbedCache.Tests.Storage;

/// <summary>The door over a memory map, and how views follow a growing file.</summary>
public sealed class MappedSourceTests() : ByteSourceTests(positional: false)
{
    [LinuxFact]
    public void SmallStoreGrowsWithinOneView()
    {
        using var directory = new TestDirectory();
        using IStoreFile file = directory.Create("a", [1]);
        var views = new List<MapView>();
        using var source = new MappedSource(file, Map(file, views, limit => 1 << 30));
        for (int length = 1; length < 50 << 20; length += 5 << 20)
        {
            file.SetLength(length);
            source.EnsureCovers(length);
        }

        Assert.Single(views);
    }

    /// <summary>Past its capacity a source maps the whole file once more; spans of the older view stay until it is disposed.</summary>
    [LinuxFact]
    public void GrowthPastTheCapacityKeepsOlderSpansAndReleasesAllViewsAtTheEnd()
    {
        using var directory = new TestDirectory();
        byte[] content = TestDirectory.RandomBytes(1 << 20);
        using IStoreFile file = directory.Create("a", content);
        var views = new List<MapView>();
        var source = new MappedSource(file, Map(file, views, limit => limit));

        source.EnsureCovers(100_000);
        ReadOnlySpan<byte> first = source.Slice(0, 100_000);
        source.EnsureCovers(500_000);
        source.EnsureCovers(1 << 20);
        Assert.Equal(3, views.Count);
        Assert.True(first.SequenceEqual(content.AsSpan(0, 100_000)));
        Assert.True(source.Slice(0, 1 << 20).SequenceEqual(content));

        string path = file.Path;
        Assert.Equal(3, MapsOf(path));
        source.Dispose();
        Assert.Equal(0, MapsOf(path));
    }

    [LinuxFact]
    public void OpenedSourceReservesRoomToGrow()
    {
        using var directory = new TestDirectory();
        using IStoreFile file = directory.Create("a", [1]);
        using ByteSource source = file.OpenSource(positional: false);
        source.EnsureCovers(1);
        file.SetLength(900 << 20);
        source.EnsureCovers(900 << 20);
        Assert.Equal(1, MapsOf(file.Path));
        Assert.Equal(0, source.Slice((900 << 20) - 1, 1)[0]);
    }

    [LinuxFact]
    public void ViewTakesLittleAddressSpaceWhereMuchIsNotToBeHad()
    {
        using var directory = new TestDirectory();
        using IStoreFile file = directory.Create("a", [1, 2, 3]);
        using var handle = File.OpenHandle(file.Path);
        using var view = UnixMapView.Create(handle, limit: 3, capacity: 1L << 60, file.Path);
        Assert.InRange(view.Capacity, 3, 1 << 20);
        Assert.Throws<DeviceFailedException>(() => UnixMapView.Create(handle, limit: 1L << 60, capacity: 1L << 60, file.Path));
    }

    private static Func<long, MapView> Map(IStoreFile file, List<MapView> views, Func<long, long> capacity) => limit =>
    {
        var handle = File.OpenHandle(file.Path);
        MapView view = UnixMapView.Create(handle, limit, capacity(limit), file.Path);
        handle.Dispose();
        views.Add(view);
        return view;
    };

    private static int MapsOf(string path) => File.ReadLines("/proc/self/maps").Count(line => line.EndsWith(path, StringComparison.Ordinal));
}
