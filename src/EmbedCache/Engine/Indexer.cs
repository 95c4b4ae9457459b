using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>
/// Turns the unindexed tail into a segment, merging it with older segments in geometric steps: what is rewritten in total stays a small multiple
/// of what is stored, and a look-up meets few runs.
/// </summary>
internal sealed class Indexer(LogFile log, LogAppender appender, Action makeReadable)
{
    /// <summary>Segments of one level that become one of the next.</summary>
    private const int FanOut = 4;

    /// <summary>Entries of a segment of level 1; each level has <see cref="FanOut"/> times as many.</summary>
    private const long LevelOneCount = 1024;

    private static readonly GeometricRuns Levels = new(LevelOneCount, FanOut);

    /// <summary>The index that also covers these entries of the log, oldest first.</summary>
    /// <param name="index">The index so far.</param>
    /// <param name="entries">What it does not cover.</param>
    /// <param name="mergeAll">Make one segment of everything.</param>
    public IndexState Extend(IndexState index, List<TailTable.Entry> entries, bool mergeAll)
    {
        long coversTo = appender.NextOffset;
        long[] ordinals = OffsetsWithOrdinal(entries);
        KeyEntry[] newest = KeyMerge.NewestByKey(log, entries, coversTo);

        int kept = mergeAll ? 0 : index.Segments.Length - Levels.CountMerged(CountsOf(index.Segments), newest.Length);
        ulong[]?[] liveWords = ClearReplaced(index.Segments, newest, coversTo);
        SegmentExtent merged = WriteMerged(index, kept, newest, ordinals, liveWords, coversTo);

        var retired = new List<CatalogEntry>(index.Retired);
        var segments = new List<Func<Segment>>();
        for (int i = 0; i < index.Segments.Length; i++)
        {
            Segment segment = index.Segments[i];
            if (i >= kept)
            {
                retired.Add(Retire(segment.Keys.Section));
                retired.Add(Retire(segment.Ordinals.Section));
                retired.Add(Retire(segment.Live.Section));
            }
            else if (liveWords[i] is { } words)
            {
                retired.Add(Retire(segment.Live.Section));
                SectionExtent live = WriteLive(words, segment.Ordinals.Section.Frame);
                segments.Add(() => new Segment(segment.Keys, segment.Ordinals, new LiveBitmap(Open(live))));
            }
            else
            {
                segments.Add(() => segment);
            }
        }

        makeReadable();
        segments.Add(() => new Segment(new KeyRun(Open(merged.Keys)), new OrdinalRun(Open(merged.Ordinals)), new LiveBitmap(Open(merged.Live))));
        return new IndexState(coversTo, [.. segments.Select(open => open())], [.. retired], index.Foreign, index.Derived, index.Properties);
    }

    private static long[] CountsOf(Segment[] segments)
    {
        var counts = new long[segments.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = segments[i].Keys.Count;
        }

        return counts;
    }

    private static long[] OffsetsWithOrdinal(List<TailTable.Entry> entries)
    {
        var offsets = new long[entries.Count];
        int count = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            TailTable.Entry entry = entries[i];
            if (entry.TakesOrdinal)
            {
                offsets[count++] = entry.Offset;
            }
        }

        Array.Resize(ref offsets, count);
        return offsets;
    }

    /// <summary>Clears the live bits of what the new entries replaced or removed. Gives changed words only: null where nothing changed.</summary>
    private ulong[]?[] ClearReplaced(Segment[] segments, KeyEntry[] newest, long tail)
    {
        var words = new ulong[segments.Length][];
        var isSettled = new bool[newest.Length];
        for (int i = segments.Length - 1; i >= 0; i--)
        {
            // Both are sorted by hash. The newest segment that knows a key settles it.
            Segment segment = segments[i];
            var walk = new KeyRunWalk(segment.Keys);
            for (int n = 0; n < newest.Length; n++)
            {
                KeyEntry entry = newest[n];
                if (isSettled[n] || !IndexLookup.TryMatch(log, segment, walk.FindLast(entry.Hash), entry.Hash, entry.FrameOffset, tail, out KeyEntry older))
                {
                    continue;
                }

                isSettled[n] = true;
                if (!older.IsTombstone)
                {
                    long index = IndexLookup.OrdinalIndexOf(log, segment, older);
                    ulong[] live = words[i] ??= segment.LiveWords();
                    live[index / LiveBitmap.BitsPerWord] &= ~(1UL << (int)(index % LiveBitmap.BitsPerWord));
                }
            }
        }

        return words;
    }

    private SegmentExtent WriteMerged(IndexState index, int kept, KeyEntry[] newest, long[] ordinals, ulong[]?[] liveWords, long coversTo)
    {
        Segment[] merged = index.Segments.AsSpan(kept).ToArray();
        Segment? before = kept > 0 ? index.Segments[kept - 1] : null;
        long coversFrom = before?.CoversTo ?? FormatConstants.LogOffset;
        long firstOrdinal = before is null ? 0 : before.Ordinals.FirstOrdinal + before.Ordinals.Count;
        long inputCount = newest.Length + merged.Sum(segment => segment.Keys.Count);
        SectionFrame Frame(FrameKind kind, long ordinal) => new()
        {
            Header = new FrameHeader { Kind = kind },
            EntryByteLength = SectionFrame.FixedEntryByteLength(kind)!.Value,
            CoversFrom = coversFrom,
            CoversTo = coversTo,
            Level = (uint)Levels.LevelOf(inputCount),
            FirstOrdinal = ordinal,
        };

        // A tombstone hides older versions of its key; in the oldest run there are none left to hide.
        bool isOldest = kept == 0;
        SectionExtent keys = appender.AppendSection(
            Frame(FrameKind.Keys, 0),
            writer => KeyMerge.Merge(log, [.. merged.Select(segment => segment.Keys)], newest, coversTo, isOldest, writer));
        SectionExtent offsets = appender.AppendSection(Frame(FrameKind.Ordinals, firstOrdinal), writer => WriteOrdinals(merged, ordinals, writer));
        ulong[] live = JoinLive(merged, kept, liveWords, ordinals, newest);
        SectionExtent bits = appender.AppendSection(Frame(FrameKind.Live, firstOrdinal), writer => WriteWords(live, writer));
        return new SegmentExtent(keys, offsets, bits);
    }

    private static void WriteOrdinals(Segment[] merged, long[] ordinals, SectionWriter writer)
    {
        foreach (Segment segment in merged)
        {
            for (long i = 0; i < segment.Ordinals.Count; i++)
            {
                writer.Write((ulong)segment.Ordinals.OffsetAt(i));
            }
        }

        foreach (long offset in ordinals)
        {
            writer.Write((ulong)offset);
        }
    }

    private static ulong[] JoinLive(Segment[] merged, int firstMerged, ulong[]?[] changed, long[] ordinals, KeyEntry[] newest)
    {
        long bitCount = ordinals.Length + merged.Sum(segment => segment.Ordinals.Count);
        var joined = new BitJoiner(bitCount);
        for (int i = 0; i < merged.Length; i++)
        {
            joined.Append(changed[firstMerged + i] ?? merged[i].LiveWords(), merged[i].Ordinals.Count);
        }

        joined.Append(LiveAmong(ordinals, newest), ordinals.Length);
        return joined.Words;
    }

    /// <summary>Of the new records, those live that are the newest of their key.</summary>
    private static ulong[] LiveAmong(long[] ordinals, KeyEntry[] newest)
    {
        var words = new ulong[LiveBitmap.WordCount(ordinals.Length)];
        int newestCount = 0;
        foreach (KeyEntry entry in newest)
        {
            newestCount += entry.IsTombstone ? 0 : 1;
        }

        if (newestCount == ordinals.Length)
        {
            // No record replaced another of them, as is usual: all are live.
            words.AsSpan().Fill(ulong.MaxValue);
            int rest = ordinals.Length % LiveBitmap.BitsPerWord;
            if (rest > 0)
            {
                words[words.Length - 1] = (1UL << rest) - 1;
            }

            return words;
        }

        foreach (KeyEntry entry in newest)
        {
            if (!entry.IsTombstone)
            {
                int index = Array.BinarySearch(ordinals, entry.FrameOffset);
                words[index / LiveBitmap.BitsPerWord] |= 1UL << (index % LiveBitmap.BitsPerWord);
            }
        }

        return words;
    }

    private SectionExtent WriteLive(ulong[] words, SectionFrame ordinals)
    {
        SectionFrame frame = ordinals with
        {
            Header = new FrameHeader { Kind = FrameKind.Live },
            EntryByteLength = FormatConstants.LiveEntryByteLength,
        };
        return appender.AppendSection(frame, writer => WriteWords(words, writer));
    }

    private static void WriteWords(ulong[] words, SectionWriter writer)
    {
        foreach (ulong word in words)
        {
            writer.Write(word);
        }
    }

    private Section Open(SectionExtent extent) => Section.Open(log, extent.Offset, extent.Frame.Header.Kind, appender.NextOffset);

    private static CatalogEntry Retire(Section section) => IndexState.Describe(section) with { IsRetired = true };

    private readonly record struct SegmentExtent(SectionExtent Keys, SectionExtent Ordinals, SectionExtent Live);
}
