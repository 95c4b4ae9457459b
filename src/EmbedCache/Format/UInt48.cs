using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>48-bit unsigned integers, little-endian: a u4 low part and a u2 high part, as Kaitai has no six-byte integer.</summary>
internal static class UInt48
{
    public const int ByteLength = sizeof(uint) + sizeof(ushort);
    public const long MaxValue = (1L << 48) - 1;
    private const int HighOffset = sizeof(uint);

    public static long Read(ReadOnlySpan<byte> bytes)
        => BinaryPrimitives.ReadUInt32LittleEndian(bytes) | ((long)BinaryPrimitives.ReadUInt16LittleEndian(bytes[HighOffset..]) << 32);

    public static void Write(Span<byte> destination, long value)
    {
        if (value is < 0 or > MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "does not fit in 48 bits");
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination, unchecked((uint)value));
        BinaryPrimitives.WriteUInt16LittleEndian(destination[HighOffset..], (ushort)(value >> 32));
    }
}
