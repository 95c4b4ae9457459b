using System.Buffers.Binary;
using EmbedCache.Primitives;

namespace EmbedCache.Format;

/// <summary>
/// The last 8 bytes of a vector that is not float32.
/// <code>
///    0 ┬ scale                          f4 │  what the decoded elements are multiplied by
///    4 │ residual                       f4 │  L2 norm of what was given less what is decoded, rounded up
///    8 └───────────────────────────────────┘
/// </code>
/// </summary>
internal readonly record struct EncodedFields(float Scale, float Residual)
{
    public const int ScaleOffset = 0;
    public const int ResidualOffset = ScaleOffset + sizeof(float);
    public const int ByteLength = ResidualOffset + sizeof(float);

    /// <summary>Reads the fields at the end of a vector's bytes.</summary>
    public static EncodedFields Read(ReadOnlySpan<byte> vector)
    {
        ReadOnlySpan<byte> bytes = vector.Slice(vector.Length - ByteLength);
        return new EncodedFields(BinaryPrimitives.ReadSingleLittleEndian(bytes), BinaryPrimitives.ReadSingleLittleEndian(bytes.Slice(ResidualOffset)));
    }

    /// <summary>Writes the fields at the end of a vector's bytes.</summary>
    public void Write(Span<byte> vector)
    {
        Span<byte> bytes = vector.Slice(vector.Length - ByteLength);
        BinaryPrimitives.WriteSingleLittleEndian(bytes, Scale);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.Slice(ResidualOffset), Residual);
    }
}
