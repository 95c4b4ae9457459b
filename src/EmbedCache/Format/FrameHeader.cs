using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>
/// What every frame's 64-byte header says, whatever its kind: enough to walk and to check the log.
/// <code>
///    0 ┬───────────────────────────────────┐
///      │ kind                           u1 │  FrameKind, never 0
///    1 │ flags                          u1 │  FrameFlags
///    2 │ (of the kind)                   2 │
///    4 │ len_frame                      u4 │  in units, header included
///    8 │ epoch                          u4 │  of the slot when it was written
///   12 │ crc_payload                    u4 │  of which bytes, the kind says
///   16 │ transaction              u4 + u2  │
///   22 │ (of the kind)                  34 │
///   56 │ crc_self                       u4 │  CRC(bytes 0..55 ‖ frame offset u8 ‖ salt): this frame, at this place, in this file
///   60 │ crc_chain                      u4 │  CRC(previous frame's crc_chain ‖ bytes 0..59); the first continues the header's crc
///   64 └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct FrameHeader
{
    public const int ByteLength = FormatConstants.FrameHeaderByteLength;

    public const int KindOffset = 0;
    public const int FlagsOffset = KindOffset + sizeof(byte);
    public const int KeyLengthOffset = FlagsOffset + sizeof(byte);
    public const int FrameLengthOffset = KeyLengthOffset + sizeof(ushort);
    public const int EpochOffset = FrameLengthOffset + sizeof(uint);
    public const int PayloadCrcOffset = EpochOffset + sizeof(uint);
    public const int TransactionOffset = PayloadCrcOffset + FormatConstants.CrcByteLength;
    public const int SpecificOffset = TransactionOffset + UInt48.ByteLength;
    public const int SelfCrcOffset = ChainCrcOffset - FormatConstants.CrcByteLength;
    public const int ChainCrcOffset = ByteLength - FormatConstants.CrcByteLength;

    public FrameKind Kind { get; init; }
    public FrameFlags Flags { get; init; }

    /// <summary>Length of the frame in units, header included; at least 1.</summary>
    public uint UnitCount { get; init; }

    public uint Epoch { get; init; }
    public uint PayloadCrc { get; init; }
    public long Transaction { get; init; }
    public uint SelfCrc { get; init; }
    public uint ChainCrc { get; init; }

    /// <summary>Length of the frame in bytes, header and padding included.</summary>
    public long FrameByteLength => (long)UnitCount * FormatConstants.Unit;

    /// <summary>True on the last frame of a transaction.</summary>
    public bool IsCommit => Kind == FrameKind.Commit || (Flags & FrameFlags.Commit) != 0;

    /// <summary>Reads the common fields. False for what cannot be a frame: kind 0, no length, epoch 0, an unknown flag. CRCs are <see cref="FrameSeal"/>'s.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FrameHeader header)
    {
        header = default;
        if (bytes.Length < ByteLength)
        {
            return false;
        }

        FrameHeader read = new()
        {
            Kind = (FrameKind)bytes[KindOffset],
            Flags = (FrameFlags)bytes[FlagsOffset],
            UnitCount = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FrameLengthOffset..]),
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(bytes[EpochOffset..]),
            PayloadCrc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[PayloadCrcOffset..]),
            Transaction = UInt48.Read(bytes[TransactionOffset..]),
            SelfCrc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[SelfCrcOffset..]),
            ChainCrc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChainCrcOffset..]),
        };
        if (read.Kind == FrameKind.Invalid || read.UnitCount == 0 || read.Epoch == 0 || (read.Flags & ~KnownFlags) != 0)
        {
            return false;
        }

        header = read;
        return true;
    }

    /// <summary>Writes the common fields into a header whose other fields are the kind's; the CRCs of the header are left to <see cref="FrameSeal.Seal"/>.</summary>
    public void Write(Span<byte> destination)
    {
        destination[KindOffset] = (byte)Kind;
        destination[FlagsOffset] = (byte)Flags;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[FrameLengthOffset..], UnitCount);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[EpochOffset..], Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[PayloadCrcOffset..], PayloadCrc);
        UInt48.Write(destination[TransactionOffset..], Transaction);
    }

    /// <summary>A Commit frame: the header alone.</summary>
    public static FrameHeader CreateCommit(uint epoch, long transaction) => new()
    {
        Kind = FrameKind.Commit,
        Flags = FrameFlags.Commit,
        UnitCount = 1,
        Epoch = epoch,
        Transaction = transaction,
    };

    /// <summary>Units that a frame with this payload takes, header and padding included.</summary>
    public static long UnitsFor(long payloadByteLength) => 1 + ((payloadByteLength + FormatConstants.Unit - 1) / FormatConstants.Unit);

    private const FrameFlags KnownFlags = FrameFlags.Commit | FrameFlags.Punched;
}
