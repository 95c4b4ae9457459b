using System.Buffers.Binary;
using EmbedCache.Primitives;

namespace EmbedCache.Format;

/// <summary>
/// Walks an encoded map in place: no object is made of it. Every length is held against the bytes that are left; what does not fit ends the walk
/// and shows in <see cref="IsMalformed"/>. Whether text is UTF-8 and names ascend is <see cref="MetadataCodec"/>'s to check.
/// </summary>
internal ref struct MetadataCursor
{
    private ReadOnlySpan<byte> _rest;
    private int _remaining;

    public MetadataCursor(ReadOnlySpan<byte> bytes)
    {
        IsMalformed = bytes.Length is > 0 and < sizeof(ushort);
        bool hasCount = bytes.Length >= sizeof(ushort);
        _remaining = hasCount ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : 0;
        _rest = hasCount ? bytes[sizeof(ushort)..] : default;
    }

    /// <summary>True once bytes were met that no map has.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The next entry; false at the end and at what is malformed.</summary>
    /// <param name="type">Type of the value.</param>
    /// <param name="name">UTF-8 of the name.</param>
    /// <param name="value">Text without its length; 8 bytes of a number or date; 1 byte of a boolean; a list with its count, for <see cref="MetadataItems"/>.</param>
    public bool TryRead(out MetadataType type, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        type = default;
        name = default;
        value = default;
        if (_remaining == 0 || IsMalformed)
        {
            return false;
        }

        _remaining--;
        if (_rest.Length < 2 || _rest.Length - 2 < _rest[1])
        {
            IsMalformed = true;
            return false;
        }

        type = (MetadataType)_rest[0];
        int nameLength = _rest[1];
        name = _rest.Slice(2, nameLength);
        _rest = _rest[(2 + nameLength)..];
        IsMalformed = !TryTakeValue(type, out value);
        return !IsMalformed;
    }

    private bool TryTakeValue(MetadataType type, out ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case MetadataType.String:
                value = default;
                if (_rest.Length < sizeof(ushort))
                {
                    return false;
                }

                int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
                _rest = _rest[sizeof(ushort)..];
                return TryTake(length, out value);
            case MetadataType.Long or MetadataType.Double or MetadataType.Date:
                return TryTake(sizeof(long), out value);
            case MetadataType.Bool:
                return TryTake(sizeof(byte), out value);
            case MetadataType.StringList:
                return TryTake(MetadataItems.Measure(_rest), out value);
            default:
                value = default;
                return false;
        }
    }

    private bool TryTake(int byteLength, out ReadOnlySpan<byte> bytes)
    {
        bool fits = byteLength >= 0 && byteLength <= _rest.Length;
        bytes = fits ? _rest[..byteLength] : default;
        _rest = fits ? _rest[byteLength..] : default;
        return fits;
    }
}

/// <summary>Walks the texts of an encoded list whose lengths <see cref="MetadataCursor"/> has checked.</summary>
internal ref struct MetadataItems
{
    private ReadOnlySpan<byte> _rest;

    public MetadataItems(ReadOnlySpan<byte> list)
    {
        Count = BinaryPrimitives.ReadUInt16LittleEndian(list);
        _rest = list[sizeof(ushort)..];
    }

    /// <summary>Texts in all.</summary>
    public int Count { get; }

    /// <summary>The next text; false at the end.</summary>
    public bool TryRead(out ReadOnlySpan<byte> text)
    {
        if (_rest.IsEmpty)
        {
            text = default;
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        text = _rest.Slice(sizeof(ushort), length);
        _rest = _rest[(sizeof(ushort) + length)..];
        return true;
    }

    /// <summary>Length of the list that <paramref name="bytes"/> begins with, or -1 when it does not fit in them.</summary>
    internal static int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(ushort))
        {
            return -1;
        }

        int position = sizeof(ushort);
        for (int left = BinaryPrimitives.ReadUInt16LittleEndian(bytes); left > 0; left--)
        {
            if (bytes.Length - position < sizeof(ushort))
            {
                return -1;
            }

            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[position..]);
            position += sizeof(ushort);
            if (bytes.Length - position < length)
            {
                return -1;
            }

            position += length;
        }

        return position;
    }
}

/// <summary>The encoded metadata of one record, and where it stands, for whoever finds that it is damaged.</summary>
internal readonly ref struct MetadataBytes(ReadOnlySpan<byte> bytes, string? path, long offset)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>
    /// The entry of a name: of exactly that name, else the first in the map's order that differs from it in the case of ASCII letters alone.
    /// </summary>
    /// <exception cref="CorruptFileException">The bytes are no map.</exception>
    public bool TryFind(ReadOnlySpan<byte> name, out MetadataType type, out ReadOnlySpan<byte> value)
    {
        type = default;
        value = default;
        bool found = false;
        var cursor = new MetadataCursor(Bytes);
        while (cursor.TryRead(out MetadataType entryType, out ReadOnlySpan<byte> entryName, out ReadOnlySpan<byte> entryValue))
        {
            if (entryName.Length != name.Length)
            {
                continue;
            }

            bool isExact = entryName.SequenceEqual(name);
            if (isExact || (!found && AsciiCase.AreEqual(entryName, name)))
            {
                type = entryType;
                value = entryValue;
                found = true;
                if (isExact)
                {
                    return true;
                }
            }
        }

        return cursor.IsMalformed
            ? throw new CorruptFileException("Metadata is not in the form that the format prescribes; restore the file from a backup, or remove the record", path, offset)
            : found;
    }
}
