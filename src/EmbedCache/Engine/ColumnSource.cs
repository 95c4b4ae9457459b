using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Makes columns of records.</summary>
internal static class ColumnSource
{
    /// <summary>
    /// What a Columns section of these ordinals holds, dead and expired ones included; null where a record cannot be read: without columns, a filter meets the damage
    /// where it is.
    /// </summary>
    public static ColumnsImage? TryRead(LogFile log, Segment[] segments, long first, long to, long tail)
    {
        var builder = new ColumnsBuilder((int)(to - first), log.Header.Salt.K0, log.Header.Salt.K1);
        var offsets = new OrdinalOffsets(segments);
        try
        {
            for (long ordinal = first; ordinal < to; ordinal++)
            {
                long offset = offsets.At(ordinal);
                RecordFrame frame = RecordReader.Read(log, offset, tail);
                builder.Add((uint)(ordinal - first), RecordReader.Metadata(log, offset, frame), log.Path, offset);
            }
        }
        catch (CorruptFileException)
        {
            return null;
        }

        return builder.Build();
    }
}
