namespace EmbedCache.Search.Graph;

/// <summary>Codes of consecutive ordinals that stand one behind another.</summary>
/// <param name="FirstOrdinal">Ordinal of the first row.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Memory">Where they are, from its first byte on.</param>
/// <param name="Stride">Bytes from row to row.</param>
internal sealed record CodeStretch(uint FirstOrdinal, uint Count, GraphMemory Memory, int Stride)
{
    /// <summary>Checks rows before their first use.</summary>
    /// <exception cref="CorruptFileException">A block is damaged.</exception>
    public void Check(long index, int count) => Memory.Check(index * Stride, count * Stride);
}
