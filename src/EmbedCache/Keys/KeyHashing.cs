using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Keys;

/// <summary>The 64-bit hash by which keys are indexed. It only finds the place: equality is that of role and key bytes.</summary>
internal static class KeyHashing
{
    public static ulong Compute(in FileSalt salt, EmbeddingRole role, ReadOnlySpan<byte> keyBytes) => SipHash24.Compute(salt.K0, salt.K1, (byte)role, keyBytes);
}
