using EmbedCache.Format;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Metadata;

/// <summary>
/// Makes the Columns section of a run of ordinals from their metadata. What it makes depends on that metadata alone, not on the order of names or on the machine.
/// </summary>
internal sealed class ColumnsBuilder(int ordinalCount, ulong key0, ulong key1)
{
    /// <summary>Names that were refused are remembered up to here; of more, nothing has a column.</summary>
    private const int MaxRefusedCount = 4096;

    private readonly List<ColumnBuilder> _columns = [];
    private readonly Dictionary<string, int> _byKey = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);

    // Which column each entry of the last record went to: most records have the same names in the same order.
    private readonly List<int> _expected = [];

    /// <summary>Takes a record's metadata. Positions (ordinals less the run's first) ascend.</summary>
    /// <exception cref="CorruptFileException">The bytes are no map.</exception>
    public void Add(uint position, ReadOnlySpan<byte> metadata, string? path, long offset)
    {
        var cursor = new MetadataCursor(metadata);
        for (int index = 0; cursor.TryRead(out MetadataType type, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value); index++)
        {
            int column = index < _expected.Count ? _expected[index] : -1;
            if (column < 0 || _columns[column].Type != type || !name.SequenceEqual(_columns[column].Name))
            {
                column = Find(name, type);
                while (_expected.Count <= index)
                {
                    _expected.Add(-1);
                }

                _expected[index] = column;
            }

            if (column >= 0)
            {
                _columns[column].Add(position, value);
            }
        }

        if (cursor.IsMalformed)
        {
            throw new CorruptFileException("Metadata is not in the form that the format prescribes; restore the file from a backup, or remove the record", path, offset);
        }
    }

    /// <summary>The section.</summary>
    public ColumnsImage Build()
    {
        // Of names that differ in case alone all have columns or none: a filter may mean any of them.
        List<ColumnBuilder> kept = _refused.Count > MaxRefusedCount ? [] : [.. _columns.Where(column => !_refused.Contains(Folded(column.Name)))];
        kept.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name) is not 0 and int order ? order : a.Type.CompareTo(b.Type));
        long position = ColumnsHeader.ByteLength + ((long)kept.Count * ColumnEntry.ByteLength);
        byte[] directory = new byte[position];
        List<byte[]> parts = [directory];
        new ColumnsHeader(ordinalCount, kept.Count, _refused.Count == 0).Write(directory);
        for (int i = 0; i < kept.Count; i++)
        {
            kept[i].Build(ordinalCount, ref position, parts).Write(directory.AsSpan(ColumnsHeader.ByteLength + (i * ColumnEntry.ByteLength)));
        }

        return new ColumnsImage(parts, position);
    }

    private int Find(ReadOnlySpan<byte> name, MetadataType type)
    {
        string key = Text(name) + (char)type;
        if (_byKey.TryGetValue(key, out int column))
        {
            return column;
        }

        if (_columns.Count == ColumnsHeader.MaxColumnCount)
        {
            if (_refused.Count <= MaxRefusedCount)
            {
                _refused.Add(Folded(name));
            }

            return -1;
        }

        _columns.Add(new ColumnBuilder(name.ToArray(), type, key0, key1));
        _byKey.Add(key, _columns.Count - 1);
        return _columns.Count - 1;
    }

    private static string Folded(ReadOnlySpan<byte> name)
    {
        byte[] folded = name.ToArray();
        for (int i = 0; i < folded.Length; i++)
        {
            folded[i] = AsciiCase.Fold(folded[i]);
        }

        return Text(folded);
    }

    /// <summary>One character a byte: names that are not UTF-8 stay apart too.</summary>
    private static string Text(ReadOnlySpan<byte> name)
    {
        char[] text = new char[name.Length];
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)name[i];
        }

        return new string(text);
    }
}

/// <summary>A Columns section ready to be written.</summary>
internal sealed class ColumnsImage(List<byte[]> parts, long byteLength)
{
    /// <summary>Length of the entries.</summary>
    public long ByteLength { get; } = byteLength;

    /// <summary>Writes the entries.</summary>
    public void Write(SectionWriter writer)
    {
        byte[] padding = new byte[FormatConstants.Unit];
        foreach (byte[] part in parts)
        {
            writer.Write(part.AsSpan());
            int rest = part.Length % FormatConstants.Unit;
            if (rest > 0)
            {
                writer.Write(padding.AsSpan(rest));
            }
        }
    }

    /// <summary>Whether a section, its blocks checked, holds just these bytes.</summary>
    public bool IsThatOf(Section section)
    {
        if (section.Frame.EntriesByteLength != ByteLength)
        {
            return false;
        }

        long position = 0;
        foreach (byte[] part in parts)
        {
            for (int start = 0; start < part.Length; start += FormatConstants.SectionBlockByteLength)
            {
                ReadOnlySpan<byte> expected = part.AsSpan(start, Math.Min(FormatConstants.SectionBlockByteLength, part.Length - start));
                if (!section.Range(position + start, expected.Length).SequenceEqual(expected))
                {
                    return false;
                }
            }

            position += (part.Length + FormatConstants.Unit - 1) / FormatConstants.Unit * FormatConstants.Unit;
        }

        return true;
    }
}
