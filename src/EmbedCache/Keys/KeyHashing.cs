using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Keys;

/// <summary>The 64-bit hash by which keys are indexed. It only finds the place: equality is that of role and key bytes.</summary>
internal static class KeyHashing
{
    /// <summary>
    /// For tests alone: hashes that collide, which nobody can find for SipHash. Asked for every file; answers null for those that it does not
    /// want to change, as told by their salt.
    /// </summary>
    internal static KeyHashOverride? Override { get; set; }

    public static ulong Compute(in FileSalt salt, EmbeddingRole role, ReadOnlySpan<byte> keyBytes)
        => Override?.Invoke(salt, role, keyBytes) ?? SipHash24.Compute(salt.K0, salt.K1, (byte)role, keyBytes);
}

/// <summary>A hash in the place of SipHash, or null to leave it.</summary>
internal delegate ulong? KeyHashOverride(FileSalt salt, EmbeddingRole role, ReadOnlySpan<byte> keyBytes);
