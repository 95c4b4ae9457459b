namespace EmbedCache.Storage;

/// <summary>
/// Address space over a file from its start, for reading. It may reach past the end of the file: who uses it knows how far to go.
/// Views have no finalizer on purpose: a span does not keep its view alive, and a page that is gone ends the process, where a view that
/// somebody forgot to dispose costs address space.
/// </summary>
/// <param name="address">Where the file's first byte stands.</param>
/// <param name="capacity">Bytes of address space.</param>
internal abstract class MapView(IntPtr address, long capacity) : IDisposable
{
    /// <summary>Where the file's first byte stands.</summary>
    public IntPtr Address { get; } = address;

    /// <summary>Bytes of address space.</summary>
    public long Capacity { get; } = capacity;

    /// <summary>Passes a hint about the whole view to the system, where there is one.</summary>
    public abstract void Advise(AccessPattern pattern);

    /// <summary>Asks for a range ahead of its use, where that can be had.</summary>
    public abstract void WillNeed(long offset, int byteLength);

    /// <summary>Gives the address space back. Nothing may point there any more.</summary>
    public abstract void Dispose();
}
