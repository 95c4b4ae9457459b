using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Windows;

/// <summary>A read-only view of exactly the file's present length: Windows maps nothing past the end without growing the file.</summary>
internal sealed class WindowsMapView : MapView
{
    private WindowsMapView(IntPtr address, long capacity)
        : base(address, capacity)
    {
    }

    /// <summary>Maps a file as long as it is now.</summary>
    /// <exception cref="DeviceFailedException">It cannot be mapped.</exception>
    public static WindowsMapView Create(SafeFileHandle file, string path)
    {
        // The length first: should the file grow before it is mapped, the view is longer than what is claimed of it.
        if (Native.GetFileSizeEx(file, out long length))
        {
            using SafeWaitHandle mapping = Native.CreateFileMapping(file, IntPtr.Zero, Native.PageReadOnly, 0, 0, null);
            IntPtr address = mapping.IsInvalid ? IntPtr.Zero : Native.MapViewOfFile(mapping, Native.FileMapRead, 0, 0, UIntPtr.Zero);
            if (address != IntPtr.Zero)
            {
                // The view keeps the section; its handle may go.
                return new WindowsMapView(address, length);
            }
        }

        throw new DeviceFailedException($"Cannot map the file: {WindowsError.Describe(WindowsError.Last)}; positional reads need no map", path);
    }

    public override void Advise(AccessPattern pattern)
    {
        // Windows takes such a hint when a file is opened, and it was opened for random access.
    }

    public override void WillNeed(long offset, int byteLength)
    {
        // Not every Windows that .NET Framework runs on has PrefetchVirtualMemory; without it the first touch reads.
    }

    public override void Dispose() => _ = Native.UnmapViewOfFile(Address);
}
