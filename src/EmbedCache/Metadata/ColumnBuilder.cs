using System.Buffers.Binary;
using EmbedCache.Format;

namespace EmbedCache.Metadata;

/// <summary>Gathers the values of one name and type, in the order of the ordinals, and lays them out.</summary>
internal sealed class ColumnBuilder(byte[] name, MetadataType type, ulong key0, ulong key1)
{
    /// <summary>
    /// Texts are worth a column while their distinct values are few or short: this many bytes of them for each record that has one, and as many to begin with as
    /// cost nothing. Beyond that the column would be a copy of the metadata.
    /// </summary>
    private const int TermBytesPerValue = 16;
    private const int FreeTermBytes = 64 << 10;
    private const int ItemsPerValue = 64;
    private const int FreeItems = 64 << 10;

    /// <summary>A slot for each ordinal where at least one in so many has a value.</summary>
    private const int DenseFrom = 4;

    private readonly List<uint> _positions = [];
    private readonly List<long> _numbers = [];
    private readonly List<int> _codes = [];
    private readonly List<uint> _itemStarts = [];
    private TermTable? _terms = type is MetadataType.String or MetadataType.StringList ? new TermTable(key0, key1) : null;

    /// <summary>UTF-8.</summary>
    public byte[] Name { get; } = name;

    public MetadataType Type { get; } = type;

    private bool IsText => Type is MetadataType.String or MetadataType.StringList;

    private bool IsOmitted => IsText && _terms is null;

    /// <summary>Takes the value of an ordinal (less the section's first), above those before.</summary>
    public void Add(uint position, ReadOnlySpan<byte> value)
    {
        _positions.Add(position);
        switch (Type)
        {
            case MetadataType.Bool:
                _numbers.Add(value[0] != 0 ? 1 : 0);
                break;
            case MetadataType.String:
                AddTerm(value);
                break;
            case MetadataType.StringList:
                _itemStarts.Add((uint)_codes.Count);
                var items = new MetadataItems(value);
                while (items.TryRead(out ReadOnlySpan<byte> item))
                {
                    AddTerm(item);
                }

                break;
            default:
                _numbers.Add(BinaryPrimitives.ReadInt64LittleEndian(value));
                break;
        }
    }

    /// <summary>The column's entry and its parts, placed from a position on; moves the position behind them.</summary>
    public ColumnEntry Build(int ordinalCount, ref long position, List<byte[]> parts)
    {
        ColumnForm form = _positions.Count == ordinalCount ? ColumnForm.Full
            : (long)_positions.Count * DenseFrom >= ordinalCount ? ColumnForm.Dense
            : ColumnForm.Sparse;
        int slotCount = form == ColumnForm.Sparse ? _positions.Count : ordinalCount;
        TermTable? terms = _terms;
        int[] ranks = terms is null ? [] : Ranks(terms.Sorted());
        int codeLength = terms is null ? 0 : terms.Count <= 1 << 8 ? 1 : terms.Count <= 1 << 16 ? 2 : 4;
        return new ColumnEntry
        {
            Type = Type,
            Form = form,
            IsOmitted = IsOmitted,
            CodeByteLength = codeLength,
            NameByteLength = Name.Length,
            SlotCount = slotCount,
            ItemCount = IsOmitted || Type != MetadataType.StringList ? 0 : _codes.Count,
            TermCount = terms?.Count ?? 0,
            TermsByteLength = terms?.ByteLength ?? 0,
            NamePosition = Place(Name, ref position, parts),
            PresencePosition = Place(Presence(form, slotCount), ref position, parts),
            ValuesPosition = Place(IsOmitted ? [] : Values(form, slotCount, ranks, codeLength), ref position, parts),
            ItemStartsPosition = Place(IsOmitted || Type != MetadataType.StringList ? [] : ItemStarts(form, slotCount), ref position, parts),
            TermStartsPosition = Place(terms is null ? [] : TermStarts(terms, ranks), ref position, parts),
            TermsPosition = Place(terms is null ? [] : Terms(terms, ranks), ref position, parts),
        };
    }

    private void AddTerm(ReadOnlySpan<byte> text)
    {
        if (_terms is null)
        {
            return;
        }

        _codes.Add(_terms.GetOrAdd(text));
        if (_terms.ByteLength > FreeTermBytes + ((long)_positions.Count * TermBytesPerValue)
            || _codes.Count > FreeItems + ((long)_positions.Count * ItemsPerValue))
        {
            _terms = null;
            _codes.Clear();
            _codes.Capacity = 0;
        }
    }

    private static long Place(byte[] part, ref long position, List<byte[]> parts)
    {
        if (part.Length == 0)
        {
            return 0;
        }

        long start = position;
        parts.Add(part);
        position += (part.Length + FormatConstants.Unit - 1) / FormatConstants.Unit * FormatConstants.Unit;
        return start;
    }

    private int SlotOf(ColumnForm form, int index) => form == ColumnForm.Sparse ? index : (int)_positions[index];

    private byte[] Presence(ColumnForm form, int slotCount)
    {
        if (form == ColumnForm.Full)
        {
            return [];
        }

        byte[] bytes = new byte[form == ColumnForm.Dense ? ColumnEntry.BitsByteLength(slotCount) : (long)_positions.Count * sizeof(uint)];
        for (int i = 0; i < _positions.Count; i++)
        {
            if (form == ColumnForm.Dense)
            {
                SetBit(bytes, (int)_positions[i]);
            }
            else
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), _positions[i]);
            }
        }

        return bytes;
    }

    private byte[] Values(ColumnForm form, int slotCount, int[] ranks, int codeLength)
    {
        byte[] bytes;
        switch (Type)
        {
            case MetadataType.Bool:
                bytes = new byte[ColumnEntry.BitsByteLength(slotCount)];
                for (int i = 0; i < _positions.Count; i++)
                {
                    if (_numbers[i] != 0)
                    {
                        SetBit(bytes, SlotOf(form, i));
                    }
                }

                return bytes;
            case MetadataType.String:
                bytes = new byte[(long)slotCount * codeLength];
                for (int i = 0; i < _positions.Count; i++)
                {
                    WriteCode(bytes, SlotOf(form, i), codeLength, ranks[_codes[i]]);
                }

                return bytes;
            case MetadataType.StringList:
                bytes = new byte[(long)_codes.Count * codeLength];
                for (int i = 0; i < _codes.Count; i++)
                {
                    WriteCode(bytes, i, codeLength, ranks[_codes[i]]);
                }

                return bytes;
            default:
                bytes = new byte[(long)slotCount * sizeof(long)];
                for (int i = 0; i < _positions.Count; i++)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(SlotOf(form, i) * sizeof(long)), _numbers[i]);
                }

                return bytes;
        }
    }

    /// <summary>Slots without a value have no items: they begin where the next one does.</summary>
    private byte[] ItemStarts(ColumnForm form, int slotCount)
    {
        byte[] bytes = new byte[((long)slotCount + 1) * sizeof(uint)];
        int index = 0;
        for (int slot = 0; slot <= slotCount; slot++)
        {
            uint start = index < _itemStarts.Count ? _itemStarts[index] : (uint)_codes.Count;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(slot * sizeof(uint)), start);
            if (index < _positions.Count && SlotOf(form, index) == slot)
            {
                index++;
            }
        }

        return bytes;
    }

    private static int[] Ranks(int[] order)
    {
        int[] ranks = new int[order.Length];
        for (int rank = 0; rank < order.Length; rank++)
        {
            ranks[order[rank]] = rank;
        }

        return ranks;
    }

    private static int[] Order(int[] ranks) => Ranks(ranks);

    private static byte[] TermStarts(TermTable terms, int[] ranks)
    {
        byte[] bytes = new byte[((long)terms.Count + 1) * sizeof(uint)];
        int[] order = Order(ranks);
        uint start = 0;
        for (int rank = 0; rank < order.Length; rank++)
        {
            start += (uint)terms[order[rank]].Length;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((rank + 1) * sizeof(uint)), start);
        }

        return bytes;
    }

    private static byte[] Terms(TermTable terms, int[] ranks)
    {
        byte[] bytes = new byte[terms.ByteLength];
        int start = 0;
        foreach (int term in Order(ranks))
        {
            terms[term].CopyTo(bytes.AsSpan(start));
            start += terms[term].Length;
        }

        return bytes;
    }

    private static void SetBit(byte[] bytes, int bit) => bytes[bit >> 3] |= (byte)(1 << (bit & 7));

    private static void WriteCode(byte[] bytes, int slot, int codeLength, int code)
    {
        Span<byte> target = bytes.AsSpan(slot * codeLength);
        if (codeLength == 1)
        {
            target[0] = (byte)code;
        }
        else if (codeLength == 2)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)code);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(target, code);
        }
    }
}
