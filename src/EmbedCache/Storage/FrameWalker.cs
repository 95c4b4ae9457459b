using System.Buffers;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>
/// Follows the chain frame by frame through positional reads, which unlike a mapping are safe past the published tail, where another
/// process may truncate.
/// </summary>
internal sealed class FrameWalker : IDisposable
{
    private const int BufferByteLength = 256 * 1024;

    private readonly LogFile _log;
    private readonly byte[] _header = new byte[FormatConstants.FrameHeaderByteLength];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferByteLength);
    private long _bufferOffset;
    private int _bufferLength;

    public FrameWalker(LogFile log, long offset, uint chain, long limit)
    {
        _log = log;
        NextOffset = offset;
        Chain = chain;
        Limit = limit;
    }

    /// <summary>Nothing at or past this offset is read.</summary>
    public long Limit { get; }

    /// <summary>Where the next frame would start: the end of what was accepted.</summary>
    public long NextOffset { get; private set; }

    /// <summary>The chain CRC up to <see cref="NextOffset"/>.</summary>
    public uint Chain { get; private set; }

    /// <summary>Offset of the current frame.</summary>
    public long Offset { get; private set; }

    /// <summary>The current frame's header.</summary>
    public FrameHeader Header { get; private set; }

    /// <summary>The current frame's 64 header bytes; valid until the next call of <see cref="TryMoveNext"/>.</summary>
    public ReadOnlySpan<byte> HeaderBytes => _header;

    /// <summary>Why <see cref="TryMoveNext"/> last said false.</summary>
    public string StopReason { get; private set; } = string.Empty;

    /// <summary>
    /// Steps to the next frame if it is whole: known kind, self CRC, chain CRC, inside the limit and, for kinds that are not derived from
    /// others, payload CRC. A damaged index section is rebuilt, not mourned, so its payload never ends the log.
    /// </summary>
    public bool TryMoveNext()
    {
        ReadOnlySpan<byte> bytes = Peek(NextOffset, FormatConstants.FrameHeaderByteLength);
        if (bytes.Length < FormatConstants.FrameHeaderByteLength)
        {
            return Stop("the file ends here");
        }

        if (!FrameHeader.TryRead(bytes, out FrameHeader header))
        {
            return Stop(bytes[0] == 0 ? "no frame starts here" : $"unknown frame kind {bytes[0]} or an impossible length");
        }

        if (header.FrameByteLength > Limit - NextOffset)
        {
            return Stop($"a frame of {header.FrameByteLength} bytes runs past the end of the file");
        }

        if (!FrameSeal.IsSelfValid(bytes, NextOffset, _log.Header.Salt))
        {
            return Stop("the frame header's own CRC does not match");
        }

        if (!FrameSeal.IsChained(bytes, Chain))
        {
            return Stop("the frame does not follow the one before it (chain CRC)");
        }

        bytes.CopyTo(_header);
        if (!header.Kind.IsSection() && !IsPayloadValid(header))
        {
            return Stop("the payload CRC does not match");
        }

        Offset = NextOffset;
        Header = header;
        Chain = header.ChainCrc;
        NextOffset += header.FrameByteLength;
        return true;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool IsPayloadValid(in FrameHeader header)
    {
        long remaining = CheckedPayloadByteLength(header.Kind);
        if (remaining < 0)
        {
            return false;
        }

        uint crc = 0;
        long offset = NextOffset + FormatConstants.FrameHeaderByteLength;
        while (remaining > 0)
        {
            ReadOnlySpan<byte> part = Peek(offset, (int)Math.Min(remaining, BufferByteLength));
            if (part.IsEmpty)
            {
                return false;
            }

            crc = Crc32.Append(crc, part);
            offset += part.Length;
            remaining -= part.Length;
        }

        return crc == header.PayloadCrc;
    }

    /// <summary>How many bytes crc_payload covers, or -1 for a header that contradicts itself.</summary>
    private long CheckedPayloadByteLength(FrameKind kind)
    {
        if (kind.HasKey())
        {
            return RecordFrame.TryRead(_header, _log.Header.Dimension, _log.Header.KeyStorage, out RecordFrame record) ? record.PayloadByteLength : -1;
        }

        if (kind.IsPayload())
        {
            return PayloadFrame.TryRead(_header, out PayloadFrame payload) ? payload.PayloadByteLength : -1;
        }

        return kind == FrameKind.Commit ? 0 : -1;
    }

    /// <summary>Up to <paramref name="byteLength"/> bytes from <paramref name="offset"/>: fewer than a header's only at the limit.</summary>
    private ReadOnlySpan<byte> Peek(long offset, int byteLength)
    {
        byteLength = (int)Math.Max(0, Math.Min(byteLength, Limit - offset));
        bool isBuffered = offset >= _bufferOffset && offset + Math.Min(byteLength, FormatConstants.FrameHeaderByteLength) <= _bufferOffset + _bufferLength;
        if (!isBuffered)
        {
            _bufferOffset = offset;
            _bufferLength = byteLength == 0 ? 0 : _log.File.ReadAt(offset, _buffer.AsSpan(0, (int)Math.Min(BufferByteLength, Limit - offset)));
        }

        int start = (int)(offset - _bufferOffset);
        return _buffer.AsSpan(start, Math.Min(byteLength, _bufferLength - start));
    }

    private bool Stop(string reason)
    {
        StopReason = reason;
        return false;
    }
}
