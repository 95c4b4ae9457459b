using System.Text;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Keys;

/// <summary>
/// A key as a file stores it: role, key bytes and their salted hash (FORMAT.md, "Keys"). Text files keep the UTF-8 of the text, digest files
/// SHA-256(salt ‖ UTF-8).
/// </summary>
internal readonly ref struct StoredKey
{
    private const int DisplayLength = 80;

    private StoredKey(ReadOnlySpan<byte> bytes, EmbeddingRole role, ulong hash)
    {
        Bytes = bytes;
        Role = role;
        Hash = hash;
    }

    /// <summary>What the record's payload holds.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public EmbeddingRole Role { get; }

    /// <summary>SipHash-2-4 of role byte and key bytes, keyed with the salt.</summary>
    public ulong Hash { get; }

    /// <summary>Bytes of buffer that <see cref="FromText"/> needs.</summary>
    public static int BufferByteLength(string? key) => Math.Max(FormatConstants.DigestByteLength, StrictUtf8.Encoding.GetMaxByteCount(key?.Length ?? 0));

    /// <summary>The stored form of a text.</summary>
    /// <exception cref="InvalidEmbeddingException">Empty, too long, or not well-formed.</exception>
    public static StoredKey FromText(string? key, EmbeddingRole role, scoped in FileHeader header, Span<byte> buffer, string path)
    {
        if (string.IsNullOrEmpty(key))
        {
            throw new InvalidEmbeddingException(InvalidEmbeddingReason.EmptyKey, "The key is empty; give each record a text of at least one character", key, path);
        }

        int byteLength;
        try
        {
            byteLength = StrictUtf8.Encoding.GetBytes(key, buffer);
        }
        catch (EncoderFallbackException e)
        {
            throw new InvalidEmbeddingException(
                InvalidEmbeddingReason.MalformedKey,
                $"The key '{Display(key!)}' has a lone surrogate at index {e.Index}; it is not well-formed text and would collide with others",
                Display(key!),
                path);
        }

        if (byteLength > FormatConstants.MaxKeyByteLength)
        {
            throw new InvalidEmbeddingException(
                InvalidEmbeddingReason.KeyTooLong,
                $"The key '{Display(key!)}' has {byteLength} bytes of UTF-8; at most {FormatConstants.MaxKeyByteLength} are allowed",
                Display(key!),
                path);
        }

        RequireRole(role);
        ReadOnlySpan<byte> bytes = buffer.Slice(0, byteLength);
        return header.KeyStorage == KeyStorage.Digest ? FromDigest(ComputeDigest(bytes, header.Salt), role, header) : Create(bytes, role, header.Salt);
    }

    /// <summary>The stored form of a raw digest.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes, or the file keeps text.</exception>
    public static StoredKey FromDigest(ReadOnlySpan<byte> digest, EmbeddingRole role, scoped in FileHeader header)
    {
        if (header.KeyStorage != KeyStorage.Digest)
        {
            throw new ArgumentException("The file keeps its keys as text; only files created with digest key storage take digests", nameof(digest));
        }

        if (digest.Length != FormatConstants.DigestByteLength)
        {
            throw new ArgumentException($"A digest has {FormatConstants.DigestByteLength} bytes, not {digest.Length}", nameof(digest));
        }

        RequireRole(role);
        return Create(digest, role, header.Salt);
    }

    /// <summary>The stored form of key bytes that were read from a file.</summary>
    public static StoredKey FromStoredBytes(ReadOnlySpan<byte> bytes, EmbeddingRole role, ulong hash) => new(bytes, role, hash);

    /// <summary>The text of stored key bytes.</summary>
    public static string ToText(ReadOnlySpan<byte> bytes) => StrictUtf8.Encoding.GetString(bytes);

    /// <summary>A key cut to what an error message can carry.</summary>
    public static string Display(string key) => key.Length <= DisplayLength ? key : key.Substring(0, DisplayLength) + "...";

    private static StoredKey Create(ReadOnlySpan<byte> bytes, EmbeddingRole role, scoped in FileSalt salt)
        => new(bytes, role, KeyHashing.Compute(salt, role, bytes));

    private static byte[] ComputeDigest(ReadOnlySpan<byte> utf8, scoped in FileSalt salt)
    {
        Span<byte> prefix = stackalloc byte[FileSalt.ByteLength];
        salt.Write(prefix);
        byte[] digest = new byte[FormatConstants.DigestByteLength];
        Sha256.Compute(prefix, utf8, digest);
        return digest;
    }

    private static void RequireRole(EmbeddingRole role)
    {
        if (role > EmbeddingRole.Document)
        {
            throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role");
        }
    }
}
