using System.Buffers;
using EmbedCache.Format;

namespace EmbedCache.Storage;

/// <summary>
/// Finds the frames of a file by their own CRCs alone, wherever they stand: needs no slot, no chain, and of the header only what its salt adds
/// to a self CRC (<see cref="FrameSeal.SaltShare"/>). Positional reads throughout, since a damaged file may be shorter than it says.
/// </summary>
internal sealed class FrameScanner(IStoreFile file, uint saltShare, long from, long to) : IDisposable
{
    private const int BufferByteLength = 1 << 18;

    private static readonly byte[] s_blank = new byte[FormatConstants.Unit];

    private readonly byte[] _header = new byte[FormatConstants.FrameHeaderByteLength];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferByteLength);
    private long _bufferOffset;
    private int _bufferLength;
    private long _next = from;

    /// <summary>Where the current frame starts, or where the scan ended.</summary>
    public long Offset { get; private set; } = from;

    public FrameHeader Header { get; private set; }

    /// <summary>The current frame's 64 header bytes.</summary>
    public ReadOnlySpan<byte> HeaderBytes => _header;

    /// <summary>Where what is no frame begins in front of <see cref="Offset"/>; equal to it where the frames join.</summary>
    public long GapOffset { get; private set; }

    /// <summary>True when that gap holds nothing but zeros.</summary>
    public bool IsGapBlank { get; private set; }

    /// <summary>True when the frame says that it is longer than what there is.</summary>
    public bool IsCut => Header.FrameByteLength > to - Offset;

    /// <summary>Steps to the next frame, over what is none. False at the end, with the last gap told.</summary>
    public bool TryMoveNext()
    {
        GapOffset = _next;
        IsGapBlank = true;
        for (long offset = _next; offset < to; offset += FormatConstants.Unit)
        {
            ReadOnlySpan<byte> bytes = Peek(offset);
            if (FrameHeader.TryRead(bytes, out FrameHeader header) && FrameSeal.SaltShareOf(bytes, offset) == saltShare)
            {
                bytes.CopyTo(_header);
                Offset = offset;
                Header = header;
                _next = offset + Math.Min(header.FrameByteLength, to - offset);
                return true;
            }

            IsGapBlank &= bytes.SequenceEqual(s_blank.AsSpan(0, bytes.Length));
        }

        Offset = to;
        _next = to;
        return false;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>A unit, or what is left of it at the end.</summary>
    private ReadOnlySpan<byte> Peek(long offset)
    {
        int wanted = (int)Math.Min(FormatConstants.Unit, to - offset);
        if (offset < _bufferOffset || offset + wanted > _bufferOffset + _bufferLength)
        {
            _bufferOffset = offset;
            _bufferLength = file.ReadAt(offset, _buffer.AsSpan(0, (int)Math.Min(BufferByteLength, to - offset)));
        }

        int start = (int)(offset - _bufferOffset);
        return _buffer.AsSpan(start, Math.Max(0, Math.Min(wanted, _bufferLength - start)));
    }
}
