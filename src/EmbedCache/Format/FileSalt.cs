using System.Buffers.Binary;

namespace EmbedCache.Format;

/// <summary>
/// The 16 random bytes of a file that key its hashes, its digests and its self CRCs.
/// <code>
///    0 ┬────────────────────┐
///      │ k0              u8 │  as SipHash reads its key: two little-endian words
///    8 │ k1              u8 │
///   16 └────────────────────┘
/// </code>
/// </summary>
internal readonly record struct FileSalt(ulong K0, ulong K1)
{
    public const int ByteLength = FormatConstants.SaltByteLength;
    private const int K1Offset = sizeof(ulong);

    public static FileSalt Read(ReadOnlySpan<byte> bytes)
        => new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[K1Offset..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, K0);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[K1Offset..], K1);
    }

    /// <summary>Never shown: it keys the digests.</summary>
    public override string ToString() => nameof(FileSalt);
}
