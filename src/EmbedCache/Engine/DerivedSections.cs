using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Numerics;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Engine;

/// <summary>
/// The sections in use that search is faster with: graphs, codebooks, codes, columns. Named by the catalog, opened on first use, so that opening a file does not.
/// What of them is damaged is done without, and the next writer that comes to it writes it anew. Threads share it; what was opened once stays open in the states
/// that follow.
/// </summary>
internal sealed partial class DerivedSections
{
    private const int NoEntryCount = 0;

    private readonly object _gate = new();
    private readonly Dictionary<long, Section?> _opened = [];
    private CodeRuns? _codes;
    private bool _hasLookedForCodes;
    private ColumnSet[]? _columns;
    private ShortCodes? _shortCodes;
    private bool _hasLookedForShortCodes;

    private DerivedSections(CatalogEntry[] entries, DerivedSections? previous)
    {
        Entries = entries;
        if (previous is null)
        {
            return;
        }

        lock (previous._gate)
        {
            foreach (CatalogEntry entry in entries)
            {
                if (previous._opened.TryGetValue(entry.FrameOffset, out Section? section))
                {
                    _opened.Add(entry.FrameOffset, section);
                }
            }
        }
    }

    /// <summary>Not Array.Empty, which is compiled at run time for a struct of ours, on the way to the first open of a process.</summary>
    public static DerivedSections None { get; } = new(new CatalogEntry[NoEntryCount], null);

    /// <summary>In the order of the catalog.</summary>
    public CatalogEntry[] Entries { get; }

    /// <summary>Bytes of their frames.</summary>
    public long ByteLength => Entries.Sum(entry => entry.FrameByteLength);

    /// <summary>True once a damaged block of codes was met: they are not used any more by this state, and the next checkpoint writes what is missing anew.</summary>
    public bool AreCodesDamaged { get; private set; }

    /// <summary>True once a damaged section of columns was met: the next checkpoint writes it, and what follows it, anew.</summary>
    public bool AreColumnsDamaged { get; private set; }

    /// <summary>Of a catalog that names a frame twice, which no writer writes, the first entry counts.</summary>
    public static DerivedSections Of(CatalogEntry[] entries)
        => entries.Length == 0 ? None : new DerivedSections(HasRepeats(entries) ? [.. entries.GroupBy(entry => entry.FrameOffset).Select(group => group.First())] : entries, null);

    /// <summary>Some taken out, others put in.</summary>
    public DerivedSections With(IReadOnlyCollection<CatalogEntry> removed, IEnumerable<CatalogEntry> added)
    {
        var gone = new HashSet<long>(removed.Select(entry => entry.FrameOffset));
        return new DerivedSections([.. Entries.Where(entry => !gone.Contains(entry.FrameOffset)), .. added], this);
    }

    private static bool HasRepeats(CatalogEntry[] entries)
    {
        // Sets, and whatever is generic over a struct of ours, would be compiled in a process's first open.
        long[] offsets = new long[entries.Length];
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = entries[i].FrameOffset;
        }

        Array.Sort(offsets);
        for (int i = 1; i < offsets.Length; i++)
        {
            if (offsets[i] == offsets[i - 1])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>From here on searches do without codes.</summary>
    public void GiveUpCodes()
    {
        lock (_gate)
        {
            AreCodesDamaged = true;
        }
    }

    /// <summary>Remembers that columns have to be written anew. A filter does without the damaged ones by itself.</summary>
    public void TellColumnsDamaged()
    {
        lock (_gate)
        {
            AreColumnsDamaged = true;
        }
    }

    /// <summary>The sections of columns, by ordinal; none overlaps another.</summary>
    /// <param name="log">The file.</param>
    /// <param name="tail">End of the log; nothing past it is named.</param>
    /// <param name="ordinalCount">Ordinals in the index; sections that reach past them are not used.</param>
    public ColumnSet[] Columns(LogFile log, long tail, long ordinalCount)
    {
        lock (_gate)
        {
            return _columns ??= OpenColumns(log, tail, ordinalCount);
        }
    }

    /// <summary>The section of an entry, or null where its header is damaged.</summary>
    public Section? TryOpen(LogFile log, in CatalogEntry entry, long tail)
    {
        lock (_gate)
        {
            if (!_opened.TryGetValue(entry.FrameOffset, out Section? section))
            {
                section = OpenOrNull(log, entry, tail);
                _opened.Add(entry.FrameOffset, section);
            }

            return section;
        }
    }

    /// <summary>The scalar codes, as far as they join from ordinal 0 on; null where there are none to be used.</summary>
    /// <param name="log">The file.</param>
    /// <param name="tail">End of the log; nothing past it is named.</param>
    /// <param name="ordinalCount">Ordinals in the index; codes past them are not used.</param>
    public CodeRuns? Codes(LogFile log, long tail, long ordinalCount)
    {
        lock (_gate)
        {
            if (!_hasLookedForCodes)
            {
                _codes = OpenCodes(log, tail, ordinalCount);
                _hasLookedForCodes = true;
            }

            return AreCodesDamaged ? null : _codes;
        }
    }

    /// <summary>The codebook of the scalar codes, or null.</summary>
    public ScalarCodebook? Codebook(LogFile log, long tail)
    {
        try
        {
            return CodebookSection(log, tail) is { } section ? ScalarCodebook.TryRead(section, log.Header.Dimension, log.Header.Metric) : null;
        }
        catch (CorruptFileException)
        {
            return null;
        }
    }

    /// <summary>The section that holds it, unread.</summary>
    public Section? CodebookSection(LogFile log, long tail)
    {
        foreach (CatalogEntry entry in Entries)
        {
            if (entry.Kind == FrameKind.Codebook && TryOpen(log, entry, tail) is { } section && section.Frame.Codebook == FormatConstants.ScalarCodebook)
            {
                return section;
            }
        }

        return null;
    }

    /// <summary>The short codes, opened when they are first used; null where there are none to be used.</summary>
    /// <param name="log">The file.</param>
    /// <param name="tail">End of the log; nothing past it is named.</param>
    /// <param name="ordinalCount">Ordinals in the index.</param>
    public ShortCodes? ShortCodes(LogFile log, long tail, long ordinalCount)
    {
        lock (_gate)
        {
            if (!_hasLookedForShortCodes)
            {
                _shortCodes = OpenShortCodes(log, tail, ordinalCount);
                _hasLookedForShortCodes = true;
            }

            return _shortCodes;
        }
    }

    private ShortCodes? OpenShortCodes(LogFile log, long tail, long ordinalCount)
    {
        Section? codebook = null;
        Section? codes = null;
        foreach (CatalogEntry entry in Entries)
        {
            if (entry.Kind is FrameKind.Codebook or FrameKind.Codes && TryOpen(log, entry, tail) is { } section && section.Frame.Codebook == FormatConstants.ShortCodebook)
            {
                codebook = entry.Kind == FrameKind.Codebook ? section : codebook;
                codes = entry.Kind == FrameKind.Codes ? section : codes;
            }
        }

        try
        {
            return codebook is null || codes is null ? null : Vectors.ShortCodes.TryOpen(codebook, codes, log.Header.Dimension, ordinalCount);
        }
        catch (CorruptFileException)
        {
            return null;
        }
    }

    private CodeRuns? OpenCodes(LogFile log, long tail, long ordinalCount)
    {
        if (Codebook(log, tail) is not { } codebook)
        {
            return null;
        }

        var layout = new CodeLayout(log.Header.Dimension);
        var all = new List<CodeRun>();
        foreach (CatalogEntry entry in Entries)
        {
            if (entry.Kind == FrameKind.Codes && TryOpen(log, entry, tail) is { } section && section.Frame.Codebook == FormatConstants.ScalarCodebook)
            {
                all.Add(new CodeRun(section, layout));
            }
        }

        all.Sort((a, b) => a.FirstOrdinal.CompareTo(b.FirstOrdinal));
        var joined = new List<CodeRun>();
        long next = 0;
        foreach (CodeRun run in all)
        {
            if (!run.IsWellFormed || run.FirstOrdinal != next || run.Count > ordinalCount - next || joined.Count == ushort.MaxValue)
            {
                break;
            }

            joined.Add(run);
            next = run.EndOrdinal;
        }

        return joined.Count == 0 ? null : new CodeRuns(codebook, layout, [.. joined]);
    }

    private ColumnSet[] OpenColumns(LogFile log, long tail, long ordinalCount)
    {
        var all = new List<ColumnSet>();
        foreach (CatalogEntry entry in Entries)
        {
            if (entry.Kind == FrameKind.Columns && TryOpen(log, entry, tail) is { } section)
            {
                try
                {
                    all.Add(new ColumnSet(section));
                }
                catch (CorruptFileException)
                {
                    AreColumnsDamaged = true;
                }
            }
        }

        all.Sort((a, b) => a.FirstOrdinal.CompareTo(b.FirstOrdinal));
        long next = 0;
        all.RemoveAll(set =>
        {
            bool isUsable = set.FirstOrdinal >= next && set.EndOrdinal <= ordinalCount;
            next = isUsable ? set.EndOrdinal : next;
            return !isUsable;
        });
        return [.. all];
    }

    private static Section? OpenOrNull(LogFile log, in CatalogEntry entry, long tail)
    {
        try
        {
            Section section = Section.Open(log, entry.FrameOffset, entry.Kind, tail);
            return entry.Describes(section.Frame) ? section : null;
        }
        catch (CorruptFileException)
        {
            return null;
        }
    }
}
