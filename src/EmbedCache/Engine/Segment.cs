using EmbedCache.Format;
using EmbedCache.Keys;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>The index of one stretch of the log: its keys, its ordinals and which of them are live.</summary>
internal sealed class Segment
{
    public Segment(KeyRun keys, OrdinalRun ordinals, LiveBitmap live)
    {
        Keys = keys;
        Ordinals = ordinals;
        Live = live;
    }

    public KeyRun Keys { get; }

    public OrdinalRun Ordinals { get; }

    public LiveBitmap Live { get; }

    public long CoversFrom => Keys.Section.Frame.CoversFrom;

    public long CoversTo => Keys.Section.Frame.CoversTo;

    public long ByteLength => Keys.Section.ByteLength + Ordinals.Section.ByteLength + Live.Section.ByteLength;

    /// <summary>How many of its ordinals are live.</summary>
    public long CountLive() => Live.CountLive(Ordinals.Count);

    /// <summary>A copy of the live bits that may be changed.</summary>
    public ulong[] LiveWords() => Live.ToWords(Ordinals.Count);

    /// <summary>Puts the sections of a catalog together: each stretch has one of each kind, and the stretches join without a gap.</summary>
    /// <exception cref="CorruptFileException">They do not.</exception>
    public static Segment[] Join(LogFile log, long tail, CatalogEntry[] entries, long coversTo, long catalogOffset)
    {
        Section[] keys = OpenAll(log, tail, entries, FrameKind.Keys);
        Section[] ordinals = OpenAll(log, tail, entries, FrameKind.Ordinals);
        Section[] live = OpenAll(log, tail, entries, FrameKind.Live);
        bool isWhole = keys.Length == ordinals.Length && keys.Length == live.Length;
        var segments = new Segment[isWhole ? keys.Length : 0];
        long covered = FormatConstants.LogOffset;
        long nextOrdinal = 0;
        for (int i = 0; i < segments.Length && isWhole; i++)
        {
            SectionFrame k = keys[i].Frame;
            SectionFrame o = ordinals[i].Frame;
            SectionFrame l = live[i].Frame;
            isWhole = k.CoversFrom < k.CoversTo && k.CoversFrom == covered && o.CoversFrom == covered && l.CoversFrom == covered
                && o.CoversTo == k.CoversTo && l.CoversTo == k.CoversTo
                && o.FirstOrdinal == nextOrdinal && l.FirstOrdinal == nextOrdinal
                && l.EntryCount == LiveBitmap.WordCount(o.EntryCount);
            segments[i] = new Segment(new KeyRun(keys[i]), new OrdinalRun(ordinals[i]), new LiveBitmap(live[i]));
            covered = k.CoversTo;
            nextOrdinal += o.EntryCount;
        }

        if (!isWhole || covered != coversTo)
        {
            throw new CorruptFileException("The catalog's sections do not cover the log without gaps", log.Path, catalogOffset);
        }

        return segments;
    }

    private static Section[] OpenAll(LogFile log, long tail, CatalogEntry[] entries, FrameKind kind)
    {
        int count = 0;
        foreach (CatalogEntry entry in entries)
        {
            count += entry.Kind == kind && !entry.IsRetired ? 1 : 0;
        }

        var sections = new Section[count];
        count = 0;
        foreach (CatalogEntry entry in entries)
        {
            if (entry.Kind == kind && !entry.IsRetired)
            {
                Section section = Section.Open(log, entry.FrameOffset, kind, tail);
                if (!entry.Describes(section.Frame))
                {
                    throw new CorruptFileException($"The catalog describes another {kind} section than the one that is there", log.Path, entry.FrameOffset);
                }

                sections[count++] = section;
            }
        }

        Array.Sort(sections, (a, b) => a.Frame.CoversFrom.CompareTo(b.Frame.CoversFrom));
        return sections;
    }
}
