using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// What the frames tell of a file whose header is damaged: their salt share, the dimension, what the keys are. Believes records alone whose
/// payload CRC holds, and of those what most of them say.
/// </summary>
internal sealed class FrameEvidence
{
    /// <summary>Records that are enough: two that agree by chance would be one in 2^64.</summary>
    private const int EnoughRecords = 16;

    private readonly Dictionary<(uint SaltShare, int Dimension, KeyStorage KeyStorage), int> _votes = [];
    private int _recordCount;
    private int _codebookDimension;

    /// <summary>True when a whole record was found.</summary>
    public bool IsFound => _recordCount > 0;

    public uint SaltShare { get; private set; }

    public int Dimension { get; private set; }

    public KeyStorage KeyStorage { get; private set; }

    /// <summary>The CRC of the file's header, as the chain of the log's first frame continues it; null where that frame is damaged.</summary>
    public uint? HeaderCrc { get; private set; }

    /// <summary>Looks for records from the beginning of the log.</summary>
    public static FrameEvidence Gather(IStoreFile file, long length, CancellationToken cancellationToken)
    {
        var evidence = new FrameEvidence { _codebookDimension = SalvagedCodebook.DimensionOf(file) };
        byte[] payload = new byte[RecordBytes.MaxPayloadByteLength];
        byte[] buffer = new byte[FormatConstants.Unit * 1024];
        for (long offset = FormatConstants.LogOffset; offset < length && evidence._recordCount < EnoughRecords; offset += buffer.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = file.ReadAt(offset, buffer);
            for (int i = 0; i + FormatConstants.Unit <= read && evidence._recordCount < EnoughRecords; i += FormatConstants.Unit)
            {
                evidence.Weigh(file, offset + i, buffer.AsSpan(i, FormatConstants.Unit), payload);
            }
        }

        evidence.Count(file);
        return evidence;
    }

    /// <summary>Takes a record whose own lengths agree and whose payload CRC holds. A chance of one in 2^32 for what is none, and it would have to repeat itself.</summary>
    private void Weigh(IStoreFile file, long offset, ReadOnlySpan<byte> header, byte[] payload)
    {
        if (header[FrameHeader.KindOffset] != (byte)FrameKind.Record)
        {
            return;
        }

        int dimension = DimensionOf(header);
        var keyStorage = (KeyStorage)(header[RecordFrame.KeyKindAndRoleOffset] & 0x0F);
        if (dimension is <= 0 or > FormatConstants.MaxDimension
            || keyStorage is not (KeyStorage.Text or KeyStorage.Digest)
            || !RecordFrame.TryRead(header, dimension, keyStorage, out RecordFrame frame))
        {
            return;
        }

        Span<byte> bytes = payload.AsSpan(0, frame.PayloadByteLength);
        if (file.ReadAt(offset + FormatConstants.FrameHeaderByteLength, bytes) < bytes.Length || Crc32.Compute(bytes) != frame.Header.PayloadCrc)
        {
            return;
        }

        _recordCount++;
        (uint, int, KeyStorage) vote = (FrameSeal.SaltShareOf(header, offset), dimension, keyStorage);
        _votes[vote] = _votes.TryGetValue(vote, out int count) ? count + 1 : 1;
    }

    /// <summary>The dimension that a record's length stands for in its encoding; of a code, only the codebook tells it.</summary>
    private int DimensionOf(ReadOnlySpan<byte> header)
    {
        int byteLength = BinaryPrimitives.ReadInt32LittleEndian(header[RecordFrame.VectorLengthOffset..]);
        return (RecordEncoding)header[RecordFrame.EncodingOffset] switch
        {
            RecordEncoding.Float32 => byteLength / sizeof(float),
            RecordEncoding.Float16 => (byteLength - EncodedFields.ByteLength) / sizeof(ushort),
            RecordEncoding.Int8 => byteLength - EncodedFields.ByteLength,
            RecordEncoding.Code => _codebookDimension,
            _ => 0,
        };
    }

    private void Count(IStoreFile file)
    {
        if (!IsFound)
        {
            return;
        }

        (SaltShare, Dimension, KeyStorage) = _votes.OrderByDescending(static vote => vote.Value).First().Key;
        byte[] first = new byte[FormatConstants.FrameHeaderByteLength];
        if (file.ReadAt(FormatConstants.LogOffset, first) == first.Length
            && FrameHeader.TryRead(first, out _)
            && FrameSeal.SaltShareOf(first, FormatConstants.LogOffset) == SaltShare)
        {
            HeaderCrc = FrameSeal.PreviousChain(first);
        }
    }
}
