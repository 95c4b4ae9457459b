using System.Buffers.Binary;
using EmbedCache.Primitives;

namespace EmbedCache.Format;

/// <summary>
/// What readers see of the log. Two slots, a page each, written in turn: the one with the higher sequence that checks out is current.
/// <code>
///    0 ┬───────────────────────────────────┐
///      │ sequence                       u8 │  ≥ 1, +1 per slot write; even at A, odd at B
///    8 │ epoch                          u4 │  ≥ 1, +1 per recovery and per rollback over written bytes
///   12 │ features_read                  u4 │  must be understood to read
///   16 │ features_write                 u4 │  must be understood to write
///   20 │ features_ignorable             u4 │
///   24 │ published_tail                 u8 │  what readers see
///   32 │ durable_tail                   u8 │  what was fsynced before this slot was written
///   40 │ ofs_catalog                    u8 │  0: none
///   48 │ chain_published                u4 │  chain CRC of the last frame below published_tail
///   52 │ chain_durable                  u4 │  the same of durable_tail
///   56 │ num_records                    u8 │  Record and Touch frames ever in this log: the next ordinal
///   64 │ num_tombstones                 u8 │
///   72 │ num_live_indexed               u8 │  live ordinals at the catalog's checkpoint
///   80 │ transaction                    u8 │  of the newest committed transaction; 48 bits
///   88 │ committed                      u8 │  Unix ms
///   96 │ state                          u4 │  SlotState
///  100 │ boot                           u8 │  of the machine when this slot was written; 0: not known
///  108 │ reserved                        8 │
///  116 │ crc                            u4 │  over bytes 0..115
///  120 │ sequence                       u8 │  again
///  128 └───────────────────────────────────┘
/// </code>
/// Holds: ofs_log ≤ durable_tail ≤ published_tail &lt; 2^53, both on unit boundaries; the catalog is a frame below published_tail;
/// num_live_indexed ≤ num_records ≤ units of the log; sequence &lt; 2^53. A slot that breaks one of these is not valid, as if its CRC were wrong.
/// </summary>
internal readonly record struct CommitSlot
{
    public const int ByteLength = FormatConstants.SlotByteLength;

    public const int SequenceOffset = 0;
    public const int EpochOffset = SequenceOffset + sizeof(ulong);
    public const int FeaturesReadOffset = EpochOffset + sizeof(uint);
    public const int FeaturesWriteOffset = FeaturesReadOffset + sizeof(uint);
    public const int FeaturesIgnorableOffset = FeaturesWriteOffset + sizeof(uint);
    public const int PublishedTailOffset = FeaturesIgnorableOffset + sizeof(uint);
    public const int DurableTailOffset = PublishedTailOffset + sizeof(ulong);
    public const int CatalogOffsetOffset = DurableTailOffset + sizeof(ulong);
    public const int PublishedChainOffset = CatalogOffsetOffset + sizeof(ulong);
    public const int DurableChainOffset = PublishedChainOffset + sizeof(uint);
    public const int RecordCountOffset = DurableChainOffset + sizeof(uint);
    public const int TombstoneCountOffset = RecordCountOffset + sizeof(ulong);
    public const int LiveIndexedCountOffset = TombstoneCountOffset + sizeof(ulong);
    public const int TransactionOffset = LiveIndexedCountOffset + sizeof(ulong);
    public const int CommittedOffset = TransactionOffset + sizeof(ulong);
    public const int StateOffset = CommittedOffset + sizeof(ulong);
    public const int BootOffset = StateOffset + sizeof(uint);
    public const int ReservedOffset = BootOffset + sizeof(ulong);
    public const int ReservedByteLength = 8;
    public const int CrcOffset = ReservedOffset + ReservedByteLength;
    public const int SequenceAgainOffset = CrcOffset + FormatConstants.CrcByteLength;

    /// <summary>Feature bits that this build understands, in each of the three words: format 1.0 has none.</summary>
    public const uint UnderstoodFeatures = 0;

    public long Sequence { get; init; }
    public uint Epoch { get; init; }
    public uint FeaturesRead { get; init; }
    public uint FeaturesWrite { get; init; }
    public uint FeaturesIgnorable { get; init; }
    public long PublishedTail { get; init; }
    public long DurableTail { get; init; }

    /// <summary>Offset of the Catalog frame, or 0.</summary>
    public long CatalogOffset { get; init; }

    public uint PublishedChain { get; init; }
    public uint DurableChain { get; init; }
    public long RecordCount { get; init; }
    public long TombstoneCount { get; init; }
    public long LiveIndexedCount { get; init; }
    public long Transaction { get; init; }
    public long Committed { get; init; }
    public SlotState State { get; init; }

    /// <summary>
    /// Which run of which machine wrote this slot, or 0. While it is this run of this machine, nothing that was written can have been lost, whether
    /// fsynced or not: the page cache outlives every process.
    /// </summary>
    public ulong Boot { get; init; }

    /// <summary>Reads a slot. False when it is torn, damaged, empty or breaks an invariant: the other slot counts then.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out CommitSlot slot)
    {
        slot = default;
        if (bytes.Length < ByteLength
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcOffset..]) != Crc32.Compute(bytes[..CrcOffset])
            || BinaryPrimitives.ReadInt64LittleEndian(bytes) != BinaryPrimitives.ReadInt64LittleEndian(bytes[SequenceAgainOffset..]))
        {
            return false;
        }

        CommitSlot read = new()
        {
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes),
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(bytes[EpochOffset..]),
            FeaturesRead = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FeaturesReadOffset..]),
            FeaturesWrite = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FeaturesWriteOffset..]),
            FeaturesIgnorable = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FeaturesIgnorableOffset..]),
            PublishedTail = BinaryPrimitives.ReadInt64LittleEndian(bytes[PublishedTailOffset..]),
            DurableTail = BinaryPrimitives.ReadInt64LittleEndian(bytes[DurableTailOffset..]),
            CatalogOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[CatalogOffsetOffset..]),
            PublishedChain = BinaryPrimitives.ReadUInt32LittleEndian(bytes[PublishedChainOffset..]),
            DurableChain = BinaryPrimitives.ReadUInt32LittleEndian(bytes[DurableChainOffset..]),
            RecordCount = BinaryPrimitives.ReadInt64LittleEndian(bytes[RecordCountOffset..]),
            TombstoneCount = BinaryPrimitives.ReadInt64LittleEndian(bytes[TombstoneCountOffset..]),
            LiveIndexedCount = BinaryPrimitives.ReadInt64LittleEndian(bytes[LiveIndexedCountOffset..]),
            Transaction = BinaryPrimitives.ReadInt64LittleEndian(bytes[TransactionOffset..]),
            Committed = BinaryPrimitives.ReadInt64LittleEndian(bytes[CommittedOffset..]),
            State = (SlotState)BinaryPrimitives.ReadUInt32LittleEndian(bytes[StateOffset..]),
            Boot = BinaryPrimitives.ReadUInt64LittleEndian(bytes[BootOffset..]),
        };
        if (!read.IsConsistent)
        {
            return false;
        }

        slot = read;
        return true;
    }

    /// <summary>Writes the slot, CRC included, into the first 128 bytes of <paramref name="destination"/>.</summary>
    /// <exception cref="InvalidOperationException">The slot breaks an invariant: nothing would read it.</exception>
    public void Write(Span<byte> destination)
    {
        if (!IsConsistent)
        {
            throw new InvalidOperationException($"An inconsistent slot was about to be written: {this}");
        }

        Span<byte> bytes = destination[..ByteLength];
        bytes.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[EpochOffset..], Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[FeaturesReadOffset..], FeaturesRead);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[FeaturesWriteOffset..], FeaturesWrite);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[FeaturesIgnorableOffset..], FeaturesIgnorable);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[PublishedTailOffset..], PublishedTail);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[DurableTailOffset..], DurableTail);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[CatalogOffsetOffset..], CatalogOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[PublishedChainOffset..], PublishedChain);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[DurableChainOffset..], DurableChain);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[RecordCountOffset..], RecordCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[TombstoneCountOffset..], TombstoneCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[LiveIndexedCountOffset..], LiveIndexedCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[TransactionOffset..], Transaction);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[CommittedOffset..], Committed);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[StateOffset..], (uint)State);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[BootOffset..], Boot);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CrcOffset..], Crc32.Compute(bytes[..CrcOffset]));
        BinaryPrimitives.WriteInt64LittleEndian(bytes[SequenceAgainOffset..], Sequence);
    }

    /// <summary>Throws when the file uses a feature that this build must understand and does not.</summary>
    /// <exception cref="UnsupportedVersionException">It does.</exception>
    public void RequireUnderstood(string path, bool forWriting)
    {
        uint unknown = FeaturesRead & ~UnderstoodFeatures;
        if (unknown != 0)
        {
            throw new UnsupportedVersionException($"The file uses features (0x{unknown:X8}) that this build cannot read. Update EmbedCache to open it", path, FormatConstants.SlotOffset(Sequence) + FeaturesReadOffset);
        }

        unknown = FeaturesWrite & ~UnderstoodFeatures;
        if (forWriting && unknown != 0)
        {
            throw new UnsupportedVersionException($"The file uses features (0x{unknown:X8}) that this build cannot write. Open it read-only, or update EmbedCache", path, FormatConstants.SlotOffset(Sequence) + FeaturesWriteOffset);
        }
    }

    /// <summary>Whether the invariants above hold. Split, so that a debugger shows which half fails.</summary>
    public bool IsConsistent => Sequence is >= 1 and < FormatConstants.OffsetLimit && Epoch >= 1 && AreTailsConsistent && IsCatalogConsistent && AreCountsConsistent && UnixTime.IsValid(Committed);

    private bool AreTailsConsistent
        => FormatConstants.LogOffset <= DurableTail
        && DurableTail <= PublishedTail
        && PublishedTail < FormatConstants.OffsetLimit
        && DurableTail % FormatConstants.Unit == 0
        && PublishedTail % FormatConstants.Unit == 0;

    private bool IsCatalogConsistent
        => CatalogOffset == 0
        || (CatalogOffset >= FormatConstants.LogOffset && CatalogOffset < PublishedTail && CatalogOffset % FormatConstants.Unit == 0);

    // Each record and each tombstone is a frame of at least a unit below the tail, unless a feature to come packs them: such a slot
    // must stay valid here, so that opening says "unsupported" and not "corrupt".
    private bool AreCountsConsistent
        => RecordCount >= 0
        && TombstoneCount >= 0
        && (FeaturesRead != 0 || (RecordCount <= MaxFrameCount && TombstoneCount <= MaxFrameCount - RecordCount))
        && LiveIndexedCount >= 0
        && LiveIndexedCount <= RecordCount
        && Transaction is >= 0 and <= FormatConstants.MaxTransaction;

    private long MaxFrameCount => (PublishedTail - FormatConstants.LogOffset) / FormatConstants.Unit;
}
