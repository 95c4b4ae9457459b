using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Windows;

/// <summary>kernel32, as it is: false or an invalid handle means failure, and <see cref="WindowsError.Last"/> says why.</summary>
internal static class Native
{
    public const uint GenericRead = 0x8000_0000;
    public const uint GenericWrite = 0x4000_0000;
    public const uint ReadAttributes = 0x80;

    /// <summary>FILE_SHARE_READ | WRITE | DELETE: nobody is kept out, and the file may be replaced while it is open.</summary>
    public const uint ShareAll = 7;

    public const uint CreateNew = 1;
    public const uint OpenExisting = 3;

    /// <summary>FILE_FLAG_BACKUP_SEMANTICS: lets a directory be opened.</summary>
    public const uint BackupSemantics = 0x0200_0000;

    /// <summary>FILE_FLAG_OPEN_REPARSE_POINT: a link itself and not what it leads to.</summary>
    public const uint OpenReparsePoint = 0x0020_0000;

    /// <summary>FILE_FLAG_RANDOM_ACCESS.</summary>
    public const uint RandomAccess = 0x1000_0000;

    public const uint LockFailImmediately = 1;
    public const uint LockExclusive = 2;

    public const uint SetSparse = 0x0009_00C4;
    public const uint SetZeroData = 0x0009_80C8;

    /// <summary>FILE_INFO_BY_HANDLE_CLASS values.</summary>
    public const int FileAllocationInfo = 5;
    public const int FileEndOfFileInfo = 6;
    public const int FileIdInfo = 18;

    /// <summary>MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH.</summary>
    public const uint MoveReplaceDurably = 1 | 8;

    /// <summary>REPLACEFILE_IGNORE_MERGE_ERRORS | REPLACEFILE_IGNORE_ACL_ERRORS.</summary>
    public const uint ReplaceIgnoringMergeErrors = 2 | 4;

    public const uint FileTypeDisk = 1;

    /// <summary>What GetDriveType returns.</summary>
    public const uint DriveRemovable = 2;
    public const uint DriveFixed = 3;
    public const uint DriveRemote = 4;
    public const uint DriveOptical = 5;
    public const uint DriveMemory = 6;

    public const uint PageReadOnly = 2;
    public const uint FileMapRead = 4;

    private const string Kernel32 = "kernel32.dll";

    [DllImport(Kernel32, EntryPoint = "CreateFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    public static extern SafeFileHandle CreateFile(string path, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

    [DllImport(Kernel32, EntryPoint = "CreateFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    public static extern SafeFileHandle CreateFile(string path, uint access, uint share, ref SecurityAttributes security, uint disposition, uint flags, IntPtr template);

    [DllImport(Kernel32, EntryPoint = "GetFileAttributesW", CharSet = CharSet.Unicode, SetLastError = true)]
    public static extern uint GetFileAttributes(string path);

    [DllImport(Kernel32, EntryPoint = "GetFileType", SetLastError = true)]
    public static extern uint GetFileType(SafeFileHandle file);

    [DllImport(Kernel32, EntryPoint = "ReadFile", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool ReadFile(SafeFileHandle file, ref byte buffer, uint count, out uint read, ref Overlapped place);

    [DllImport(Kernel32, EntryPoint = "WriteFile", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool WriteFile(SafeFileHandle file, ref byte buffer, uint count, out uint written, ref Overlapped place);

    [DllImport(Kernel32, EntryPoint = "FlushFileBuffers", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool FlushFileBuffers(SafeFileHandle file);

    [DllImport(Kernel32, EntryPoint = "GetFileSizeEx", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool GetFileSizeEx(SafeFileHandle file, out long length);

    [DllImport(Kernel32, EntryPoint = "SetFileInformationByHandle", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool SetFileInformationByHandle(SafeFileHandle file, int informationClass, ref long value, uint byteLength);

    [DllImport(Kernel32, EntryPoint = "GetFileInformationByHandleEx", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool GetFileInformationByHandleEx(SafeFileHandle file, int informationClass, out FileIdInformation information, uint byteLength);

    [DllImport(Kernel32, EntryPoint = "GetFileInformationByHandle", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool GetFileInformationByHandle(SafeFileHandle file, out FileInformation information);

    [DllImport(Kernel32, EntryPoint = "LockFileEx", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool LockFileEx(SafeFileHandle file, uint flags, uint reserved, uint lengthLow, uint lengthHigh, ref Overlapped place);

    [DllImport(Kernel32, EntryPoint = "UnlockFileEx", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool UnlockFileEx(SafeFileHandle file, uint reserved, uint lengthLow, uint lengthHigh, ref Overlapped place);

    [DllImport(Kernel32, EntryPoint = "DeviceIoControl", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool DeviceIoControl(SafeFileHandle file, uint code, IntPtr input, uint inputLength, IntPtr output, uint outputLength, out uint returned, IntPtr overlapped);

    [DllImport(Kernel32, EntryPoint = "DeviceIoControl", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool DeviceIoControl(SafeFileHandle file, uint code, ref ZeroDataRange input, uint inputLength, IntPtr output, uint outputLength, out uint returned, IntPtr overlapped);

    [DllImport(Kernel32, EntryPoint = "CreateFileMappingW", CharSet = CharSet.Unicode, SetLastError = true)]
    public static extern SafeWaitHandle CreateFileMapping(SafeFileHandle file, IntPtr security, uint protection, uint lengthHigh, uint lengthLow, string? name);

    [DllImport(Kernel32, EntryPoint = "MapViewOfFile", SetLastError = true)]
    public static extern IntPtr MapViewOfFile(SafeWaitHandle mapping, uint access, uint offsetHigh, uint offsetLow, UIntPtr byteLength);

    [DllImport(Kernel32, EntryPoint = "UnmapViewOfFile", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool UnmapViewOfFile(IntPtr address);

    [DllImport(Kernel32, EntryPoint = "MoveFileExW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool MoveFileEx(string source, string destination, uint flags);

    [DllImport(Kernel32, EntryPoint = "ReplaceFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool ReplaceFile(string replaced, string replacement, string? backup, uint flags, IntPtr exclude, IntPtr reserved);

    [DllImport(Kernel32, EntryPoint = "DeleteFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool DeleteFile(string path);

    [DllImport(Kernel32, EntryPoint = "GetFinalPathNameByHandleW", CharSet = CharSet.Unicode, SetLastError = true)]
    public static extern uint GetFinalPathNameByHandle(SafeFileHandle file, [Out] char[] path, uint length, uint flags);

    [DllImport(Kernel32, EntryPoint = "GetVolumePathNameW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool GetVolumePathName(string path, [Out] char[] root, uint length);

    /// <summary>Takes the root that <see cref="GetVolumePathName"/> gave, with its zero.</summary>
    [DllImport(Kernel32, EntryPoint = "GetDriveTypeW", CharSet = CharSet.Unicode)]
    public static extern uint GetDriveType(char[] root);

    [DllImport(Kernel32, EntryPoint = "LocalFree")]
    public static extern IntPtr LocalFree(IntPtr memory);

    [DllImport("advapi32.dll", EntryPoint = "ConvertStringSecurityDescriptorToSecurityDescriptorW", CharSet = CharSet.Unicode, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool ConvertStringSecurityDescriptor(string text, uint revision, out IntPtr descriptor, IntPtr length);

    /// <summary>OVERLAPPED: on a synchronous handle, where the call reads, writes or locks.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Overlapped
    {
        public UIntPtr Internal;
        public UIntPtr InternalHigh;
        public uint OffsetLow;
        public uint OffsetHigh;
        public IntPtr Event;
    }

    /// <summary>FILE_ID_INFO: a 64-bit volume and a 128-bit file, of which NTFS uses the low half.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileIdInformation
    {
        public ulong Volume;
        public ulong FileLow;
        public ulong FileHigh;
    }

    /// <summary>BY_HANDLE_FILE_INFORMATION, with each FILETIME as two words.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileInformation
    {
        public uint Attributes;
        public uint CreatedLow;
        public uint CreatedHigh;
        public uint AccessedLow;
        public uint AccessedHigh;
        public uint WrittenLow;
        public uint WrittenHigh;
        public uint Volume;
        public uint LengthHigh;
        public uint LengthLow;
        public uint LinkCount;
        public uint IndexHigh;
        public uint IndexLow;
    }

    /// <summary>FILE_ZERO_DATA_INFORMATION: from the first byte to the one behind the last.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ZeroDataRange
    {
        public long Start;
        public long End;
    }

    /// <summary>SECURITY_ATTRIBUTES.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SecurityAttributes
    {
        public uint ByteLength;
        public IntPtr Descriptor;
        public int Inherit;
    }
}
