using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>Reads the payload of a Properties or Catalog frame, with all its checks.</summary>
internal static class PayloadReader
{
    /// <exception cref="CorruptFileException">No whole frame of that kind is there.</exception>
    public static ReadOnlySpan<byte> Read(LogFile log, long offset, long tail, FrameKind kind)
    {
        if (offset < FormatConstants.LogOffset || offset > tail - FormatConstants.FrameHeaderByteLength || offset % FormatConstants.Unit != 0)
        {
            throw new CorruptFileException($"The {kind} frame is said to be outside the log", log.Path, offset);
        }

        ReadOnlySpan<byte> header = log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength);
        if (!PayloadFrame.TryRead(header, out PayloadFrame frame)
            || frame.Header.Kind != kind
            || frame.Header.FrameByteLength > tail - offset
            || frame.PayloadByteLength > int.MaxValue
            || !FrameSeal.IsSelfValid(header, offset, log.Header.Salt))
        {
            throw new CorruptFileException($"The {kind} frame's header is damaged", log.Path, offset);
        }

        ReadOnlySpan<byte> payload = log.Source.Slice(offset + PayloadFrame.PayloadOffset, (int)frame.PayloadByteLength);
        return Crc32.ComputeOnce(payload) == frame.Header.PayloadCrc
            ? payload
            : throw new CorruptFileException($"The {kind} frame's payload does not match its CRC", log.Path, offset);
    }
}
