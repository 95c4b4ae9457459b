using Microsoft.Win32.SafeHandles;

namespace EmbedCache.Storage.Unix;

/// <summary>
/// A descriptor's number for the length of a call or two. While it is borrowed, Dispose on another thread does not close it: the number
/// cannot come to mean another file.
/// </summary>
internal readonly ref struct BorrowedDescriptor
{
    private readonly SafeFileHandle _handle;

    /// <summary>Borrows from an open handle.</summary>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public BorrowedDescriptor(SafeFileHandle handle)
    {
        bool added = false;
        handle.DangerousAddRef(ref added);
        _handle = handle;
        Number = (int)handle.DangerousGetHandle();
    }

    public int Number { get; }

    /// <summary>Gives it back.</summary>
    public void Dispose() => _handle.DangerousRelease();
}
