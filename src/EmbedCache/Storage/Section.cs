using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>
/// An immutable index section, used in place. Its header is checked when it is opened, its table of block CRCs at the first use, and each
/// 4 KiB block the first time it is touched: nothing is read in full at open, and no flipped bit is a silent miss.
/// </summary>
internal sealed class Section
{
    private readonly ByteSource _source;
    private readonly string _path;
    private readonly long _entriesOffset;
    private readonly long _entriesByteLength;
    private int[]? _checkedBlocks;

    private Section(LogFile log, long offset, SectionFrame frame)
    {
        _source = log.Source;
        _path = log.Path;
        Offset = offset;
        Frame = frame;
        _entriesOffset = offset + FormatConstants.FrameHeaderByteLength;
        _entriesByteLength = frame.EntriesByteLength;
    }

    /// <summary>Offset of the section's frame.</summary>
    public long Offset { get; }

    public SectionFrame Frame { get; }

    /// <summary>The file, for messages.</summary>
    public string Path => _path;

    /// <summary>Held against each block when its CRC is; null for none.</summary>
    public BlockRule? Rule { get; set; }

    /// <summary>Number of entries.</summary>
    public long Count => Frame.EntryCount;

    /// <summary>Bytes of the whole frame.</summary>
    public long ByteLength => Frame.Header.FrameByteLength;

    /// <summary>Number of blocks.</summary>
    public long BlockCount => Frame.BlockCount;

    /// <summary>Address of the first entry where the file is mapped, else 0. Blocks are to be touched before they are read through it.</summary>
    public nint Address => _source.AddressOf(_entriesOffset, _entriesByteLength);

    /// <summary>Opens a section and checks its header: kind, self CRC, and that what it says it holds fits in its frame.</summary>
    /// <exception cref="CorruptFileException">It does not.</exception>
    public static Section Open(LogFile log, long offset, FrameKind kind, long tail)
    {
        if (offset < FormatConstants.LogOffset || offset > tail - FormatConstants.FrameHeaderByteLength || offset % FormatConstants.Unit != 0)
        {
            throw new CorruptFileException($"The catalog names a {kind} section outside the log", log.Path, offset);
        }

        ReadOnlySpan<byte> bytes = log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength);
        if (!SectionFrame.TryRead(bytes, out SectionFrame frame)
            || frame.Header.Kind != kind
            || frame.Header.FrameByteLength > tail - offset
            || !FrameSeal.IsSelfValid(bytes, offset, log.Header.Salt))
        {
            throw new CorruptFileException($"The {kind} section's header is damaged; compact the file, which rebuilds its indexes", log.Path, offset);
        }

        return new Section(log, offset, frame);
    }

    /// <summary>The 8-byte word at a byte position among the entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Word(long position)
    {
        long block = position / FormatConstants.SectionBlockByteLength;
        Touch(block);
        return BinaryPrimitives.ReadUInt64LittleEndian(_source.Slice(_entriesOffset + position, sizeof(ulong)));
    }

    /// <summary>A range of the entries, its blocks checked.</summary>
    /// <param name="position">Where it begins, from the first entry.</param>
    /// <param name="byteLength">Its length, at least 1.</param>
    /// <exception cref="CorruptFileException">A block is damaged, or the range is not within the entries.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Range(long position, int byteLength)
    {
        if ((ulong)position > (ulong)_entriesByteLength || (ulong)byteLength > (ulong)(_entriesByteLength - position))
        {
            throw OutOfRange();
        }

        long last = (position + byteLength - 1) / FormatConstants.SectionBlockByteLength;
        for (long block = position / FormatConstants.SectionBlockByteLength; block <= last; block++)
        {
            Touch(block);
        }

        return _source.Slice(_entriesOffset + position, byteLength);
    }

    /// <summary>Asks for the cache lines of a range of the entries, without checking anything. Ranges out of bounds are ignored.</summary>
    public void Prefetch(long position, int byteLength)
    {
        if ((ulong)position < (ulong)_entriesByteLength && byteLength <= _entriesByteLength - position)
        {
            _source.Prefetch(_entriesOffset + position, byteLength);
        }
    }

    /// <summary>Whether the table and every block hold what their CRCs say, whatever was checked before.</summary>
    public bool IsWhole()
    {
        if (!IsTableValid())
        {
            return false;
        }

        for (long block = 0; block < BlockCount; block++)
        {
            if (!IsBlockValid(block))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A block of entries, checked.</summary>
    public ReadOnlySpan<byte> Block(long block)
    {
        Touch(block);
        return BlockBytes(block);
    }

    /// <summary>Checks a block against its CRC and the section's rule, always. False when it is damaged.</summary>
    public bool IsBlockValid(long block)
    {
        ReadOnlySpan<byte> bytes = BlockBytes(block);
        return Crc32.Compute(bytes) == StoredCrc(block) && Rule?.Invoke(block * FormatConstants.SectionBlockByteLength, bytes) != false;
    }

    /// <summary>Checks the table of block CRCs against the frame's payload CRC.</summary>
    public bool IsTableValid()
    {
        uint crc = 0;
        long remaining = BlockCount * FormatConstants.CrcByteLength;
        long offset = _entriesOffset + _entriesByteLength;
        while (remaining > 0)
        {
            int part = (int)Math.Min(remaining, FormatConstants.SectionBlockByteLength);
            crc = Crc32.Append(crc, _source.Slice(offset, part));
            offset += part;
            remaining -= part;
        }

        return crc == Frame.Header.PayloadCrc;
    }

    /// <summary>Checks a block unless that was done before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Touch(long block)
    {
        int[]? checkedBlocks = Volatile.Read(ref _checkedBlocks);
        if (checkedBlocks is null || (checkedBlocks[block >> 5] & (1 << (int)(block & 31))) == 0)
        {
            Check(block);
        }
    }

    private void Check(long block)
    {
        if ((ulong)block >= (ulong)BlockCount)
        {
            throw OutOfRange();
        }

        int[]? checkedBlocks = Volatile.Read(ref _checkedBlocks);
        if (checkedBlocks is null)
        {
            if (!IsTableValid())
            {
                throw new CorruptFileException($"The table of block CRCs of the {Frame.Header.Kind} section is damaged; compact the file, which rebuilds its indexes", _path, Offset);
            }

            checkedBlocks = new int[(BlockCount + 31) / 32];
            checkedBlocks = Interlocked.CompareExchange(ref _checkedBlocks, checkedBlocks, null) ?? checkedBlocks;
        }

        if (!IsBlockValid(block))
        {
            throw new CorruptFileException($"Block {block} of the {Frame.Header.Kind} section is damaged; compact the file, which rebuilds its indexes", _path, _entriesOffset + (block * FormatConstants.SectionBlockByteLength));
        }

        // A lost race loses a bit, and the block is checked once more.
        checkedBlocks[block >> 5] |= 1 << (int)(block & 31);
    }

    private CorruptFileException OutOfRange()
        => new($"A position past the end of the {Frame.Header.Kind} section was asked for", _path, Offset);

    private ReadOnlySpan<byte> BlockBytes(long block)
    {
        long start = block * FormatConstants.SectionBlockByteLength;
        return _source.Slice(_entriesOffset + start, (int)Math.Min(FormatConstants.SectionBlockByteLength, _entriesByteLength - start));
    }

    private uint StoredCrc(long block)
        => BinaryPrimitives.ReadUInt32LittleEndian(_source.Slice(_entriesOffset + _entriesByteLength + (block * FormatConstants.CrcByteLength), FormatConstants.CrcByteLength));
}
