using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Keys;

/// <summary>Compares whole keys in the log. An equal hash is only a hint: two keys may share one.</summary>
internal static class KeyComparer
{
    /// <summary>Reads the frame at an offset and tells whether it has this key.</summary>
    public static bool Matches(LogFile log, long offset, long tail, in StoredKey key, out RecordFrame frame, bool wantsVector = false)
    {
        RecordReader.Prefetch(log, offset, wantsVector);
        frame = RecordReader.Read(log, offset, tail);
        return frame.Role == key.Role && frame.KeyHash == key.Hash && RecordReader.Key(log, offset, frame).SequenceEqual(key.Bytes);
    }

    /// <summary>True when two frames have the same key.</summary>
    public static bool AreEqual(LogFile log, long first, long second, long tail)
    {
        RecordFrame a = RecordReader.Read(log, first, tail);
        RecordFrame b = RecordReader.Read(log, second, tail);
        return a.Role == b.Role && a.KeyHash == b.KeyHash && RecordReader.Key(log, first, a).SequenceEqual(RecordReader.Key(log, second, b));
    }
}
