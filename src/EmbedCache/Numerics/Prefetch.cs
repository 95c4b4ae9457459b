using System.Runtime.CompilerServices;
#if NET
using System.Runtime.Intrinsics.X86;
#endif

namespace EmbedCache.Numerics;

/// <summary>Asks for a cache line before it is needed. Never faults, whatever the address; does nothing where the processor or the runtime offers nothing.</summary>
internal static unsafe class Prefetch
{
    /// <summary>Bytes of a cache line on the processors that matter.</summary>
    public const int LineByteLength = 64;

    /// <summary>Into the first level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Near(nint address)
    {
#if NET
        if (Sse.IsSupported)
        {
            Sse.Prefetch0((void*)address);
        }
#endif
    }

    /// <summary>The same for all lines of a stretch that begins with one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Near(nint address, int byteLength)
    {
        for (int line = 0; line < byteLength; line += LineByteLength)
        {
            Near(address + line);
        }
    }
}
