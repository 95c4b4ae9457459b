using System.ComponentModel;
using System.Runtime.InteropServices;

namespace EmbedCache.Storage.Windows;

/// <summary>Windows' error codes as exceptions that name the path and what was tried.</summary>
internal static class WindowsError
{
    public const int FileNotFound = 2;
    public const int PathNotFound = 3;
    public const int AccessDenied = 5;
    public const int WriteProtect = 19;
    public const int SharingViolation = 32;
    public const int LockViolation = 33;
    public const int HandleEndOfFile = 38;
    public const int HandleDiskFull = 39;
    public const int FileExists = 80;
    public const int DiskFull = 112;
    public const int InvalidName = 123;
    public const int AlreadyExists = 183;
    public const int FileTooLarge = 223;
    public const int IOPending = 997;
    public const int UserMappedFile = 1224;
    public const int DiskQuotaExceeded = 1295;

    /// <summary>The code that the last native call of this thread left.</summary>
    public static int Last => Marshal.GetLastWin32Error();

    /// <summary>Whether nothing stands at the path.</summary>
    public static bool IsAbsent(int code) => code is FileNotFound or PathNotFound;

    /// <summary>Whether the device or a quota is full.</summary>
    public static bool IsFull(int code) => code is DiskFull or HandleDiskFull or DiskQuotaExceeded or FileTooLarge;

    /// <summary>A call on a path failed.</summary>
    /// <param name="code">Why.</param>
    /// <param name="action">What was tried, as in "cannot {action}".</param>
    /// <param name="path">On which path.</param>
    public static Exception ForPath(int code, string action, string path) => code switch
    {
        FileNotFound => new FileNotFoundException($"Cannot {action}: there is no such file ('{path}').", path),
        PathNotFound => new DirectoryNotFoundException($"Cannot {action}: its directory does not exist ('{path}')."),
        FileExists or AlreadyExists => new IOException($"Cannot {action}: it exists already ('{path}')."),
        AccessDenied when Directory.Exists(path) => NotAFile(path, isDirectory: true),
        AccessDenied => new UnauthorizedAccessException($"Cannot {action}: access is denied, the file or its directory is closed to this user or read-only ('{path}')."),
        SharingViolation or LockViolation or UserMappedFile => new FileBusyException($"Cannot {action}: another process has it open ({Describe(code)})", path),
        WriteProtect => new DeviceFailedException($"Cannot {action}: the device is read-only", path),
        _ when IsFull(code) => new DeviceFailedException($"Cannot {action}: the device is full or a quota is used up", path, isFull: true),
        _ => new IOException($"Cannot {action}: {Describe(code)} ('{path}')."),
    };

    /// <summary>A call on an open file failed.</summary>
    public static DeviceFailedException ForFile(int code, string action, string path, long? offset = null) => IsFull(code)
        ? new DeviceFailedException($"Cannot {action}: the device is full or a quota is used up", path, offset, isFull: true)
        : new DeviceFailedException($"Cannot {action}: {Describe(code)}", path, offset);

    /// <summary>What the path leads to is no regular file.</summary>
    public static NotAnEdbFileException NotAFile(string path, bool isDirectory) => new(
        isDirectory ? "This is a directory, not an .edb file" : "This is a device or a pipe, not an .edb file", path);

    /// <summary>The system's own words.</summary>
    public static string Describe(int code) => $"{new Win32Exception(code).Message} (error {code})";
}
