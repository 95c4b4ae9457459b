using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Unix;

/// <summary>A read-only shared map of a file from its start.</summary>
internal sealed class UnixMapView : MapView
{
    /// <summary>
    /// Address space reserved on Linux at the least. A file may grow into its map there, so that a store below half of this is mapped
    /// once; address space costs nothing until it is touched.
    /// </summary>
    private const long LeastCapacity = 1L << 30;

    /// <summary>A multiple of every page size in use.</summary>
    private const long Granularity = 1 << 16;

    private static readonly IntPtr s_failed = new(-1);

    private UnixMapView(IntPtr address, long capacity)
        : base(address, capacity)
    {
    }

    /// <summary>Maps a file with room to grow, where the system lets a file grow into its map.</summary>
    /// <exception cref="DeviceFailedException">It cannot be mapped at all.</exception>
    public static UnixMapView Create(SafeFileHandle file, long limit, string path) =>
        Create(file, limit, UnixPlatform.IsLinux ? Math.Max(LeastCapacity, limit * 2) : limit, path);

    /// <summary>Maps a file with so much address space or, where that is short, with no more than is covered.</summary>
    /// <exception cref="DeviceFailedException">It cannot be mapped at all.</exception>
    public static UnixMapView Create(SafeFileHandle file, long limit, long capacity, string path) =>
        TryMap(file, RoundUp(capacity)) ?? TryMap(file, RoundUp(limit)) ?? throw new DeviceFailedException(
            $"Cannot map the file: {UnixError.Describe(Errno.Last)}; positional reads need no map", path);

    public override void Advise(AccessPattern pattern)
    {
        int advice = pattern switch
        {
            AccessPattern.Random => Native.MADV_RANDOM,
            AccessPattern.Sequential => Native.MADV_SEQUENTIAL,
            _ => Native.MADV_NORMAL,
        };

        // A hint: nothing depends on whether the system took it.
        _ = Native.MAdvise(Address, new IntPtr(Capacity), advice);
    }

    public override void WillNeed(long offset, int byteLength)
    {
        long page = offset & ~((long)Environment.SystemPageSize - 1);
        _ = Native.MAdvise(new IntPtr(Address.ToInt64() + page), new IntPtr(offset + byteLength - page), Native.MADV_WILLNEED);
    }

    public override void Dispose() => _ = Native.MUnmap(Address, new IntPtr(Capacity));

    private static UnixMapView? TryMap(SafeFileHandle handle, long capacity)
    {
        using var file = new BorrowedDescriptor(handle);
        IntPtr address = Native.MMap(IntPtr.Zero, new IntPtr(capacity), Native.PROT_READ, Native.MAP_SHARED, file.Number, 0);
        return address == s_failed ? null : new UnixMapView(address, capacity);
    }

    private static long RoundUp(long length) => (length + Granularity - 1) & ~(Granularity - 1);
}
