using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Makes objects of frames: copies that outlive the snapshot.</summary>
internal static class EmbeddingReader
{
    /// <summary>The record at an offset.</summary>
    /// <param name="snapshot">Where it is.</param>
    /// <param name="offset">Offset of a Record or Touch frame.</param>
    /// <param name="frame">The frame, read before.</param>
    /// <param name="text">The key's text where the caller knows it and the file may not.</param>
    /// <param name="withVector">False leaves the vector empty: copying it costs more than all the rest.</param>
    public static Embedding Read(Snapshot snapshot, long offset, in RecordFrame frame, string? text, bool withVector = true)
    {
        LogFile log = snapshot.Log;
        long vectorOffset = offset;
        RecordFrame record = RecordReader.ReadVectorFrame(log, frame, ref vectorOffset);
        ReadOnlySpan<byte> keyBytes = RecordReader.Key(log, offset, frame);
        bool isDigest = frame.KeyKind == KeyKind.Digest;
        return new Embedding(
            isDigest ? text : text ?? ReadText(log, offset, keyBytes),
            isDigest ? keyBytes.ToArray() : null,
            frame.Role,
            withVector ? ReadVector(snapshot, vectorOffset, record) : default,
            MetadataCodec.Decode(RecordReader.Metadata(log, offset, frame), log.Path, offset),
            UnixTime.ToDateTimeOffset(record.Created),
            UnixTime.ToOptional(frame.Expires),
            offset);
    }

    /// <summary>A record's vector in place; one that is encoded is decoded once and kept while there is room.</summary>
    public static ReadOnlySpan<float> LeaseVector(Snapshot snapshot, long vectorOffset, scoped in RecordFrame record)
        => record.Encoding == RecordEncoding.Float32 ? RecordReader.Vector(snapshot.Log, vectorOffset, record) : ReadVector(snapshot, vectorOffset, record).Span;

    private static ReadOnlyMemory<float> ReadVector(Snapshot snapshot, long vectorOffset, scoped in RecordFrame record)
    {
        if (snapshot.Shared.Decoded.TryGet(vectorOffset, out ReadOnlyMemory<float> vector))
        {
            return vector;
        }

        vector = RecordReader.Vector(snapshot.Log, vectorOffset, record).ToArray();
        if (vectorOffset < snapshot.PublishedTail)
        {
            snapshot.Shared.Decoded.Add(vectorOffset, vector);
        }

        return vector;
    }

    /// <summary>A key's text.</summary>
    /// <exception cref="CorruptFileException">Its bytes are not UTF-8.</exception>
    public static string ReadText(LogFile log, long offset, ReadOnlySpan<byte> keyBytes)
    {
        try
        {
            return StoredKey.ToText(keyBytes);
        }
        catch (ArgumentException e)
        {
            throw new CorruptFileException("A record's key is not well-formed UTF-8", log.Path, offset, e);
        }
    }
}
