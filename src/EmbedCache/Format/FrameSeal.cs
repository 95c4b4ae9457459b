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
    private const int CrcBitCount = 8 * FormatConstants.CrcByteLength;
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

    /// <summary>
    /// What a salt adds to every self CRC of its file. CRC is affine: of inputs of one length, the CRC of x ‖ salt is that of x ‖ zeros XOR this. So a
    /// file whose header is lost still tells its frames: they are those that agree on one share.
    /// </summary>
    public static uint SaltShare(in FileSalt salt)
    {
        Span<byte> blank = stackalloc byte[FrameHeader.ByteLength];
        blank.Clear();
        return ComputeSelf(blank, 0, salt) ^ ComputeSelf(blank, 0, default);
    }

    /// <summary>The share that a header's self CRC has in it, if it is one at all.</summary>
    public static uint SaltShareOf(ReadOnlySpan<byte> header, long offset)
        => BinaryPrimitives.ReadUInt32LittleEndian(header[FrameHeader.SelfCrcOffset..]) ^ ComputeSelf(header, offset, default);

    /// <summary>
    /// The chain CRC of the frame before, worked out from a whole header: the one that makes its chain hold. Of a log's first frame, that is the CRC
    /// of the file's header. Bits that go in first leave each its own mark on the CRC, so the marks that make up the difference are unique.
    /// </summary>
    public static uint PreviousChain(ReadOnlySpan<byte> header)
    {
        uint nothing = ComputeChain(header, 0);
        uint wanted = BinaryPrimitives.ReadUInt32LittleEndian(header[FrameHeader.ChainCrcOffset..]) ^ nothing;
        Span<uint> marks = stackalloc uint[CrcBitCount];
        Span<uint> bits = stackalloc uint[CrcBitCount];
        for (int i = 0; i < CrcBitCount; i++)
        {
            bits[i] = 1u << i;
            marks[i] = ComputeChain(header, bits[i]) ^ nothing;
        }

        // Elimination over the field of two elements: afterwards each mark has a highest bit of its own.
        uint previous = 0;
        for (int column = CrcBitCount - 1; column >= 0; column--)
        {
            int pivot = column;
            while (pivot >= 0 && (marks[pivot] >> column & 1) == 0)
            {
                pivot--;
            }

            (marks[column], marks[pivot]) = (marks[pivot], marks[column]);
            (bits[column], bits[pivot]) = (bits[pivot], bits[column]);
            for (int row = column - 1; row >= 0; row--)
            {
                if ((marks[row] >> column & 1) != 0)
                {
                    marks[row] ^= marks[column];
                    bits[row] ^= bits[column];
                }
            }

            if ((wanted >> column & 1) != 0)
            {
                wanted ^= marks[column];
                previous ^= bits[column];
            }
        }

        return previous;
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
