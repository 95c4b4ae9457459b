using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Keys;

/// <summary>Compares whole keys in the log. An equal hash is only a hint: two keys may share one.</summary>
internal static class KeyComparer
{
    /// <summary>
    /// Different keys that may share a hash. Three would be a wonder; a file made to have thousands would make each look-up a walk over all of them.
    /// </summary>
    private const int MostOfOneHash = 512;

    /// <summary>Counts one more key that only shares the hash of the one looked for.</summary>
    /// <exception cref="CorruptFileException">There were too many for chance.</exception>
    public static void CountCollision(LogFile log, long offset, ref int count)
    {
        if (++count >= MostOfOneHash)
        {
            throw new CorruptFileException($"More than {MostOfOneHash} different keys are said to have one hash", log.Path, offset);
        }
    }

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
