namespace EmbedCache.Storage;

/// <summary>What a block of a section must hold beyond what its CRC says: a hostile file has right CRCs.</summary>
/// <param name="position">Where it begins among the entries.</param>
/// <param name="block">Its bytes.</param>
/// <returns>False where it counts as damaged.</returns>
internal delegate bool BlockRule(long position, ReadOnlySpan<byte> block);
