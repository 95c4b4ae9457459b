namespace EmbedCache.Storage;

/// <summary>An offset up to which every frame's chain was followed in this process, the chain CRC there, and the epoch.</summary>
internal readonly record struct TrustedPoint(long Tail, uint Chain, uint Epoch);
