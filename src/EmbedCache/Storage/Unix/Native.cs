using System.Runtime.InteropServices;

// Native code comes from the system alone: a library beside the assembly cannot take its place.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.System32)]

namespace EmbedCache.Storage.Unix;

/// <summary>
/// The C library, as it is: each returns -1 (mmap: MAP_FAILED) and leaves <see cref="Errno.Last"/>. Offsets are 64 bits wide, which the
/// plain names take on 64-bit systems and on musl; glibc on 32 bits has the names ending in 64 for it, see <see cref="Native32"/>.
/// </summary>
/// <remarks>
/// open and fcntl are variadic in C. Linux passes variadic arguments as it does others; macOS on arm64 does not, so there they are
/// called without any.
/// Descriptors are plain numbers here, borrowed by <see cref="BorrowedDescriptor"/>: marshalling a SafeHandle costs the first call of each
/// function 0.3 ms of compilation (measured), and the first open of a process makes ten such calls. The functions that an open calls need no marshalling at all where
/// the framework allows it (the other parts of this class), and are compiled ahead of time with the rest.
/// </remarks>
internal static partial class Native
{
    /// <summary>The C library; the runtime knows its file name on each system.</summary>
    public const string LibC = "libc";

    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;

    public const int PROT_READ = 1;
    public const int MAP_SHARED = 1;

    public const int MADV_NORMAL = 0;
    public const int MADV_RANDOM = 1;
    public const int MADV_SEQUENTIAL = 2;
    public const int MADV_WILLNEED = 3;

    /// <summary>Linux: allocate without changing the length.</summary>
    public const int FALLOC_FL_KEEP_SIZE = 1;

    /// <summary>Linux: release; always together with KEEP_SIZE.</summary>
    public const int FALLOC_FL_PUNCH_HOLE = 2;

    /// <summary>setpriority of a process, and on Linux of a thread: 0 is the one that calls.</summary>
    public const int PRIO_PROCESS = 0;

    /// <summary>macOS: flush the drive's cache too, which its fsync does not.</summary>
    public const int F_FULLFSYNC = 51;

    /// <summary>Linux: closes with exec. The same number on every architecture .NET runs on.</summary>
    private const int LinuxCloseOnExec = 0x8_0000;
    private const int LinuxNonBlock = 0x800;
    private const int LinuxCreate = 0x40;
    private const int LinuxExclusive = 0x80;
    private const int ArmLargeFile = 0x2_0000;
    private const int LinuxNoFollow = 0x2_0000;
    private const int ArmNoFollow = 0x8000;
    private const int MacNoFollow = 0x100;

    /// <summary>Architecture.Ppc64le, which the older framework has no name for.</summary>
    private const Architecture Ppc64le = (Architecture)8;

    private const int MacCloseOnExec = 0x100_0000;
    private const int MacNonBlock = 0x4;
    private const int MacCreate = 0x200;
    private const int MacExclusive = 0x800;

    /// <summary>Opening never waits (a FIFO would) and never leaks into a child process.</summary>
    public static readonly int OpenFlags = UnixPlatform.IsMacOS
        ? MacCloseOnExec | MacNonBlock
        : LinuxCloseOnExec | LinuxNonBlock | (IntPtr.Size == 4 ? ArmLargeFile : 0);

    /// <summary>Fail on a link instead of following it. One of the few flags whose number differs between architectures.</summary>
    public static readonly int NoFollow = UnixPlatform.IsMacOS ? MacNoFollow
        : RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Ppc64le ? ArmNoFollow
        : LinuxNoFollow;

    /// <summary>Create, and fail when anything stands there, a link included.</summary>
    public static readonly int CreateFlags = UnixPlatform.IsMacOS ? MacCreate | MacExclusive : LinuxCreate | LinuxExclusive;

    [DllImport(LibC, EntryPoint = "open", SetLastError = true)]
    public static extern int Open(byte[] path, int flags, uint mode);

    [DllImport(LibC, EntryPoint = "pwrite", SetLastError = true)]
    public static extern IntPtr PWrite(int file, ref byte buffer, IntPtr count, long offset);

    [DllImport(LibC, EntryPoint = "ftruncate", SetLastError = true)]
    public static extern int FTruncate(int file, long length);

    [DllImport(LibC, EntryPoint = "fallocate", SetLastError = true)]
    public static extern int FAllocate(int file, int mode, long offset, long length);

    [DllImport(LibC, EntryPoint = "fdatasync", SetLastError = true)]
    public static extern int FDataSync(int file);

    [DllImport(LibC, EntryPoint = "fsync", SetLastError = true)]
    public static extern int FSync(int file);

    [DllImport(LibC, EntryPoint = "fcntl", SetLastError = true)]
    public static extern int FCntl(int file, int command);

    [DllImport(LibC, EntryPoint = "setpriority", SetLastError = true)]
    public static extern int SetPriority(int which, int who, int priority);

    [DllImport(LibC, EntryPoint = "fchmod", SetLastError = true)]
    public static extern int FChMod(int file, uint mode);

    [DllImport(LibC, EntryPoint = "fchown", SetLastError = true)]
    public static extern int FChOwn(int file, uint user, uint group);

    [DllImport(LibC, EntryPoint = "rename", SetLastError = true)]
    public static extern int Rename(byte[] source, byte[] destination);

    [DllImport(LibC, EntryPoint = "unlink", SetLastError = true)]
    public static extern int Unlink(byte[] path);

    /// <summary>macOS on Intel: the layout with 64-bit inodes.</summary>
    [DllImport(LibC, EntryPoint = "statfs$INODE64", SetLastError = true)]
    public static extern int StatFsInode64(byte[] path, [Out] byte[] status);
}
