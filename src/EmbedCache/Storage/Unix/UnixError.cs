using System.ComponentModel;

namespace EmbedCache.Storage.Unix;

/// <summary>Error numbers as exceptions that name the path and what was tried.</summary>
internal static class UnixError
{
    /// <summary>A call on a path failed.</summary>
    /// <param name="errno">Why.</param>
    /// <param name="action">What was tried, as in "cannot {action}".</param>
    /// <param name="path">On which path.</param>
    public static Exception ForPath(int errno, string action, string path)
    {
        if (errno == Errno.ENAMETOOLONG)
        {
            return new PathTooLongException($"Cannot {action}: the path is too long ('{path}').");
        }

        return errno switch
        {
            Errno.ENOENT when DirectoryIsMissing(path) => new DirectoryNotFoundException($"Cannot {action}: its directory does not exist ('{path}')."),
            Errno.ENOENT => new FileNotFoundException($"Cannot {action}: there is no such file ('{path}').", path),
            Errno.ENOTDIR => new DirectoryNotFoundException($"Cannot {action}: a part of the path is not a directory ('{path}')."),
            Errno.EISDIR => NotAFile(path, isDirectory: true),
            Errno.EEXIST => new IOException($"Cannot {action}: it exists already ('{path}')."),
            Errno.EACCES or Errno.EPERM => new UnauthorizedAccessException($"Cannot {action}: access is denied, the file or its directory is closed to this user or read-only ('{path}')."),
            Errno.EROFS => new DeviceFailedException($"Cannot {action}: the file system is read-only", path),
            _ when Errno.IsFull(errno) => new DeviceFailedException($"Cannot {action}: the device is full or a quota is used up", path, isFull: true),
            Errno.EIO => new DeviceFailedException($"Cannot {action}: {Describe(errno)}", path),
            _ => new IOException($"Cannot {action}: {Describe(errno)} ('{path}')."),
        };
    }

    /// <summary>A call on an open file failed.</summary>
    public static DeviceFailedException ForFile(int errno, string action, string path, long? offset = null) => Errno.IsFull(errno)
        ? new DeviceFailedException($"Cannot {action}: the device is full, or a quota or size limit is used up", path, offset, isFull: true)
        : new DeviceFailedException($"Cannot {action}: {Describe(errno)}", path, offset);

    /// <summary>What the path leads to is no regular file.</summary>
    public static NotAnEdbFileException NotAFile(string path, bool isDirectory) => new(
        isDirectory ? "This is a directory, not an .edb file" : "This is a device, a pipe or a socket, not an .edb file", path);

    /// <summary>The system's own words.</summary>
    public static string Describe(int errno) => $"{new Win32Exception(errno).Message} (error {errno})";

    private static bool DirectoryIsMissing(string path)
    {
        string? directory = Path.GetDirectoryName(Path.GetFullPath(path));
        return directory is not null && !Directory.Exists(directory);
    }
}
