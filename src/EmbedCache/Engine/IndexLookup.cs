using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Looks keys up in segments, newest first: the first segment that knows a key has its newest version.</summary>
internal static class IndexLookup
{
    /// <summary>The newest frame of a key in the segments; false when there is none or it is a tombstone.</summary>
    public static bool TryFind(LogFile log, Segment[] segments, in StoredKey key, long tail, out long offset, out RecordFrame frame, bool wantsVector = false)
    {
        for (int i = segments.Length - 1; i >= 0; i--)
        {
            KeyRun run = segments[i].Keys;
            int collisions = 0;
            for (long index = run.FindLast(key.Hash); index >= 0; index--)
            {
                KeyEntry entry = run.EntryAt(index);
                if (entry.Hash != key.Hash)
                {
                    break;
                }

                offset = entry.FrameOffset;
                if (KeyComparer.Matches(log, offset, tail, key, out frame, wantsVector))
                {
                    return frame.Header.Kind != FrameKind.Tombstone;
                }

                KeyComparer.CountCollision(log, offset, ref collisions);
            }
        }

        offset = 0;
        frame = default;
        return false;
    }

    /// <summary>The version of a frame's key that the segments hold, when it has an ordinal.</summary>
    public static (int Segment, long Index, long Ordinal)? FindOlderVersion(LogFile log, Segment[] segments, ulong hash, long frameOffset, long tail)
    {
        for (int i = segments.Length - 1; i >= 0; i--)
        {
            if (TryMatch(log, segments[i], segments[i].Keys.FindLast(hash), hash, frameOffset, tail, out KeyEntry entry))
            {
                if (entry.IsTombstone)
                {
                    return null;
                }

                long index = OrdinalIndexOf(log, segments[i], entry);
                return (i, index, segments[i].Ordinals.FirstOrdinal + index);
            }
        }

        return null;
    }

    /// <summary>Of a segment's entries with a hash, the one that has the key of a frame.</summary>
    /// <param name="log">The file.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="last">Its last entry of the hash, or -1.</param>
    /// <param name="hash">The hash.</param>
    /// <param name="frameOffset">The frame.</param>
    /// <param name="tail">End of the log.</param>
    /// <param name="entry">What was found.</param>
    public static bool TryMatch(LogFile log, Segment segment, long last, ulong hash, long frameOffset, long tail, out KeyEntry entry)
    {
        int collisions = 0;
        for (long index = last; index >= 0; index--)
        {
            entry = segment.Keys.EntryAt(index);
            if (entry.Hash != hash)
            {
                break;
            }

            if (KeyComparer.AreEqual(log, frameOffset, entry.FrameOffset, tail))
            {
                return true;
            }

            KeyComparer.CountCollision(log, entry.FrameOffset, ref collisions);
        }

        entry = default;
        return false;
    }

    /// <summary>Where an entry's record stands among the segment's ordinals.</summary>
    /// <exception cref="CorruptFileException">Nowhere.</exception>
    public static long OrdinalIndexOf(LogFile log, Segment segment, KeyEntry entry)
    {
        long index = segment.Ordinals.IndexOf(entry.FrameOffset);
        return index >= 0
            ? index
            : throw new CorruptFileException("A key's record has no ordinal; compact the file, which rebuilds its indexes", log.Path, entry.FrameOffset);
    }
}
