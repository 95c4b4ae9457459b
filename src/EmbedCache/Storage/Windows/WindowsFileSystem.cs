using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Windows;

/// <summary>NTFS and its like. Files are opened shared for everything, deletion included; locks are what keeps writers apart.</summary>
internal sealed class WindowsFileSystem : IFileSystem
{
    /// <summary>SDDL: protected from inheritance, all rights to the owner and to nobody else.</summary>
    private const string OwnerAlone = "D:P(A;;FA;;;OW)";
    private const uint SecurityRevision = 1;
    private const string Device = @"\\?\";
    private const string Network = @"\\?\UNC\";
    private const uint DirectoryAttribute = 0x10;
    private const uint NoAttributes = uint.MaxValue;

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false)
    {
        path = Path.GetFullPath(path);
        string action = mode switch
        {
            FileOpenMode.Read => "open the file",
            FileOpenMode.ReadWrite => "open the file for writing",
            _ => "create the file",
        };
        SafeFileHandle handle = mode switch
        {
            FileOpenMode.Read => Native.CreateFile(Long(path), Native.GenericRead, Native.ShareAll, IntPtr.Zero, Native.OpenExisting, Native.RandomAccess, IntPtr.Zero),
            FileOpenMode.ReadWrite => Native.CreateFile(Long(path), Native.GenericRead | Native.GenericWrite, Native.ShareAll, IntPtr.Zero, Native.OpenExisting, Native.RandomAccess, IntPtr.Zero),
            _ => Create(path, ownerOnly),
        };
        try
        {
            if (handle.IsInvalid)
            {
                throw WindowsError.ForPath(WindowsError.Last, action, path);
            }

            if (Native.GetFileType(handle) != Native.FileTypeDisk)
            {
                throw WindowsError.NotAFile(path, isDirectory: false);
            }

            return new WindowsFile(handle, path, mode != FileOpenMode.Read, IdentityOf(handle, path));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public FileIdentity? Identify(string path)
    {
        using SafeFileHandle handle = Native.CreateFile(
            Long(path), Native.ReadAttributes, Native.ShareAll, IntPtr.Zero, Native.OpenExisting, Native.BackupSemantics, IntPtr.Zero);
        if (!handle.IsInvalid)
        {
            return IdentityOf(handle, path);
        }

        int code = WindowsError.Last;
        return WindowsError.IsAbsent(code) ? null : throw WindowsError.ForPath(code, "look at the file", path);
    }

    public Volume Inspect(string path)
    {
        path = WithoutDevicePrefix(Path.GetFullPath(path));
        if (path.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return new Volume(VolumeKind.Network, "network share");
        }

        // A volume may be mounted in a folder: its own root is asked, not the drive letter's.
        char[] root = new char[path.Length + 2];
        if (!Native.GetVolumePathName(path, root, (uint)root.Length))
        {
            return new Volume(VolumeKind.Unknown, "unknown");
        }

        return Native.GetDriveType(root) switch
        {
            Native.DriveRemovable or Native.DriveFixed or Native.DriveOptical or Native.DriveMemory => Volume.Local,
            Native.DriveRemote => new Volume(VolumeKind.Network, "network drive"),
            _ => new Volume(VolumeKind.Unknown, "unknown"),
        };
    }

    public string ResolveLinks(string path)
    {
        path = Path.GetFullPath(path);
        int code = TryResolve(path, out string? resolved);
        if (code == 0)
        {
            return resolved!;
        }

        string? directory = Path.GetDirectoryName(path);
        if (!WindowsError.IsAbsent(code) || directory is null || TryResolve(directory, out resolved) != 0)
        {
            throw WindowsError.ForPath(code, "resolve the path", path);
        }

        return Path.Combine(resolved!, Path.GetFileName(path));
    }

    public void Replace(string source, string destination)
    {
        // ReplaceFile keeps the access rights of what it replaces, and knows files that others have open for sharing; it wants one there.
        bool replaced = Native.GetFileAttributes(Long(destination)) != NoAttributes
            ? Native.ReplaceFile(Long(destination), Long(source), null, Native.ReplaceIgnoringMergeErrors, IntPtr.Zero, IntPtr.Zero)
            : Native.MoveFileEx(Long(source), Long(destination), Native.MoveReplaceDurably);
        if (!replaced)
        {
            throw WindowsError.ForPath(WindowsError.Last, $"put '{source}' in the place of the file", destination);
        }
    }

    public void Delete(string path)
    {
        if (!Native.DeleteFile(Long(path)) && WindowsError.Last is int code && !WindowsError.IsAbsent(code))
        {
            throw WindowsError.ForPath(code, "delete the file", path);
        }
    }

    public void SyncDirectory(string directory)
    {
        // NTFS journals its directories and offers no flush of one to ordinary users.
    }

    public void CopyOwnership(string from, string to)
    {
        // Replace keeps owner and rights of the file whose place is taken.
    }

    /// <summary>Creates a file; a link that stands there counts as something there, wherever it leads.</summary>
    private static SafeFileHandle Create(string path, bool ownerOnly)
    {
        const uint access = Native.GenericRead | Native.GenericWrite;
        const uint flags = Native.RandomAccess | Native.OpenReparsePoint;
        if (!ownerOnly)
        {
            return Native.CreateFile(Long(path), access, Native.ShareAll, IntPtr.Zero, Native.CreateNew, flags, IntPtr.Zero);
        }

        if (!Native.ConvertStringSecurityDescriptor(OwnerAlone, SecurityRevision, out IntPtr descriptor, IntPtr.Zero))
        {
            throw WindowsError.ForPath(WindowsError.Last, "restrict the file to its owner", path);
        }

        try
        {
            var security = new Native.SecurityAttributes
            {
                ByteLength = (uint)Marshal.SizeOf<Native.SecurityAttributes>(),
                Descriptor = descriptor,
            };
            return Native.CreateFile(Long(path), access, Native.ShareAll, ref security, Native.CreateNew, flags, IntPtr.Zero);
        }
        finally
        {
            // LocalFree leaves the last error alone: it is imported without one.
            _ = Native.LocalFree(descriptor);
        }
    }

    private static FileIdentity IdentityOf(SafeFileHandle handle, string path)
    {
        // ReFS has 128-bit file ids; on NTFS the high half is zero. File systems without such ids have the older, 64-bit ones.
        if (Native.GetFileInformationByHandleEx(handle, Native.FileIdInfo, out Native.FileIdInformation id, (uint)Marshal.SizeOf<Native.FileIdInformation>()))
        {
            return new FileIdentity(id.Volume, id.FileLow ^ ((id.FileHigh << 32) | (id.FileHigh >> 32)));
        }

        if (!Native.GetFileInformationByHandle(handle, out Native.FileInformation information))
        {
            throw WindowsError.ForPath(WindowsError.Last, "look at the file", path);
        }

        return (information.Attributes & DirectoryAttribute) == 0
            ? new FileIdentity(information.Volume, ((ulong)information.IndexHigh << 32) | information.IndexLow)
            : throw WindowsError.NotAFile(path, isDirectory: true);
    }

    private static int TryResolve(string path, out string? resolved)
    {
        resolved = null;
        using SafeFileHandle handle = Native.CreateFile(
            Long(path), Native.ReadAttributes, Native.ShareAll, IntPtr.Zero, Native.OpenExisting, Native.BackupSemantics, IntPtr.Zero);
        if (handle.IsInvalid)
        {
            return WindowsError.Last;
        }

        // It returns the length it took or, where the buffer is too short, the length it needs with the zero.
        char[] buffer = new char[512];
        uint length = Native.GetFinalPathNameByHandle(handle, buffer, (uint)buffer.Length, 0);
        if (length > buffer.Length)
        {
            buffer = new char[length];
            length = Native.GetFinalPathNameByHandle(handle, buffer, length, 0);
        }

        if (length == 0 || length >= buffer.Length)
        {
            return WindowsError.Last;
        }

        resolved = WithoutDevicePrefix(new string(buffer, 0, (int)length));
        return 0;
    }

    /// <summary>A path of 260 characters and more needs the device prefix, which takes a full path literally.</summary>
    private static string Long(string path)
    {
        const int maxPath = 260;
        if (path.Length < maxPath || path.StartsWith(Device, StringComparison.Ordinal))
        {
            return path;
        }

        path = Path.GetFullPath(path);
        return path.StartsWith(@"\\", StringComparison.Ordinal) ? Network + path.Substring(2) : Device + path;
    }

    /// <summary><c>\\?\C:\x</c> is C:\x, and <c>\\?\UNC\server\share</c> is \\server\share.</summary>
    private static string WithoutDevicePrefix(string path) =>
        path.StartsWith(Network, StringComparison.OrdinalIgnoreCase) ? @"\\" + path.Substring(Network.Length)
        : path.StartsWith(Device, StringComparison.Ordinal) ? path.Substring(Device.Length)
        : path;
}
