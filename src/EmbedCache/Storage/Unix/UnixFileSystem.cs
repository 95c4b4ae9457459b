using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Unix;

/// <summary>Linux in full; macOS for reading, since its locks were never tested and a lock that does not hold loses data.</summary>
internal sealed class UnixFileSystem : IFileSystem
{
    private const uint ReadWriteForAll = 0x1B6;
    private const uint ReadWriteForOwner = 0x180;
    private const uint GroupRights = 0x38;
    private const uint OtherRights = 0x7;
    private const uint Keep = uint.MaxValue;

    /// <summary>PATH_MAX: the most that realpath writes, its zero included.</summary>
    private const int MaxPath = 4096;

    /// <summary>What a system without trusted locks says to a writer.</summary>
    public static PlatformNotSupportedException LocksNotOffered() => new(
        "Writing .edb files is not offered on this system: its file locks are not verified, and without them two writers could destroy a file. Open it for reading.");

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false)
    {
        path = Path.GetFullPath(path);
        bool canWrite = mode != FileOpenMode.Read;
        if (canWrite && !UnixPlatform.IsLinux)
        {
            throw LocksNotOffered();
        }

        string action = mode switch
        {
            FileOpenMode.Read => "open the file",
            FileOpenMode.ReadWrite => "open the file for writing",
            _ => "create the file",
        };
        SafeFileHandle handle = OpenHandle(path, mode, ownerOnly, action);
        try
        {
            int errno = UnixStatus.TryGet(handle, out UnixStatus status);
            if (errno != 0)
            {
                throw UnixError.ForPath(errno, action, path);
            }

            if (!status.IsRegular)
            {
                throw UnixError.NotAFile(path, status.IsDirectory);
            }

            if (mode == FileOpenMode.ReadWrite && status.IsMarkedReadOnly)
            {
                // The superuser may write it all the same, but whoever took the right from everybody meant it.
                throw new UnauthorizedAccessException($"Cannot {action}: it is read-only ('{path}'). Open it for reading, or make it writable.");
            }

            if (mode == FileOpenMode.CreateNew && ownerOnly && !ChangeMode(handle, ReadWriteForOwner))
            {
                // It was created with no more than these rights; a umask may have left fewer.
                throw UnixError.ForPath(Errno.Last, action, path);
            }

            return new UnixFile(handle, path, canWrite, status.Identity);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public FileIdentity? Identify(string path)
    {
        int errno = UnixStatus.TryIdentify(UnixPath.EncodeToScratch(path), out FileIdentity identity);
        return errno switch
        {
            0 => identity,
            Errno.ENOENT or Errno.ENOTDIR => null,
            _ => throw UnixError.ForPath(errno, "look at the file", path),
        };
    }

    public Volume Inspect(string path)
    {
        path = Path.GetFullPath(path);
        return UnixVolume.Of(UnixPath.Encode(Identify(path) is null ? Path.GetDirectoryName(path) ?? path : path));
    }

    public string ResolveLinks(string path)
    {
        path = Path.GetFullPath(path);
        if (TryResolve(path, out string? resolved) is int errno && errno == 0)
        {
            return resolved!;
        }

        if (errno != Errno.ENOENT)
        {
            throw UnixError.ForPath(errno, "resolve the path", path);
        }

        string? directory = Path.GetDirectoryName(path);
        if (directory is null || TryResolve(directory, out resolved) != 0)
        {
            throw UnixError.ForPath(errno, "resolve the path", path);
        }

        return Path.Combine(resolved!, Path.GetFileName(path));
    }

    public void Replace(string source, string destination)
    {
        if (Native.Rename(UnixPath.Encode(source), UnixPath.Encode(destination)) != 0)
        {
            throw UnixError.ForPath(Errno.Last, $"put '{source}' in the place of the file", destination);
        }
    }

    public void Delete(string path)
    {
        if (Native.Unlink(UnixPath.Encode(path)) != 0 && Errno.Last is int errno && errno != Errno.ENOENT)
        {
            throw UnixError.ForPath(errno, "delete the file", path);
        }
    }

    public void SyncDirectory(string directory)
    {
        using SafeFileHandle handle = OpenForReading(directory, "open the directory");
        using var file = new BorrowedDescriptor(handle);
        while (Native.FSync(file.Number) != 0)
        {
            int errno = Errno.Last;
            if (errno == Errno.EINTR)
            {
                continue;
            }

            // Some file systems order their directories themselves and know no fsync of one.
            if (errno == Errno.EINVAL || Errno.IsUnsupported(errno))
            {
                return;
            }

            throw UnixError.ForFile(errno, "make the directory durable", directory);
        }
    }

    public void CopyOwnership(string from, string to)
    {
        // A link that somebody puts in the place of the new file would hand his choice of file the rights of the old one.
        using SafeFileHandle source = OpenForReading(from, "open the file");
        using SafeFileHandle target = OpenWithoutFollowing(to, "open the file");
        int errno = UnixStatus.TryGet(source, out UnixStatus wanted);
        if (errno == 0)
        {
            errno = UnixStatus.TryGet(target, out UnixStatus actual);
            uint mode = wanted.Permissions;
            if (errno == 0 && (wanted.User != actual.User || wanted.Group != actual.Group))
            {
                bool keepsGroup = ChangeOwner(target, wanted.User, wanted.Group) || ChangeOwner(target, Keep, wanted.Group);
                if (!keepsGroup && wanted.Group != actual.Group)
                {
                    uint others = (mode & OtherRights) << 3;
                    mode &= ~GroupRights | others;
                }
            }

            // Last, since a change of owner takes bits away.
            if (errno == 0 && !ChangeMode(target, mode))
            {
                errno = Errno.Last;
            }
        }

        if (errno != 0)
        {
            throw UnixError.ForPath(errno, $"give the file the mode of '{from}'", to);
        }
    }

    private static SafeFileHandle OpenHandle(string path, FileOpenMode mode, bool ownerOnly, string action)
    {
        byte[] name = UnixPath.Encode(path);
        int descriptor = mode switch
        {
            FileOpenMode.Read => Native.Open(name, Native.O_RDONLY | Native.OpenFlags),
            FileOpenMode.ReadWrite => Native.Open(name, Native.O_RDWR | Native.OpenFlags),
            _ => Native.Open(name, Native.O_RDWR | Native.CreateFlags | Native.OpenFlags, ownerOnly ? ReadWriteForOwner : ReadWriteForAll),
        };
        return descriptor >= 0
            ? new SafeFileHandle(new IntPtr(descriptor), ownsHandle: true)
            : throw UnixError.ForPath(Errno.Last, action, path);
    }

    private static bool ChangeMode(SafeFileHandle handle, uint mode)
    {
        using var file = new BorrowedDescriptor(handle);
        return Native.FChMod(file.Number, mode) == 0;
    }

    private static bool ChangeOwner(SafeFileHandle handle, uint user, uint group)
    {
        using var file = new BorrowedDescriptor(handle);
        return Native.FChOwn(file.Number, user, group) == 0;
    }

    private static SafeFileHandle OpenForReading(string path, string action) => OpenHandle(path, FileOpenMode.Read, ownerOnly: false, action);

    private static SafeFileHandle OpenWithoutFollowing(string path, string action)
    {
        int descriptor = Native.Open(UnixPath.Encode(path), Native.O_RDONLY | Native.OpenFlags | Native.NoFollow);
        return descriptor >= 0 ? new SafeFileHandle(new IntPtr(descriptor), ownsHandle: true) : throw UnixError.ForPath(Errno.Last, action, path);
    }

    private static int TryResolve(string path, out string? resolved)
    {
        byte[] buffer = new byte[MaxPath];
        if (Native.RealPath(UnixPath.Encode(path), buffer) == IntPtr.Zero)
        {
            resolved = null;
            return Errno.Last;
        }

        resolved = Encoding.UTF8.GetString(buffer, 0, ((ReadOnlySpan<byte>)buffer).IndexOf((byte)0));
        return 0;
    }
}
