using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>Where a section stands and what its header says.</summary>
internal readonly record struct SectionExtent(long Offset, long ByteLength, SectionFrame Frame);

/// <summary>Writes a section's entries block by block, and behind them one CRC for each block.</summary>
internal sealed class SectionWriter(LogAppender appender)
{
    private readonly byte[] _block = new byte[FormatConstants.SectionBlockByteLength];
    private readonly List<uint> _blockCrcs = [];
    private int _used;

    /// <summary>Bytes of entries so far.</summary>
    public long EntriesByteLength { get; private set; }

    /// <summary>Appends an 8-byte entry, or half of a 16-byte one.</summary>
    public void Write(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_block.AsSpan(_used), value);
        _used += sizeof(ulong);
        EntriesByteLength += sizeof(ulong);
        if (_used == _block.Length)
        {
            EndBlock();
        }
    }

    /// <summary>Appends bytes of entries.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        EntriesByteLength += bytes.Length;
        while (!bytes.IsEmpty)
        {
            int part = Math.Min(bytes.Length, _block.Length - _used);
            bytes.Slice(0, part).CopyTo(_block.AsSpan(_used));
            bytes = bytes.Slice(part);
            _used += part;
            if (_used == _block.Length)
            {
                EndBlock();
            }
        }
    }

    /// <summary>Writes the CRC table and returns its own CRC.</summary>
    public uint Complete()
    {
        if (_used > 0)
        {
            EndBlock();
        }

        uint tableCrc = 0;
        Span<byte> bytes = stackalloc byte[FormatConstants.CrcByteLength];
        foreach (uint crc in _blockCrcs)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, crc);
            tableCrc = Crc32.Append(tableCrc, bytes);
            appender.AppendRaw(bytes);
        }

        return tableCrc;
    }

    private void EndBlock()
    {
        ReadOnlySpan<byte> block = _block.AsSpan(0, _used);
        _blockCrcs.Add(Crc32.Compute(block));
        appender.AppendRaw(block);
        _used = 0;
    }
}
