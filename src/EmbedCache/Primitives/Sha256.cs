using System.Buffers;
using System.Security.Cryptography;

namespace EmbedCache.Primitives;

/// <summary>SHA-256 (FIPS 180-4) in one call.</summary>
internal static class Sha256
{
    /// <summary>Bytes in a digest.</summary>
    public const int ByteLength = 32;

    private const int StackLimit = 1024;

    /// <summary>Digest of <paramref name="data"/>, into the first 32 bytes of <paramref name="digest"/>.</summary>
    public static void Compute(ReadOnlySpan<byte> data, Span<byte> digest) => SHA256.HashData(data, digest);

    /// <summary>Digest of <paramref name="prefix"/> followed by <paramref name="data"/>.</summary>
    public static void Compute(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> data, Span<byte> digest)
    {
        int length = prefix.Length + data.Length;
        byte[]? rented = length > StackLimit ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> message = rented is null ? stackalloc byte[StackLimit] : rented;
        message = message.Slice(0, length);
        try
        {
            prefix.CopyTo(message);
            data.CopyTo(message.Slice(prefix.Length));
            SHA256.HashData(message, digest);
        }
        finally
        {
            // What was hashed may be private text: it does not stay in the pool.
            message.Clear();
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }
}
