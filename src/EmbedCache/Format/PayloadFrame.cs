using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>
/// A frame with one payload of its own format: Properties (a metadata map) or Catalog.
/// <code>
///   44 ┬ len_payload                    u4 │  bytes; all other specific bytes are zero
///   64 ┼───────────────────────────────────┤
///      │ payload                           │  crc_payload covers it
///      │ zeros up to a unit                │
///      └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct PayloadFrame
{
    public const int PayloadLengthOffset = 44;

    /// <summary>Where the payload begins, from the frame.</summary>
    public const int PayloadOffset = FrameHeader.ByteLength;

    public FrameHeader Header { get; init; }
    public uint PayloadByteLength { get; init; }

    /// <summary>Units that the frame takes.</summary>
    public long UnitCount => FrameHeader.UnitsFor(PayloadByteLength);

    /// <summary>Reads and checks the header of a Properties or Catalog frame. False for other kinds and for a length that is not the frame's.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PayloadFrame frame)
    {
        frame = default;
        if (!FrameHeader.TryRead(bytes, out FrameHeader header) || !header.Kind.IsPayload())
        {
            return false;
        }

        PayloadFrame read = new() { Header = header, PayloadByteLength = BinaryPrimitives.ReadUInt32LittleEndian(bytes[PayloadLengthOffset..]) };
        if (read.UnitCount != header.UnitCount)
        {
            return false;
        }

        frame = read;
        return true;
    }

    /// <summary>Writes the frame's header into the first 64 bytes of <paramref name="destination"/>; <see cref="Header"/> gives kind, flags, epoch, transaction and payload CRC, the length is computed. To be sealed.</summary>
    public void Write(Span<byte> destination)
    {
        Span<byte> bytes = destination[..FrameHeader.ByteLength];
        bytes.Clear();
        (Header with { UnitCount = checked((uint)UnitCount) }).Write(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[PayloadLengthOffset..], PayloadByteLength);
    }
}
