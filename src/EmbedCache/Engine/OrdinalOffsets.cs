namespace EmbedCache.Engine;

/// <summary>Frame offset by ordinal over several segments, for callers that go through them in order: it remembers the segment it was in.</summary>
internal sealed class OrdinalOffsets(Segment[] segments)
{
    private int _segment;

    /// <summary>The frame offset of an ordinal below the segments' count.</summary>
    /// <exception cref="CorruptFileException">The block that says it is damaged.</exception>
    public long At(long ordinal)
    {
        if (_segment >= segments.Length || ordinal < segments[_segment].Ordinals.FirstOrdinal)
        {
            _segment = 0;
        }

        while (ordinal - segments[_segment].Ordinals.FirstOrdinal >= segments[_segment].Ordinals.Count)
        {
            _segment++;
        }

        return segments[_segment].Ordinals.OffsetAt(ordinal - segments[_segment].Ordinals.FirstOrdinal);
    }
}
