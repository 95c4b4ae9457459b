using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Metadata;

/// <summary>A Columns section: the metadata of a run of ordinals by column.</summary>
internal sealed class ColumnSet
{
    private readonly ColumnsHeader _header;
    private volatile Column[]? _columns;

    /// <summary>Takes a section whose frame was checked; its columns are read at their first use.</summary>
    /// <exception cref="CorruptFileException">Its first block is damaged, or says what cannot be.</exception>
    public ColumnSet(Section section)
    {
        Section = section;
        _header = ColumnsHeader.Read(section.Range(0, ColumnsHeader.ByteLength));
        if (_header.OrdinalCount is < 0 or > int.MaxValue || _header.ColumnCount is < 0 or > ColumnsHeader.MaxColumnCount)
        {
            throw Contradiction();
        }
    }

    public Section Section { get; }

    public long FirstOrdinal => Section.Frame.FirstOrdinal;

    public long EndOrdinal => FirstOrdinal + OrdinalCount;

    /// <summary>Ordinals that it covers.</summary>
    public long OrdinalCount => _header.OrdinalCount;

    /// <summary>The columns, by name, then type.</summary>
    /// <exception cref="CorruptFileException">The section is damaged.</exception>
    public Column[] Columns => _columns ??= ReadDirectory();

    /// <summary>False when some names of the records have no column and are not said either.</summary>
    public bool IsComplete => _header.IsComplete;

    /// <summary>
    /// The columns that a name may mean, in the order in which they count: first those of exactly that name, then those of each name that differs from it in the case
    /// of ASCII letters alone.
    /// </summary>
    public List<Column> Find(ReadOnlySpan<byte> name)
    {
        var found = new List<Column>();
        foreach (Column column in Columns)
        {
            if (name.SequenceEqual(column.Name))
            {
                found.Add(column);
            }
        }

        foreach (Column column in Columns)
        {
            if (!name.SequenceEqual(column.Name) && AsciiCase.AreEqual(name, column.Name))
            {
                found.Add(column);
            }
        }

        return found;
    }

    private Column[] ReadDirectory()
    {
        long byteLength = Section.Frame.EntriesByteLength;
        var columns = new Column[_header.ColumnCount];
        for (int i = 0; i < columns.Length; i++)
        {
            ReadOnlySpan<byte> bytes = Section.Range(ColumnsHeader.ByteLength + ((long)i * ColumnEntry.ByteLength), ColumnEntry.ByteLength);
            if (!ColumnEntry.TryRead(bytes, OrdinalCount, byteLength, out ColumnEntry entry))
            {
                throw Contradiction();
            }

            byte[] name = Section.Range(entry.NamePosition, entry.NameByteLength).ToArray();
            if (i > 0 && !Follows(columns[i - 1], name, entry.Type))
            {
                throw Contradiction();
            }

            columns[i] = new Column(Section, entry, name, (int)OrdinalCount);
        }

        return columns;
    }

    private static bool Follows(Column before, byte[] name, MetadataType type)
    {
        int order = before.Name.AsSpan().SequenceCompareTo(name);
        return order < 0 || (order == 0 && before.Type < type);
    }

    private CorruptFileException Contradiction()
        => new("The directory of a Columns section contradicts itself; compact the file, which rebuilds its indexes", Section.Path, Section.Offset);
}
