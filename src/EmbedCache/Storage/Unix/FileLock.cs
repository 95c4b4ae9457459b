using System.Runtime.InteropServices;

namespace EmbedCache.Storage.Unix;

/// <summary>
/// Linux's <c>struct flock</c> with 64-bit offsets, alike on every architecture .NET runs on.
/// <code>
///  0  s2 type (0 read, 1 write, 2 none)   2  s2 whence (0 = from the start)   4  padding
///  8  s8 start   16  s8 length (0 = to infinity)   24  s4 process id (must be 0)   28  padding
/// </code>
/// Locks of the open file description (F_OFD_*): held by the open file and not by the process, so that they exclude within a process,
/// survive the close of another handle to the same file, and end with a kill -9.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct FileLock
{
    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;

    public const short Read = 0;
    public const short Write = 1;
    public const short None = 2;

    [FieldOffset(0)]
    public short Type;

    [FieldOffset(2)]
    public short Whence;

    [FieldOffset(8)]
    public long Start;

    [FieldOffset(16)]
    public long Length;

    [FieldOffset(24)]
    public int ProcessId;
}
