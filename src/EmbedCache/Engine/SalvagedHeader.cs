using EmbedCache.Format;

namespace EmbedCache.Engine;

/// <summary>What is known of the parameters of a file whose header may be damaged.</summary>
/// <param name="Header">The header, as it was or as far as it could be told.</param>
/// <param name="SaltShare">What the salt adds to the self CRCs of the file's frames.</param>
/// <param name="IsRebuilt">The header was damaged.</param>
/// <param name="IsSaltKnown">Its salt is that of the frames: keys can be hashed and checked.</param>
/// <param name="Source">For a rebuilt one: where its content is from, in a sentence.</param>
internal sealed record SalvagedHeader(FileHeader Header, uint SaltShare, bool IsRebuilt, bool IsSaltKnown, string Source);
