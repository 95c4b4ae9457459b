using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>What a catalog says: the segments in use, what they cover, the properties, and the sections that were replaced. Immutable.</summary>
internal sealed class IndexState
{
    private const int NoEntryCount = 0;

    public IndexState(long coversTo, Segment[] segments, CatalogEntry[] retired, CatalogEntry[] foreign, DerivedSections derived, StoreProperties properties)
    {
        CoversTo = coversTo;
        Segments = segments;
        Retired = retired;
        Foreign = foreign;
        Derived = derived;
        Properties = properties;
        foreach (Segment segment in segments)
        {
            OrdinalCount += segment.Ordinals.Count;
        }
    }

    /// <summary>Not Array.Empty: see <see cref="Select"/>.</summary>
    private static readonly CatalogEntry[] NoEntries = new CatalogEntry[NoEntryCount];

    /// <summary>The index of a log without a catalog: nothing is covered.</summary>
    public static IndexState Empty { get; } = new(FormatConstants.LogOffset, [], NoEntries, NoEntries, DerivedSections.None, StoreProperties.Empty);

    /// <summary>Everything in the log below this offset is indexed.</summary>
    public long CoversTo { get; }

    /// <summary>Oldest first.</summary>
    public Segment[] Segments { get; }

    /// <summary>Ordinals in the segments; the tail's follow.</summary>
    public long OrdinalCount { get; }

    /// <summary>Sections that newer ones replaced and whose space has not been given back yet.</summary>
    public CatalogEntry[] Retired { get; }

    /// <summary>Sections of kinds that this version does not use; kept, with the range that each covers.</summary>
    public CatalogEntry[] Foreign { get; }

    /// <summary>What search is faster with: graphs, codes, columns.</summary>
    public DerivedSections Derived { get; }

    public StoreProperties Properties { get; }

    /// <summary>Reads the catalog at an offset and opens what it names; 0 gives <see cref="Empty"/>.</summary>
    /// <param name="log">The file.</param>
    /// <param name="catalogOffset">Offset of the Catalog frame, or 0.</param>
    /// <param name="tail">End of the log; nothing past it is named.</param>
    /// <param name="checkFrom">Also verify every block of the sections from this offset on: those that may not have reached the disk.</param>
    /// <exception cref="CorruptFileException">The catalog or a section it names is damaged.</exception>
    public static IndexState Load(LogFile log, long catalogOffset, long tail, long checkFrom)
    {
        if (catalogOffset == 0)
        {
            return Empty;
        }

        ReadOnlySpan<byte> payload = PayloadReader.Read(log, catalogOffset, tail, FrameKind.Catalog);
        CatalogPayload catalog = CatalogPayload.Read(payload, catalogOffset)
            ?? throw new CorruptFileException("The catalog contradicts itself", log.Path, catalogOffset);
        Segment[] segments = Segment.Join(log, tail, catalog.Sections, catalog.CoversTo, catalogOffset);
        CheckSections(log, catalog.Sections, checkFrom, tail);
        StoreProperties properties = StoreProperties.Empty;
        foreach (CatalogEntry entry in catalog.Sections)
        {
            if (entry.Kind == FrameKind.Properties && !entry.IsRetired)
            {
                properties = StoreProperties.Read(log, entry.FrameOffset, tail);
            }
        }

        CatalogEntry[] retired = Select(catalog.Sections, entry => entry.IsRetired);
        CatalogEntry[] foreign = Select(catalog.Sections, entry => !entry.IsRetired && !entry.Kind.IsDerived() && entry.Kind is not (FrameKind.Keys or FrameKind.Ordinals or FrameKind.Live or FrameKind.Properties));
        DerivedSections derived = DerivedSections.Of(Select(catalog.Sections, entry => !entry.IsRetired && entry.Kind.IsDerived()));
        return new IndexState(catalog.CoversTo, segments, retired, foreign, derived, properties);
    }

    /// <summary>The same index with other properties.</summary>
    public IndexState With(StoreProperties properties) => new(CoversTo, Segments, Retired, Foreign, Derived, properties);

    /// <summary>The same index with other retired sections.</summary>
    public IndexState With(CatalogEntry[] retired) => new(CoversTo, Segments, retired, Foreign, Derived, Properties);

    /// <summary>The same index with some derived sections retired and others in use.</summary>
    public IndexState WithDerived(IReadOnlyCollection<CatalogEntry> removed, IReadOnlyCollection<CatalogEntry> added)
        => new(CoversTo, Segments, [.. Retired, .. removed.Select(entry => entry with { IsRetired = true })], Foreign, Derived.With(removed, added), Properties);

    /// <summary>The catalog that <see cref="Load"/> reads back as this.</summary>
    public CatalogPayload ToCatalog()
    {
        var entries = new List<CatalogEntry>();
        foreach (Segment segment in Segments)
        {
            entries.Add(Describe(segment.Keys.Section));
            entries.Add(Describe(segment.Ordinals.Section));
            entries.Add(Describe(segment.Live.Section));
        }

        entries.AddRange(Derived.Entries);
        entries.AddRange(Foreign);
        if (Properties.Offset != 0)
        {
            entries.Add(new CatalogEntry { Kind = FrameKind.Properties, FrameOffset = Properties.Offset, FrameByteLength = Properties.FrameByteLength, CoversFrom = FormatConstants.LogOffset, CoversTo = FormatConstants.LogOffset });
        }

        entries.AddRange(Retired);
        return new CatalogPayload(CoversTo, [.. entries]);
    }

    /// <summary>Live records of all segments, counted in the bitmaps.</summary>
    public long CountLive()
    {
        long live = 0;
        foreach (Segment segment in Segments)
        {
            live += segment.CountLive();
        }

        return live;
    }

    /// <summary>The catalog entry of a section.</summary>
    public static CatalogEntry Describe(Section section) => new()
    {
        Kind = section.Frame.Header.Kind,
        Level = (int)section.Frame.Level,
        FrameOffset = section.Offset,
        FrameByteLength = section.ByteLength,
        CoversFrom = section.Frame.CoversFrom,
        CoversTo = section.Frame.CoversTo,
        EntryCount = section.Count,
    };

    /// <summary>The catalog entry of a section that was written just now.</summary>
    public static CatalogEntry Describe(in SectionExtent extent) => new()
    {
        Kind = extent.Frame.Header.Kind,
        Level = (int)extent.Frame.Level,
        FrameOffset = extent.Offset,
        FrameByteLength = extent.ByteLength,
        CoversFrom = extent.Frame.CoversFrom,
        CoversTo = extent.Frame.CoversTo,
        EntryCount = extent.Frame.EntryCount,
    };

    /// <summary>Plain loops: generic collections of structs are compiled at run time, and this is on the way to the first open of a process.</summary>
    private static CatalogEntry[] Select(CatalogEntry[] entries, Func<CatalogEntry, bool> predicate)
    {
        int count = 0;
        foreach (CatalogEntry entry in entries)
        {
            count += predicate(entry) ? 1 : 0;
        }

        var selected = new CatalogEntry[count];
        count = 0;
        foreach (CatalogEntry entry in entries)
        {
            if (predicate(entry))
            {
                selected[count++] = entry;
            }
        }

        return selected;
    }

    /// <summary>Whether every block of every section holds what its CRC says.</summary>
    public bool IsWhole()
    {
        try
        {
            foreach (Segment segment in Segments)
            {
                foreach (Section section in new[] { segment.Keys.Section, segment.Ordinals.Section, segment.Live.Section })
                {
                    for (long block = 0; block < section.BlockCount; block++)
                    {
                        section.Touch(block);
                    }
                }
            }

            return true;
        }
        catch (CorruptFileException)
        {
            return false;
        }
    }

    /// <summary>The sections in use that stand at an offset or behind it, whether their loss would cost answers or only time: a catalog is adopted with all of them or not at all.</summary>
    private static void CheckSections(LogFile log, CatalogEntry[] entries, long from, long tail)
    {
        foreach (CatalogEntry entry in entries)
        {
            bool isUsed = !entry.IsRetired && entry.FrameOffset >= from && (entry.Kind.IsDerived() || entry.Kind is FrameKind.Keys or FrameKind.Ordinals or FrameKind.Live);
            if (isUsed && entry.Kind.IsSection() && !Section.Open(log, entry.FrameOffset, entry.Kind, tail).IsWhole())
            {
                throw new CorruptFileException($"The {entry.Kind} section did not reach the disk as a whole", log.Path, entry.FrameOffset);
            }
        }
    }
}
