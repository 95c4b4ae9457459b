using System.Runtime.InteropServices;
using EmbedCache.Storage.Unix;
using EmbedCache.Storage.Windows;

namespace EmbedCache.Storage;

/// <summary>The file system of this machine.</summary>
internal static class PlatformFileSystem
{
    /// <summary>The one instance; it holds no state.</summary>
    public static IFileSystem Instance { get; } =
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? new WindowsFileSystem() : new UnixFileSystem();
}
