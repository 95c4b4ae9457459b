using EmbedCache.Format;
using EmbedCache.Search;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>Gathers what Info tells.</summary>
internal static class InfoReader
{
    public static EmbeddingCacheInfo Read(Store store, Snapshot snapshot, bool countExpired)
    {
        FileHeader header = snapshot.Log.Header;
        ScanSet set = LiveRecords.Of(snapshot, store.Now);
        long liveInTail = set.LiveTailCount;
        long liveIndexed = snapshot.Index.Segments.Length == 0 ? 0 : snapshot.Slot.LiveIndexedCount;
        long live = liveIndexed - set.Replaced.Count + liveInTail;
        long? expired = countExpired ? CountExpired(snapshot, set) : null;
        long dead = snapshot.Slot.RecordCount - live;
        long indexBytes = snapshot.Index.Segments.Sum(segment => segment.ByteLength) + snapshot.Index.Derived.ByteLength;
        long averageFrame = snapshot.Slot.RecordCount == 0 ? 0 : (snapshot.PublishedTail - FormatConstants.LogOffset - indexBytes) / snapshot.Slot.RecordCount;
        return new EmbeddingCacheInfo
        {
            Path = store.Path,
            FormatVersion = $"{FormatConstants.VersionMajor}.{header.VersionMinor}",
            StoreId = header.StoreId,
            Generation = header.Generation,
            Created = UnixTime.ToDateTimeOffset(header.Created),
            Dimension = header.Dimension,
            ElementType = header.ElementType,
            ShortCodeCount = snapshot.ShortCodes?.Count ?? 0,
            Compression = snapshot.Properties.Compression,
            BitsPerElement = snapshot.Properties.BitsPerElement ?? 32,
            IsRotated = snapshot.Properties.IsRotated,
            Loss = snapshot.Properties.Loss,
            Metric = header.Metric,
            KeyStorage = header.KeyStorage,
            Model = snapshot.Properties.Model,
            DefaultTimeToLive = snapshot.Properties.DefaultTimeToLive,
            Count = live - (expired ?? 0),
            ExpiredCount = expired,
            DeadCount = dead,
            FileByteLength = snapshot.Log.File.Length,
            IndexByteLength = indexBytes,
            Sections = Sections(snapshot.Index),
            Index = snapshot.Properties.Index,
            CodedCount = snapshot.Codes?.Count ?? 0,
            GraphedCount = snapshot.Graph?.Graph.Count ?? 0,
            ReclaimableByteLength = Math.Max(0, dead + (expired ?? 0)) * averageFrame,
            UnindexedCount = snapshot.TailCount,
            Sequence = snapshot.Slot.Sequence,
            OldestPin = OldestPin(snapshot),
            LastCommit = UnixTime.ToDateTimeOffset(snapshot.Slot.Committed),
        };
    }

    private static List<EmbeddingCacheSections> Sections(IndexState index)
    {
        var counts = new SortedDictionary<FrameKind, (int Count, long ByteLength)>();
        void Add(FrameKind kind, long byteLength)
        {
            (int count, long before) = counts.TryGetValue(kind, out (int, long) sum) ? sum : default;
            counts[kind] = (count + 1, before + byteLength);
        }

        foreach (Segment segment in index.Segments)
        {
            Add(FrameKind.Keys, segment.Keys.Section.ByteLength);
            Add(FrameKind.Ordinals, segment.Ordinals.Section.ByteLength);
            Add(FrameKind.Live, segment.Live.Section.ByteLength);
        }

        foreach (CatalogEntry entry in index.Derived.Entries)
        {
            Add(entry.Kind, entry.FrameByteLength);
        }

        return [.. counts.Select(kind => new EmbeddingCacheSections(kind.Key.ToString(), kind.Value.Count, kind.Value.ByteLength))];
    }

    private static long CountExpired(Snapshot snapshot, ScanSet set)
        => LiveRecords.Offsets(set, newestFirst: false).LongCount(offset => RecordReader.Read(snapshot.Log, offset, snapshot.PublishedTail).IsExpired(set.Now));

    private static long? OldestPin(Snapshot snapshot)
    {
        long? others = snapshot.Log.File.FindLowestLock(LockRanges.ReaderPins, LockRanges.ReaderPinCount) - LockRanges.ReaderPins;
        long? own = snapshot.Shared.OldestPin();
        return others is { } o && own is { } w ? Math.Min(o, w) : others ?? own;
    }
}
