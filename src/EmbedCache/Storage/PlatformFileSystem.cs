using EmbedCache.Storage.Unix;

namespace EmbedCache.Storage;

/// <summary>The file system of this machine.</summary>
internal static class PlatformFileSystem
{
    /// <summary>The one instance; it holds no state.</summary>
    public static IFileSystem Instance { get; } = new UnixFileSystem();
}
