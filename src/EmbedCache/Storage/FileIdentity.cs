namespace EmbedCache.Storage;

/// <summary>Which file this is, whatever path leads to it: device and inode, or volume and file index on Windows.</summary>
/// <param name="Device">The device or volume.</param>
/// <param name="File">The file on it.</param>
internal readonly record struct FileIdentity(ulong Device, ulong File);
