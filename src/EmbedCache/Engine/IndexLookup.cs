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
            KeyRun run = segments[i].Keys;
            for (long index = run.FindLast(hash); index >= 0; index--)
            {
                KeyEntry entry = run.EntryAt(index);
                if (entry.Hash != hash)
                {
                    break;
                }

                long offset = entry.FrameOffset;
                if (!KeyComparer.AreEqual(log, frameOffset, offset, tail))
                {
                    continue;
                }

                if (entry.IsTombstone)
                {
                    return null;
                }

                long ordinalIndex = segments[i].Ordinals.IndexOf(offset);
                return ordinalIndex >= 0
                    ? (i, ordinalIndex, segments[i].Ordinals.FirstOrdinal + ordinalIndex)
                    : throw new CorruptFileException("A key's record has no ordinal; compact the file, which rebuilds its indexes", log.Path, offset);
            }
        }

        return null;
    }
}
