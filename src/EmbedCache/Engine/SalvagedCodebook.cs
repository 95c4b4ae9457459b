using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>The codebook at the beginning of a damaged file's log, read without anything but its own CRCs.</summary>
internal static class SalvagedCodebook
{
    /// <summary>Reads it; null where it is damaged, in which case no code of it means anything any more.</summary>
    /// <param name="file">The damaged file.</param>
    /// <param name="header">The 64 header bytes of the frame at the beginning of the log.</param>
    /// <param name="dimension">The file's dimension.</param>
    public static RecordCodebook? TryRead(IStoreFile file, ReadOnlySpan<byte> header, int dimension)
    {
        if (!SectionFrame.TryRead(header, out SectionFrame frame)
            || frame.Header.Kind != FrameKind.Codebook
            || frame.PayloadByteLength > Math.Min(file.Length - FormatConstants.LogOffset, int.MaxValue))
        {
            return null;
        }

        byte[] payload = new byte[frame.PayloadByteLength];
        if (file.ReadAt(FormatConstants.LogOffset + SectionFrame.EntriesOffset, payload) < payload.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> entries = payload.AsSpan(0, (int)frame.EntriesByteLength);
        ReadOnlySpan<byte> table = payload.AsSpan(entries.Length);
        if (Crc32.Compute(table) != frame.Header.PayloadCrc)
        {
            return null;
        }

        for (int block = 0; block < frame.BlockCount; block++)
        {
            ReadOnlySpan<byte> bytes = entries.Slice(block * FormatConstants.SectionBlockByteLength, frame.BlockByteLength(block));
            if (Crc32.Compute(bytes) != BinaryPrimitives.ReadUInt32LittleEndian(table.Slice(block * FormatConstants.CrcByteLength)))
            {
                return null;
            }
        }

        return RecordCodebook.TryParse(entries, dimension);
    }

    /// <summary>The dimension that the codebook names, or 0: where every record is a code, nothing else tells it.</summary>
    public static int DimensionOf(IStoreFile file)
    {
        Span<byte> start = stackalloc byte[FormatConstants.FrameHeaderByteLength + FormatConstants.LineByteLength];
        start.Clear();
        if (file.ReadAt(FormatConstants.LogOffset, start) < start.Length || start[0] != (byte)FrameKind.Codebook)
        {
            return 0;
        }

        uint dimension = BinaryPrimitives.ReadUInt32LittleEndian(start.Slice(FormatConstants.FrameHeaderByteLength + RecordCodebookHeader.DimensionOffset));
        return dimension <= FormatConstants.MaxDimension ? (int)dimension : 0;
    }
}
