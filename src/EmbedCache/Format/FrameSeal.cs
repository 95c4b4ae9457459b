using System.Buffers.Binary;
using EmbedCache.Primitives;

namespace EmbedCache.Format;

/// <summary>
/// The two CRCs of a frame's header. crc_self lets any frame be checked alone: it covers the frame's own offset and the file's salt, so that a
/// copy at another place or of another file is not taken for a frame. crc_chain continues the frame before, so that stale bytes never join the log.
/// </summary>
internal static class FrameSeal
{
    private const int SelfInputByteLength = FrameHeader.SelfCrcOffset + sizeof(ulong) + FileSalt.ByteLength;
    private const int ChainInputByteLength = FormatConstants.CrcByteLength + FrameHeader.ChainCrcOffset;

    /// <summary>Writes both CRCs into a complete header and returns its chain CRC, for the next frame.</summary>
    public static uint Seal(Span<byte> header, long offset, in FileSalt salt, uint previousChain)
    {
        Span<byte> input = stackalloc byte[SelfInputByteLength];
        WriteSelfInput(input, header, offset, salt);
        BinaryPrimitives.WriteUInt32LittleEndian(header[FrameHeader.SelfCrcOffset..], Crc32.ComputeOften(input));
        WriteChainInput(input, header, previousChain);
        uint chain = Crc32.ComputeOften(input[..ChainInputByteLength]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[FrameHeader.ChainCrcOffset..], chain);
        return chain;
    }

    /// <summary>True when the header's self CRC is that of this place in this file.</summary>
    public static bool IsSelfValid(ReadOnlySpan<byte> header, long offset, in FileSalt salt)
        => BinaryPrimitives.ReadUInt32LittleEndian(header[FrameHeader.SelfCrcOffset..]) == ComputeSelf(header, offset, salt);

    /// <summary>True when the header's chain CRC continues the frame before.</summary>
    public static bool IsChained(ReadOnlySpan<byte> header, uint previousChain)
        => BinaryPrimitives.ReadUInt32LittleEndian(header[FrameHeader.ChainCrcOffset..]) == ComputeChain(header, previousChain);

    /// <summary>CRC of bytes 0..55 ‖ offset u8 ‖ salt.</summary>
    public static uint ComputeSelf(ReadOnlySpan<byte> header, long offset, in FileSalt salt)
    {
        Span<byte> input = stackalloc byte[SelfInputByteLength];
        WriteSelfInput(input, header, offset, salt);
        return Crc32.Compute(input);
    }

    /// <summary>CRC of the previous chain CRC u4 ‖ bytes 0..59.</summary>
    public static uint ComputeChain(ReadOnlySpan<byte> header, uint previousChain)
    {
        Span<byte> input = stackalloc byte[ChainInputByteLength];
        WriteChainInput(input, header, previousChain);
        return Crc32.Compute(input);
    }

    /// <summary>One contiguous input: a CRC in one call folds wide, three short appends would not.</summary>
    private static void WriteSelfInput(Span<byte> input, ReadOnlySpan<byte> header, long offset, in FileSalt salt)
    {
        header[..FrameHeader.SelfCrcOffset].CopyTo(input);
        BinaryPrimitives.WriteInt64LittleEndian(input[FrameHeader.SelfCrcOffset..], offset);
        salt.Write(input[(FrameHeader.SelfCrcOffset + sizeof(ulong))..]);
    }

    private static void WriteChainInput(Span<byte> input, ReadOnlySpan<byte> header, uint previousChain)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(input, previousChain);
        header[..FrameHeader.ChainCrcOffset].CopyTo(input[FormatConstants.CrcByteLength..]);
    }
}
