using System.Diagnostics;
using EmbedCache.Format;
using EmbedCache.Search;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Finds keys by prefix for completion: newest first, and only as long as somebody waits.</summary>
internal static class KeyFinder
{
    public static IReadOnlyList<string> Find(Snapshot snapshot, ScanSet set, string prefix, int limit, TimeSpan budget)
    {
        var clock = Stopwatch.StartNew();
        var found = new List<string>();
        foreach (long offset in LiveRecords.Offsets(set, newestFirst: true))
        {
            if (found.Count >= limit || clock.Elapsed > budget)
            {
                break;
            }

            RecordFrame frame = RecordReader.Read(snapshot.Log, offset, snapshot.PublishedTail);
            if (frame.IsExpired(set.Now))
            {
                continue;
            }

            string key = EmbeddingReader.ReadText(snapshot.Log, offset, RecordReader.Key(snapshot.Log, offset, frame));
            if (key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                found.Add(key);
            }
        }

        return found;
    }
}
