using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Search.Graph;

/// <summary>
/// The bytes of a section as addresses: in place where the file is mapped, a copy where it is not. A mapping is held by whoever holds the snapshot.
/// </summary>
internal sealed unsafe class GraphMemory
{
    /// <summary>A file that is not mapped is copied up to this length; larger ones are searched by scan.</summary>
    private const long MaxCopyByteLength = 1L << 30;

    private readonly Section? _section;
    private readonly NativeBuffer? _copy;

    private GraphMemory(nint address, Section? section, NativeBuffer? copy)
    {
        Address = address;
        _section = section;
        _copy = copy;
    }

    /// <summary>First byte of the entries.</summary>
    public nint Address { get; }

    /// <summary>Memory of one's own.</summary>
    public static GraphMemory Of(NativeBuffer buffer) => new(buffer.Address, null, buffer);

    /// <summary>A section's entries; null where they are not mapped and too long for a copy.</summary>
    /// <exception cref="CorruptFileException">They are copied, and damaged.</exception>
    public static GraphMemory? TryOpen(Section section)
    {
        if (section.Address is nint address && address != 0)
        {
            return new GraphMemory(address, section, null);
        }

        long byteLength = section.Frame.EntriesByteLength;
        if (byteLength > MaxCopyByteLength)
        {
            return null;
        }

        var copy = new NativeBuffer(byteLength);
        for (long block = 0; block < section.BlockCount; block++)
        {
            ReadOnlySpan<byte> bytes = section.Block(block);
            bytes.CopyTo(new Span<byte>((void*)(copy.Address + (nint)(block * FormatConstants.SectionBlockByteLength)), bytes.Length));
        }

        return new GraphMemory(copy.Address, null, copy);
    }

    /// <summary>Address of a range that its caller knows to be within the entries, its blocks checked.</summary>
    /// <exception cref="CorruptFileException">A block is damaged.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint At(long position, int byteLength)
    {
        if (_section is not null)
        {
            Check(position, byteLength);
        }

        return Address + (nint)position;
    }

    /// <summary>Checks the blocks of a range unless that was done before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Check(long position, int byteLength)
    {
        if (_section is not null)
        {
            long last = (position + byteLength - 1) / FormatConstants.SectionBlockByteLength;
            for (long block = position / FormatConstants.SectionBlockByteLength; block <= last; block++)
            {
                _section.Touch(block);
            }
        }
    }
}
