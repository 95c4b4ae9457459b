using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>
/// Reads Record, Touch and Tombstone frames in place. The first time this process touches a frame its header's own CRC and its payload CRC
/// are checked; later only what the header says is held against the bounds.
/// </summary>
internal static class RecordReader
{
    private const int ExpectedKeyByteLength = 128;

    /// <summary>
    /// Asks for the cache lines that comparing the key and using the vector will touch: header, start of the vector, key. Each is in a page of
    /// its own at usual dimensions, so that waiting for one after the other would cost most of a look-up.
    /// </summary>
    public static void Prefetch(LogFile log, long offset, bool wantsVector)
    {
        ByteSource source = log.Source;
        if (!log.Checked.Contains(offset))
        {
            // Most likely not in memory yet: one request for all of it, instead of a fault and a read-ahead for each page.
            int expected = RecordFrame.VectorOffset + log.Header.VectorByteLength + ExpectedKeyByteLength;
            source.WillNeed(offset, (int)Math.Max(0, Math.Min(expected, source.Limit - offset)));
        }

        source.Prefetch(offset);
        source.Prefetch(offset + RecordFrame.VectorOffset);
        source.Prefetch(offset + RecordFrame.VectorOffset + log.Header.VectorByteLength);
        if (wantsVector)
        {
            source.Prefetch(offset + RecordFrame.VectorOffset, log.Header.VectorByteLength);
        }
    }

    /// <summary>Reads and checks the frame at an offset that an index or the tail named.</summary>
    /// <exception cref="CorruptFileException">No whole Record, Touch or Tombstone is there.</exception>
    public static RecordFrame Read(LogFile log, long offset, long tail)
    {
        if (offset < FormatConstants.LogOffset || offset > tail - FormatConstants.FrameHeaderByteLength || offset % FormatConstants.Unit != 0)
        {
            throw new CorruptFileException("An index names a record outside the log", log.Path, offset);
        }

        ReadOnlySpan<byte> header = log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength);
        if (!RecordFrame.TryRead(header, log.Header.Dimension, log.Header.KeyStorage, out RecordFrame frame) || frame.Header.FrameByteLength > tail - offset)
        {
            throw new CorruptFileException("A record's header is damaged", log.Path, offset);
        }

        if (!log.Checked.Contains(offset))
        {
            Check(log, offset, header, frame);
        }

        return frame;
    }

    /// <summary>Checks both CRCs of a frame and remembers that they held.</summary>
    public static void Check(LogFile log, long offset, ReadOnlySpan<byte> header, scoped in RecordFrame frame)
    {
        if (!FrameSeal.IsSelfValid(header, offset, log.Header.Salt))
        {
            throw new CorruptFileException("A record's header does not match its own CRC", log.Path, offset);
        }

        if (Crc32.Compute(log.Source.Slice(offset + FormatConstants.FrameHeaderByteLength, frame.PayloadByteLength)) != frame.Header.PayloadCrc)
        {
            throw new CorruptFileException("A record's payload does not match its CRC", log.Path, offset);
        }

        log.Checked.Add(offset);
    }

    /// <summary>The record that a Touch keeps alive, or the frame itself.</summary>
    public static RecordFrame ReadVectorFrame(LogFile log, in RecordFrame frame, ref long offset)
    {
        if (frame.Header.Kind != FrameKind.Touch)
        {
            return frame;
        }

        long touched = frame.TouchedRecord;
        if (touched >= offset)
        {
            throw new CorruptFileException("A touch names a record that is not before it", log.Path, offset);
        }

        RecordFrame record = Read(log, touched, offset);
        if (record.Header.Kind != FrameKind.Record)
        {
            throw new CorruptFileException("A touch names a frame that is not a record", log.Path, offset);
        }

        offset = touched;
        return record;
    }

    public static ReadOnlySpan<byte> Key(LogFile log, long offset, scoped in RecordFrame frame) => log.Source.Slice(offset + frame.KeyOffset, frame.KeyByteLength);

    public static ReadOnlySpan<byte> Metadata(LogFile log, long offset, scoped in RecordFrame frame) => log.Source.Slice(offset + frame.MetadataOffset, frame.MetadataByteLength);

    /// <summary>A record's vector: Dimension elements, in place where it is float32, else decoded into an array.</summary>
    public static ReadOnlySpan<float> Vector(LogFile log, long offset, scoped in RecordFrame frame)
        => frame.Encoding == RecordEncoding.Float32 ? MemoryMarshal.Cast<byte, float>(StoredVector(log, offset, frame)) : Vector(log, offset, frame, new float[log.Header.Dimension].AsSpan());

    /// <summary>A record's vector: in place where it is float32, else decoded into <paramref name="scratch"/>.</summary>
    public static ReadOnlySpan<float> Vector(LogFile log, long offset, scoped in RecordFrame frame, Span<float> scratch)
    {
        ReadOnlySpan<byte> stored = StoredVector(log, offset, frame);
        if (frame.Encoding == RecordEncoding.Float32)
        {
            return MemoryMarshal.Cast<byte, float>(stored);
        }

        Span<float> decoded = scratch.Slice(0, log.Header.Dimension);
        VectorCodec.Decode(log, offset, frame, stored, decoded);
        return decoded;
    }

    /// <summary>The bytes of a record's vector as they stand in the file.</summary>
    public static ReadOnlySpan<byte> StoredVector(LogFile log, long offset, scoped in RecordFrame frame)
        => log.Source.Slice(offset + RecordFrame.VectorOffset, frame.VectorByteLength);
}
