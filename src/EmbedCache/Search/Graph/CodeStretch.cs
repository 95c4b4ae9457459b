using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Search.Graph;

/// <summary>Codes of consecutive ordinals, in the groups of a <see cref="CodeLayout"/>.</summary>
/// <param name="FirstOrdinal">Ordinal of the first row.</param>
/// <param name="Count">Number of ordinals.</param>
/// <param name="Memory">Where they are, from its first byte on.</param>
/// <param name="Layout">How rows stand in it.</param>
internal sealed record CodeStretch(uint FirstOrdinal, uint Count, GraphMemory Memory, CodeLayout Layout)
{
    /// <summary>Checks rows before their first use; all of one group.</summary>
    /// <param name="index">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="isFine">Whether their fine rows, or their coarse ones.</param>
    /// <exception cref="CorruptFileException">A block is damaged.</exception>
    public void Check(long index, int count, bool isFine)
    {
        if (isFine)
        {
            Memory.Check(Layout.FinePosition(index, Count), count * Layout.FineByteLength);
        }
        else
        {
            Memory.Check(Layout.CoarsePosition(index), count * Layout.CoarseByteLength);
        }
    }
}
