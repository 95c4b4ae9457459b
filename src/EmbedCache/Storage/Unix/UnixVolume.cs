using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EmbedCache.Storage.Unix;

/// <summary>Which file system a path is on: by its number on Linux (statfs, <c>linux/magic.h</c> and the sources of those outside the kernel), by its flags on macOS.</summary>
internal static class UnixVolume
{
    /// <summary>More than any <c>struct statfs</c> takes: 120 bytes on Linux, 2,168 on macOS.</summary>
    private const int StatusByteLength = 4096;

    private const int MacFlagsOffset = 64;
    private const int MacNameOffset = 72;
    private const int MacNameByteLength = 16;
    private const uint MacIsLocal = 0x1000;

    private const string Unnamed = "unknown";

    /// <summary>What a path is on. Unknown where the system does not say.</summary>
    public static Volume Of(byte[] path)
    {
        byte[] status = new byte[StatusByteLength];
        return UnixPlatform.IsMacOS ? OfMac(path, status) : OfLinux(path, status);
    }

    /// <summary>What a Linux file system's number stands for.</summary>
    public static Volume FromNumber(uint number) => number switch
    {
        0x0000EF53 => Known("ext4"),
        0x58465342 => Known("xfs"),
        0x9123683E => Known("btrfs"),
        0x01021994 => Known("tmpfs"),
        0x858458F6 => Known("ramfs"),
        0x794C7630 => Known("overlayfs"),
        0x2FC12FC1 => Known("zfs"),
        0xF2F52010 => Known("f2fs"),
        0xCA451A4E => Known("bcachefs"),
        0x3153464A => Known("jfs"),
        0x52654973 => Known("reiserfs"),
        0x00003434 => Known("nilfs2"),
        0x00004D44 => Known("vfat"),
        0x2011BAB0 => Known("exfat"),
        0x5346544E or 0x7366746E => Known("ntfs"),
        0x00004244 or 0x0000482B => Known("hfs"),
        0x00009660 => Known("iso9660"),
        0x15013346 => Known("udf"),
        0x73717368 => Known("squashfs"),
        0xE0F5E1E2 => Known("erofs"),
        0x28CD3D45 => Known("cramfs"),
        0x24051905 => Known("ubifs"),
        0x000072B6 => Known("jffs2"),
        0x0000F15F => Known("ecryptfs"),
        0x00006969 => Remote("nfs"),
        0x0000517B or 0xFF534D42 or 0xFE534D42 => Remote("smb"),
        0x01021997 => Remote("9p"),
        0x00C36400 => Remote("ceph"),
        0x5346414F or 0x6B414653 => Remote("afs"),
        0x73757245 => Remote("coda"),
        0x0000564C => Remote("ncp"),
        0x01161970 => Remote("gfs2"),
        0x7461636F => Remote("ocfs2"),
        0x0BD00BD0 => Remote("lustre"),
        0x47504653 => Remote("gpfs"),
        0x19830326 => Remote("beegfs"),
        0x20030528 => Remote("orangefs"),
        0x786F4256 => Remote("vboxsf"),
        0xBACBACBC => Remote("vmhgfs"),
        0x7C7C6673 => Remote("prl_fs"),

        // A program of anybody's answers: sshfs and s3fs as well as a driver of a local disk.
        0x65735546 => new Volume(VolumeKind.Unknown, "fuse"),
        _ => new Volume(VolumeKind.Unknown, "0x" + number.ToString("x", CultureInfo.InvariantCulture)),
    };

    private static Volume Known(string name) => new(VolumeKind.Local, name);

    private static Volume Remote(string name) => new(VolumeKind.Network, name);

    private static Volume OfLinux(byte[] path, byte[] status)
    {
        int failed = Native32.IsNeeded ? Native32.StatFs(path, status) : Native.StatFs(path, status);

        // f_type comes first, as one machine word whose numbers all fit 32 bits; big-endian Linux runs .NET on s390x alone, where it is a 32-bit one.
        return failed == 0 ? FromNumber(MemoryMarshal.Read<uint>(status)) : new Volume(VolumeKind.Unknown, Unnamed);
    }

    private static Volume OfMac(byte[] path, byte[] status)
    {
        bool isIntel = RuntimeInformation.ProcessArchitecture == Architecture.X64;
        if ((isIntel ? Native.StatFsInode64(path, status) : Native.StatFs(path, status)) != 0)
        {
            return new Volume(VolumeKind.Unknown, Unnamed);
        }

        ReadOnlySpan<byte> name = status.AsSpan(MacNameOffset, MacNameByteLength);
        int end = name.IndexOf((byte)0);
        bool isLocal = (MemoryMarshal.Read<uint>(status.AsSpan(MacFlagsOffset)) & MacIsLocal) != 0;
        return new Volume(isLocal ? VolumeKind.Local : VolumeKind.Network, Encoding.ASCII.GetString(name.Slice(0, end < 0 ? MacNameByteLength : end).ToArray()));
    }
}
