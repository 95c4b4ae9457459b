using System.Runtime.InteropServices;

namespace EmbedCache.Storage.Unix;

/// <summary>What this process runs on, asked once.</summary>
internal static class UnixPlatform
{
    /// <summary>Where locks, holes and preallocation were built and measured; writing is offered nowhere else.</summary>
    public static readonly bool IsLinux = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    /// <summary>Where reading works and writing is refused.</summary>
    public static readonly bool IsMacOS = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);
}
