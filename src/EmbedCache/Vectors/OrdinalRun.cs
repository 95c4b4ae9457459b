using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Vectors;

/// <summary>
/// An Ordinals section: the frame offset of each Record and Touch by dense ordinal, in log order, used in place.
/// </summary>
internal sealed class OrdinalRun(Section section)
{
    public Section Section { get; } = section;

    /// <summary>The ordinal of the first entry.</summary>
    public long FirstOrdinal => Section.Frame.FirstOrdinal;

    public long Count => Section.Count;

    /// <summary>Frame offset of the entry at an index (ordinal minus <see cref="FirstOrdinal"/>).</summary>
    public long OffsetAt(long index) => (long)Section.Word(index * FormatConstants.OrdinalsEntryByteLength);

    /// <summary>Index of a frame offset, or -1. Offsets ascend; records of one file are about equally long, so interpolation is tried before bisection.</summary>
    public long IndexOf(long offset)
    {
        long low = 0;
        long high = Count - 1;
        bool interpolate = true;
        while (low <= high)
        {
            long middle = low + ((high - low) >> 1);
            if (interpolate && high - low > 8)
            {
                long first = OffsetAt(low);
                long last = OffsetAt(high);
                if (offset < first || offset > last)
                {
                    return -1;
                }

                if (last > first)
                {
                    // In binary64 throughout: offsets of a hostile file may lie further apart than a long can say.
                    middle = low + (long)(((double)offset - first) / ((double)last - first) * (high - low));
                }
            }

            // One of each in turn: interpolation that does not converge cannot make this more than twice a bisection.
            interpolate = !interpolate;
            long found = OffsetAt(middle);
            if (found == offset)
            {
                return middle;
            }

            if (found < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return -1;
    }
}
