using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Storage;

namespace EmbedCache.Metadata;

/// <summary>
/// One column of a section, used in place: which ordinals have a value of its name and type, and which of these pass a test. Before its first use what must hold for
/// its answers to mean anything is checked once: that positions and starts ascend within their bounds, and that codes name terms.
/// </summary>
internal sealed class Column(Section section, in ColumnEntry entry, byte[] name, int ordinalCount)
{
    /// <summary>Bytes taken from the section at a time; a multiple of its blocks.</summary>
    private const int ChunkByteLength = 64 << 10;

    private readonly ColumnEntry _entry = entry;
    private volatile bool _isChecked;

    /// <summary>UTF-8.</summary>
    public byte[] Name { get; } = name;

    public MetadataType Type => _entry.Type;

    /// <summary>True when the values have to be read from the records.</summary>
    public bool IsOmitted => _entry.IsOmitted;

    /// <summary>Bit i is set where ordinal i (less the section's first) has a value.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or the column contradicts itself.</exception>
    public ulong[] Presence()
    {
        EnsureChecked();
        switch (_entry.Form)
        {
            case ColumnForm.Full:
                return Bitmap.Full(ordinalCount);
            case ColumnForm.Dense:
                return ReadBits(_entry.PresencePosition, _entry.SlotCount);
            default:
                ulong[] words = Bitmap.Full(_entry.SlotCount);
                return Scatter(words);
        }
    }

    /// <summary>Bit i is set where ordinal i has a value that passes. Not for columns whose values are omitted.</summary>
    /// <exception cref="CorruptFileException">A block is damaged, or the column contradicts itself.</exception>
    public ulong[] Matches(FilterTest test)
    {
        if (test.Operator == FilterOperator.Exists)
        {
            return Presence();
        }

        EnsureChecked();
        ulong[] slots = MatchSlots(test);
        switch (_entry.Form)
        {
            case ColumnForm.Full:
                return slots;
            case ColumnForm.Dense:
                Bitmap.And(slots, ReadBits(_entry.PresencePosition, _entry.SlotCount));
                return slots;
            default:
                return Scatter(slots);
        }
    }

    private ulong[] MatchSlots(FilterTest test)
    {
        ulong[] slots = Bitmap.Create(_entry.SlotCount);
        switch (Type)
        {
            case MetadataType.Long:
                MatchLongs(test.Longs, slots);
                break;
            case MetadataType.Date:
                MatchLongs(test.Dates, slots);
                break;
            case MetadataType.Double:
                MatchDoubles(test.Doubles, slots);
                break;
            case MetadataType.Bool:
                MatchBools(test, slots);
                break;
            case MetadataType.String:
                MatchCodes(Terms(term => test.HoldsForText(term), test, isItem: false), _entry.SlotCount, slots);
                break;
            default:
                MatchItems(test, slots);
                break;
        }

        return slots;
    }

    private void MatchLongs(LongRange[] ranges, ulong[] slots)
    {
        Span<byte> bits = Bitmap.Bytes(slots);
        foreach (LongRange range in ranges)
        {
            for (long done = 0; TryTake(_entry.ValuesPosition, _entry.ValuesByteLength, ref done, out ReadOnlySpan<byte> chunk, out int first);)
            {
                ColumnKernels.InRange(MemoryMarshal.Cast<byte, long>(chunk), range.Low, range.High, bits.Slice(first / sizeof(long) / 8));
            }
        }
    }

    private void MatchDoubles(DoubleRange[] ranges, ulong[] slots)
    {
        Span<byte> bits = Bitmap.Bytes(slots);
        foreach (DoubleRange range in ranges)
        {
            for (long done = 0; TryTake(_entry.ValuesPosition, _entry.ValuesByteLength, ref done, out ReadOnlySpan<byte> chunk, out int first);)
            {
                ColumnKernels.InRange(MemoryMarshal.Cast<byte, double>(chunk), range.Low, range.High, bits.Slice(first / sizeof(double) / 8));
            }
        }
    }

    private void MatchBools(FilterTest test, ulong[] slots)
    {
        if (test.HoldsForTrue)
        {
            Bitmap.Or(slots, ReadBits(_entry.ValuesPosition, _entry.SlotCount));
        }

        if (test.HoldsForFalse)
        {
            ulong[] values = ReadBits(_entry.ValuesPosition, _entry.SlotCount);
            Bitmap.Not(values);
            Bitmap.Or(slots, values);
            Bitmap.ClearPadding(slots, _entry.SlotCount);
        }
    }

    /// <summary>A list passes when one of its items does.</summary>
    private void MatchItems(FilterTest test, ulong[] slots)
    {
        if (test.Operator != FilterOperator.Contains)
        {
            return;
        }

        ulong[] items = Bitmap.Create(_entry.ItemCount);
        MatchCodes(Terms(term => test.HoldsForItem(term), test, isItem: true), _entry.ItemCount, items);
        int slot = -1;
        uint end = 0;
        for (int word = 0; word < items.Length; word++)
        {
            for (ulong rest = items[word]; rest != 0; rest &= rest - 1)
            {
                uint item = (uint)((word * Bitmap.BitsPerWord) + System.Numerics.BitOperations.TrailingZeroCount(rest));
                while (item >= end)
                {
                    slot++;
                    end = BinaryPrimitives.ReadUInt32LittleEndian(section.Range(_entry.ItemStartsPosition + ((slot + 1L) * sizeof(uint)), sizeof(uint)));
                }

                Bitmap.Set(slots, slot);
            }
        }
    }

    /// <summary>Sets the bits of codes that are in a set of terms: run by run of neighbouring terms, or looked up one by one where there are many runs.</summary>
    private void MatchCodes(ulong[] terms, int count, ulong[] bits)
    {
        List<(uint Low, uint High)> runs = Runs(terms, most: 4, out bool isAll);
        if (isAll)
        {
            foreach ((uint low, uint high) in runs)
            {
                MatchCodeRange(low, high, bits);
            }

            return;
        }

        int length = _entry.CodeByteLength;
        for (long done = 0; TryTake(_entry.ValuesPosition, (long)count * length, ref done, out ReadOnlySpan<byte> chunk, out int first);)
        {
            for (int i = 0, bit = first / length; i < chunk.Length; i += length, bit++)
            {
                uint code = ReadCode(chunk, i, length);
                if (code < _entry.TermCount && Bitmap.IsSet(terms, code))
                {
                    Bitmap.Set(bits, bit);
                }
            }
        }
    }

    private void MatchCodeRange(uint low, uint high, ulong[] slots)
    {
        Span<byte> bits = Bitmap.Bytes(slots);
        int length = _entry.CodeByteLength;
        for (long done = 0; TryTake(_entry.ValuesPosition, _entry.ValuesByteLength, ref done, out ReadOnlySpan<byte> chunk, out int first);)
        {
            Span<byte> target = bits.Slice(first / length / 8);
            if (length == 1)
            {
                ColumnKernels.InRange(chunk, (byte)low, (byte)Math.Min(high, byte.MaxValue), target);
            }
            else if (length == 2)
            {
                ColumnKernels.InRange(MemoryMarshal.Cast<byte, ushort>(chunk), (ushort)low, (ushort)Math.Min(high, ushort.MaxValue), target);
            }
            else
            {
                ColumnKernels.InRange(MemoryMarshal.Cast<byte, uint>(chunk), low, high, target);
            }
        }
    }

    private static List<(uint Low, uint High)> Runs(ulong[] terms, int most, out bool isAll)
    {
        var runs = new List<(uint Low, uint High)>();
        for (int word = 0; word < terms.Length; word++)
        {
            for (ulong rest = terms[word]; rest != 0; rest &= rest - 1)
            {
                uint term = (uint)((word * Bitmap.BitsPerWord) + System.Numerics.BitOperations.TrailingZeroCount(rest));
                if (runs.Count > 0 && runs[runs.Count - 1].High + 1 == term)
                {
                    runs[runs.Count - 1] = (runs[runs.Count - 1].Low, term);
                }
                else if (runs.Count == most)
                {
                    isAll = false;
                    return runs;
                }
                else
                {
                    runs.Add((term, term));
                }
            }
        }

        isAll = true;
        return runs;
    }

    /// <summary>The terms that pass, as a bitmap: looked for in their order where the test is equality, else tried one by one.</summary>
    private ulong[] Terms(TermPredicate holds, FilterTest test, bool isItem)
    {
        ulong[] terms = Bitmap.Create(_entry.TermCount);
        bool isEquality = isItem || test.Operator is FilterOperator.Equal or FilterOperator.In;
        if (isEquality && !test.IgnoreCase)
        {
            foreach (TextTest text in test.Texts)
            {
                if (FindTerm(text.Utf8) is >= 0 and int found)
                {
                    Bitmap.Set(terms, found);
                }
            }

            return terms;
        }

        if (test.Texts.Length > 0)
        {
            uint start = TermStart(0);
            for (int term = 0; term < _entry.TermCount; term++)
            {
                uint end = TermStart(term + 1);
                if (holds(section.Range(_entry.TermsPosition + start, (int)(end - start))))
                {
                    Bitmap.Set(terms, term);
                }

                start = end;
            }
        }

        return terms;
    }

    private int FindTerm(ReadOnlySpan<byte> text)
    {
        int low = 0;
        int high = _entry.TermCount - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) >> 1);
            int order = Term(middle).SequenceCompareTo(text);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    private ReadOnlySpan<byte> Term(int term)
    {
        uint start = TermStart(term);
        return section.Range(_entry.TermsPosition + start, (int)(TermStart(term + 1) - start));
    }

    private uint TermStart(int term) => BinaryPrimitives.ReadUInt32LittleEndian(section.Range(_entry.TermStartsPosition + ((long)term * sizeof(uint)), sizeof(uint)));

    private static uint ReadCode(ReadOnlySpan<byte> bytes, int position, int length)
        => length == 1 ? bytes[position]
            : length == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(position))
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(position));

    private ulong[] ReadBits(long position, int count)
    {
        ulong[] words = Bitmap.Create(count);
        Span<byte> target = Bitmap.Bytes(words);
        for (long done = 0; TryTake(position, target.Length, ref done, out ReadOnlySpan<byte> chunk, out int first);)
        {
            chunk.CopyTo(target.Slice(first));
        }

        if (count > 0)
        {
            Bitmap.ClearPadding(words, count);
        }

        return words;
    }

    /// <summary>Bits by slot of a sparse column as bits by ordinal.</summary>
    private ulong[] Scatter(ulong[] slots)
    {
        ulong[] words = Bitmap.Create(ordinalCount);
        for (int word = 0; word < slots.Length; word++)
        {
            for (ulong rest = slots[word]; rest != 0; rest &= rest - 1)
            {
                long slot = (word * Bitmap.BitsPerWord) + System.Numerics.BitOperations.TrailingZeroCount(rest);
                Bitmap.Set(words, BinaryPrimitives.ReadUInt32LittleEndian(section.Range(_entry.PresencePosition + (slot * sizeof(uint)), sizeof(uint))));
            }
        }

        return words;
    }

    /// <summary>The next stretch of a part; it begins at a multiple of 64 bytes, and <paramref name="first"/> says at which.</summary>
    private bool TryTake(long position, long byteLength, ref long done, out ReadOnlySpan<byte> chunk, out int first)
    {
        first = (int)done;
        if (done >= byteLength)
        {
            chunk = default;
            return false;
        }

        // The first stretch ends where a block does, so that no block is looked at twice.
        int most = ChunkByteLength - (int)((position + done) % FormatConstants.SectionBlockByteLength);
        int length = (int)Math.Min(byteLength - done, most);
        chunk = section.Range(position + done, length);
        done += length;
        return true;
    }

    private void EnsureChecked()
    {
        if (!_isChecked)
        {
            Check();
            _isChecked = true;
        }
    }

    private void Check()
    {
        bool holds = _entry.Form != ColumnForm.Sparse || Ascends(_entry.PresencePosition, _entry.SlotCount, ordinalCount, isStrict: true);
        if (_entry.HasTerms)
        {
            holds &= Ascends(_entry.TermStartsPosition, _entry.TermCount + 1, _entry.TermsByteLength + 1L, isStrict: false)
                && TermStart(0) == 0
                && TermStart(_entry.TermCount) == _entry.TermsByteLength;
            holds &= Type == MetadataType.String || (Ascends(_entry.ItemStartsPosition, _entry.SlotCount + 1, _entry.ItemCount + 1L, isStrict: false) && EndsWithItems());
            holds = holds && TermsAscend() && CodesNameTerms();
        }

        if (!holds)
        {
            throw new CorruptFileException("A column of metadata contradicts itself; compact the file, which rebuilds its indexes", section.Path, section.Offset);
        }
    }

    private bool EndsWithItems()
        => BinaryPrimitives.ReadUInt32LittleEndian(section.Range(_entry.ItemStartsPosition, sizeof(uint))) == 0
        && BinaryPrimitives.ReadUInt32LittleEndian(section.Range(_entry.ItemStartsPosition + ((long)_entry.SlotCount * sizeof(uint)), sizeof(uint))) == _entry.ItemCount;

    private bool TermsAscend()
    {
        for (int term = 1; term < _entry.TermCount; term++)
        {
            if (Term(term - 1).SequenceCompareTo(Term(term)) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Slots without a value have the code 0, which need not name a term when there are none.</summary>
    private bool CodesNameTerms()
    {
        ulong most = _entry.CodeByteLength == 4 ? uint.MaxValue : (1UL << (8 * _entry.CodeByteLength)) - 1;
        uint past = (uint)Math.Max(_entry.TermCount, 1);
        if (past > most)
        {
            return true;
        }

        ulong[] beyond = Bitmap.Create(Type == MetadataType.String ? _entry.SlotCount : _entry.ItemCount);
        MatchCodeRange(past, (uint)most, beyond);
        return Bitmap.IsEmpty(beyond);
    }

    private bool Ascends(long position, int count, long limit, bool isStrict)
    {
        long before = isStrict ? -1 : 0;
        for (long done = 0; TryTake(position, (long)count * sizeof(uint), ref done, out ReadOnlySpan<byte> chunk, out _);)
        {
            foreach (uint value in MemoryMarshal.Cast<byte, uint>(chunk))
            {
                if (value < before || (isStrict && value == before) || value >= limit)
                {
                    return false;
                }

                before = value;
            }
        }

        return true;
    }

    private delegate bool TermPredicate(ReadOnlySpan<byte> term);
}
