using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Unix;

/// <summary>What the system says of a file. By statx on Linux, whose layout is one on every architecture, unlike that of stat.</summary>
internal readonly struct UnixStatus
{
    private const uint TypeMask = 0xF000;
    private const uint RegularType = 0x8000;
    private const uint DirectoryType = 0x4000;
    private const uint PermissionMask = 0xFFF;
    private const uint AnyWrite = 0x92;

    private const int CurrentDirectory = -100;
    private const int EmptyPath = 0x1000;
    private const uint WantBasic = 0x7FF;
    private const uint WantIdentity = 0x100;

    private static readonly byte[] s_noPath = [0];

    private UnixStatus(FileIdentity identity, uint mode, uint user, uint group, long length, long blocks)
    {
        Length = length;
        Identity = identity;
        Mode = mode;
        User = user;
        Group = group;
        AllocatedLength = blocks * 512;
    }

    public FileIdentity Identity { get; }

    public uint User { get; }

    public uint Group { get; }

    /// <summary>Bytes in the file.</summary>
    public long Length { get; }

    /// <summary>Bytes of disk the file takes; less than its length where it has holes.</summary>
    public long AllocatedLength { get; }

    /// <summary>The permission bits, those of setuid, setgid and sticky included.</summary>
    public uint Permissions => Mode & PermissionMask;

    public bool IsRegular => (Mode & TypeMask) == RegularType;

    public bool IsDirectory => (Mode & TypeMask) == DirectoryType;

    /// <summary>Whether nobody at all may write: the file is marked read-only. The superuser could write it all the same.</summary>
    public bool IsMarkedReadOnly => (Mode & AnyWrite) == 0;

    private uint Mode { get; }

    /// <summary>Asks for the status of an open file; 0 or an error number.</summary>
    public static int TryGet(SafeFileHandle handle, out UnixStatus status)
    {
        using var file = new BorrowedDescriptor(handle);
        if (UnixPlatform.IsMacOS)
        {
            var mac = default(MacStatus);
            int failed = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? FStatInode64(file.Number, ref mac) : FStat(file.Number, ref mac);
            status = new UnixStatus(mac.Identity, mac.Mode, mac.User, mac.Group, mac.Length, mac.Blocks);
            return failed == 0 ? 0 : Errno.Last;
        }

        var linux = default(LinuxStatus);
        int error = Native.StatX(file.Number, s_noPath, EmptyPath, WantBasic, ref linux) == 0 ? 0 : Errno.Last;
        status = new UnixStatus(linux.Identity, linux.Mode, linux.User, linux.Group, (long)linux.Length, (long)linux.Blocks);
        return error;
    }

    /// <summary>Asks which file a path leads to; 0 or an error number. Allocates nothing.</summary>
    public static int TryIdentify(byte[] path, out FileIdentity identity)
    {
        if (UnixPlatform.IsMacOS)
        {
            var mac = default(MacStatus);
            int failed = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatInode64(path, ref mac) : Stat(path, ref mac);
            identity = mac.Identity;
            return failed == 0 ? 0 : Errno.Last;
        }

        var linux = default(LinuxStatus);
        int error = Native.StatX(CurrentDirectory, path, 0, WantIdentity, ref linux) == 0 ? 0 : Errno.Last;
        identity = linux.Identity;
        return error;
    }

    [DllImport(Native.LibC, EntryPoint = "fstat", SetLastError = true)]
    private static extern int FStat(int file, ref MacStatus status);

    [DllImport(Native.LibC, EntryPoint = "fstat$INODE64", SetLastError = true)]
    private static extern int FStatInode64(int file, ref MacStatus status);

    [DllImport(Native.LibC, EntryPoint = "stat", SetLastError = true)]
    private static extern int Stat(byte[] path, ref MacStatus status);

    [DllImport(Native.LibC, EntryPoint = "stat$INODE64", SetLastError = true)]
    private static extern int StatInode64(byte[] path, ref MacStatus status);

    /// <summary>Linux's <c>struct statx</c>: 256 bytes, of which these are used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct LinuxStatus
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Length;

        [FieldOffset(48)]
        public ulong Blocks;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;

        public readonly FileIdentity Identity => new(((ulong)DeviceMajor << 32) | DeviceMinor, Inode);
    }

    /// <summary>macOS's <c>struct stat</c> with 64-bit inodes: 144 bytes, of which these are used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    private struct MacStatus
    {
        [FieldOffset(0)]
        public uint Device;

        [FieldOffset(4)]
        public ushort Mode;

        [FieldOffset(8)]
        public ulong Inode;

        [FieldOffset(16)]
        public uint User;

        [FieldOffset(20)]
        public uint Group;

        [FieldOffset(96)]
        public long Length;

        [FieldOffset(104)]
        public long Blocks;

        public readonly FileIdentity Identity => new(Device, Inode);
    }
}
