using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Fuzz;

/// <summary>
/// Makes every checksum of a file right again, whatever else is wrong with it: a hostile file has right CRCs. It walks the frames as far as their
/// lengths lead, over known kinds and unknown ones, and trusts no field: what reaches past the file is cut off there.
/// </summary>
internal static class FileSealer
{
    private const int LogOffset = (int)FormatConstants.LogOffset;
    private const int FrameByteLength = FormatConstants.FrameHeaderByteLength;

    /// <summary>Seals header, frames and slots. Returns the offset at which the walk over the frames ended.</summary>
    public static int Seal(Span<byte> file)
    {
        if (file.Length < FormatConstants.HeaderByteLength)
        {
            return 0;
        }

        uint chain = SealHeader(file);
        FileSalt salt = FileSalt.Read(file.Slice(FileHeader.SaltOffset, FileSalt.ByteLength));
        var chains = new Dictionary<long, uint> { [LogOffset] = chain };
        int end = LogOffset;
        while (end <= file.Length - FrameByteLength && file[end] != (byte)FrameKind.Invalid)
        {
            chain = SealFrame(file, end, salt, chain);
            long next = end + (BinaryPrimitives.ReadUInt32LittleEndian(file[(end + FrameHeader.FrameLengthOffset)..]) * (long)FormatConstants.Unit);
            if (next == end || next > file.Length)
            {
                break;
            }

            end = (int)next;
            chains[end] = chain;
        }

        SealSlot(file, (int)FormatConstants.SlotAOffset, chains);
        SealSlot(file, (int)FormatConstants.SlotBOffset, chains);
        return end;
    }

    /// <summary>Seals the 256 bytes of the header and gives their CRC.</summary>
    public static uint SealHeader(Span<byte> file)
    {
        uint crc = Crc32.Compute(file[..FileHeader.CrcOffset]);
        BinaryPrimitives.WriteUInt32LittleEndian(file[FileHeader.CrcOffset..], crc);
        return crc;
    }

    /// <summary>Seals one frame, payload CRCs and block CRCs included, and gives its chain CRC.</summary>
    public static uint SealFrame(Span<byte> file, int offset, in FileSalt salt, uint chain)
    {
        Span<byte> header = file.Slice(offset, FrameByteLength);
        var kind = (FrameKind)header[FrameHeader.KindOffset];
        long frameByteLength = BinaryPrimitives.ReadUInt32LittleEndian(header[FrameHeader.FrameLengthOffset..]) * (long)FormatConstants.Unit;
        Span<byte> payload = file[(offset + FrameByteLength)..];
        payload = payload[..(int)Math.Min(payload.Length, Math.Max(0, frameByteLength - FrameByteLength))];
        uint crc = kind.IsSection() ? SealBlocks(header, payload) : Crc32.Compute(payload[..(int)Math.Min(payload.Length, PayloadByteLength(kind, header))]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[FrameHeader.PayloadCrcOffset..], crc);
        return FrameSeal.Seal(header, offset, salt, chain);
    }

    /// <summary>Seals a slot that is there; its chains are those of its tails, where these are ends of frames.</summary>
    private static void SealSlot(Span<byte> file, int offset, Dictionary<long, uint> chains)
    {
        if (file.Length < offset + FormatConstants.SlotByteLength || file.Slice(offset, FormatConstants.SlotByteLength).IndexOfAnyExcept((byte)0) < 0)
        {
            return;
        }

        Span<byte> slot = file.Slice(offset, FormatConstants.SlotByteLength);
        if (chains.TryGetValue(BinaryPrimitives.ReadInt64LittleEndian(slot[CommitSlot.PublishedTailOffset..]), out uint published))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(slot[CommitSlot.PublishedChainOffset..], published);
        }

        if (chains.TryGetValue(BinaryPrimitives.ReadInt64LittleEndian(slot[CommitSlot.DurableTailOffset..]), out uint durable))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(slot[CommitSlot.DurableChainOffset..], durable);
        }

        slot[..sizeof(long)].CopyTo(slot[CommitSlot.SequenceAgainOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[CommitSlot.CrcOffset..], Crc32.Compute(slot[..CommitSlot.CrcOffset]));
    }

    private static long PayloadByteLength(FrameKind kind, ReadOnlySpan<byte> header) => kind switch
    {
        FrameKind.Record => (long)BinaryPrimitives.ReadUInt32LittleEndian(header[RecordFrame.VectorLengthOffset..]) + KeyAndMetadata(header),
        FrameKind.Touch => KeyAndMetadata(header),
        FrameKind.Tombstone => BinaryPrimitives.ReadUInt16LittleEndian(header[RecordFrame.KeyLengthOffset..]),
        FrameKind.Commit => 0,
        _ => BinaryPrimitives.ReadUInt32LittleEndian(header[PayloadFrame.PayloadLengthOffset..]),
    };

    private static long KeyAndMetadata(ReadOnlySpan<byte> header)
        => (long)BinaryPrimitives.ReadUInt16LittleEndian(header[RecordFrame.KeyLengthOffset..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[RecordFrame.MetadataLengthOffset..]);

    /// <summary>Entries, then a CRC for each 4 KiB of them; gives the CRC of those CRCs. Of entries that do not fit, what fits.</summary>
    private static uint SealBlocks(ReadOnlySpan<byte> header, Span<byte> payload)
    {
        long entryByteLength = BinaryPrimitives.ReadUInt16LittleEndian(header[SectionFrame.EntryLengthOffset..]);
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(header[SectionFrame.EntryCountOffset..]);
        if (entryByteLength == 0 || count > (ulong)(payload.Length / entryByteLength))
        {
            return 0;
        }

        Span<byte> entries = payload[..(int)((long)count * entryByteLength)];
        Span<byte> table = payload[entries.Length..];
        int written = 0;
        while (!entries.IsEmpty)
        {
            int length = Math.Min(entries.Length, FormatConstants.SectionBlockByteLength);
            if (table.Length < written + FormatConstants.CrcByteLength)
            {
                return 0;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(table[written..], Crc32.Compute(entries[..length]));
            written += FormatConstants.CrcByteLength;
            entries = entries[length..];
        }

        return Crc32.Compute(table[..written]);
    }
}
