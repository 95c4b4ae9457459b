using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Watches live frames go by in the order of the log, or the other way round. Each byte of a log belongs to one frame, and each Record to one live
/// frame; an index that names overlapping frames, or touches of one Record, would make much of little: gigabytes to copy out of a small file.
/// </summary>
internal sealed class KeptFrames(LogFile log, long tail, bool newestFirst)
{
    private readonly HashSet<long> _touched = [];
    private long _bound = newestFirst ? tail : FormatConstants.LogOffset;

    /// <summary>Takes the next frame.</summary>
    /// <exception cref="CorruptFileException">It overlaps the one before, or keeps a Record that another one keeps.</exception>
    public void Add(long offset, in RecordFrame frame)
    {
        long end = offset + frame.Header.FrameByteLength;
        if (newestFirst ? end > _bound : offset < _bound)
        {
            throw new CorruptFileException("An index names frames that overlap or are out of order; compact the file, which rebuilds its indexes", log.Path, offset);
        }

        _bound = newestFirst ? offset : end;
        if (frame.Header.Kind == FrameKind.Touch && !_touched.Add(frame.TouchedRecord))
        {
            throw new CorruptFileException("Two touches are said to keep one record", log.Path, offset);
        }
    }
}
