using System.Runtime.InteropServices;

namespace EmbedCache.Storage.Unix;

/// <summary>The error numbers that are told apart. Those up to 34 are the same on every Unix; the later ones are not.</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int EBADF = 9;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EEXIST = 17;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int EFBIG = 27;
    public const int ENOSPC = 28;
    public const int EROFS = 30;

    public static readonly int EAGAIN = Pick(11, 35);
    public static readonly int ENAMETOOLONG = Pick(36, 63);
    public static readonly int ENOLCK = Pick(37, 77);
    public static readonly int ENOSYS = Pick(38, 78);
    public static readonly int ELOOP = Pick(40, 62);
    public static readonly int ENOTSUP = Pick(95, 45);
    public static readonly int EOPNOTSUPP = Pick(95, 102);
    public static readonly int EDQUOT = Pick(122, 69);

    /// <summary>The number that the last native call of this thread left.</summary>
    public static int Last => Marshal.GetLastWin32Error();

    /// <summary>Whether the device, a quota or a limit of the process is full.</summary>
    public static bool IsFull(int errno) => errno is ENOSPC or EFBIG || errno == EDQUOT;

    /// <summary>Whether the system or the file system does not know the call.</summary>
    public static bool IsUnsupported(int errno) => errno == ENOSYS || errno == ENOTSUP || errno == EOPNOTSUPP;

    private static int Pick(int linux, int macOS) => UnixPlatform.IsMacOS ? macOS : linux;
}
