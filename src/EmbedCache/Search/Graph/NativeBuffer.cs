using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Search.Graph;

/// <summary>
/// Memory on a cache line's boundary that the collector does not move: graph rows in the making, and what a search writes to. Freed by its
/// finalizer where nobody disposes of it.
/// </summary>
internal sealed class NativeBuffer : SafeHandleZeroOrMinusOneIsInvalid
{
    private const int Alignment = 64;

    public NativeBuffer(long byteLength)
        : base(ownsHandle: true)
    {
        ByteLength = byteLength;
        SetHandle(Marshal.AllocHGlobal((nint)(byteLength + Alignment)));
        Address = (nint)(((long)handle + Alignment - 1) & -Alignment);
        GC.AddMemoryPressure(byteLength + Alignment);
    }

    /// <summary>First byte, on a 64-byte boundary. Valid while this object is reachable and not disposed.</summary>
    public nint Address { get; }

    public long ByteLength { get; }

    protected override bool ReleaseHandle()
    {
        Marshal.FreeHGlobal(handle);
        GC.RemoveMemoryPressure(ByteLength + Alignment);
        return true;
    }
}
