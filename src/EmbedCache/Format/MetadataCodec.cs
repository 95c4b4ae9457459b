using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Text;
using EmbedCache.Primitives;

namespace EmbedCache.Format;

/// <summary>Type of a metadata value.</summary>
internal enum MetadataType : byte
{
    /// <summary>u2 length, UTF-8.</summary>
    String = 1,

    /// <summary>s8.</summary>
    Long = 2,

    /// <summary>f8.</summary>
    Double = 3,

    /// <summary>u1, 0 or 1.</summary>
    Bool = 4,

    /// <summary>s8, Unix ms, UTC.</summary>
    Date = 5,

    /// <summary>u2 count, as many strings.</summary>
    StringList = 6,
}

/// <summary>
/// Metadata as bytes: of a Record, a Touch or the Properties.
/// <code>
///    0 ┬ num_entries                    u2 │  ≥ 1: metadata without entries takes no bytes
///      ├───────────────────────────────────┤  num_entries times, by name, as UTF-8 bytes, ascending, none twice
///      │ type                           u1 │  MetadataType
///      │ len_name                       u1 │  1..255
///      │ name                        UTF-8 │
///      │ value                             │  as the type says
///      └───────────────────────────────────┘
/// </code>
/// One map has one encoding: equal metadata is equal bytes.
/// </summary>
internal static class MetadataCodec
{
    private const int CountByteLength = sizeof(ushort);

    // type, len_name, one byte of name, a bool.
    private const int MinEntryByteLength = 4;

    /// <summary>Length of a map in bytes; 0 for null and for no entries.</summary>
    public static int GetByteLength(EmbeddingMetadata? metadata) => metadata?.ByteLength ?? 0;

    /// <summary>The map as bytes.</summary>
    public static byte[] Encode(EmbeddingMetadata? metadata)
    {
        byte[] bytes = new byte[GetByteLength(metadata)];
        Write(metadata, bytes);
        return bytes;
    }

    /// <summary>Writes the map, <see cref="GetByteLength"/> bytes, and returns how many.</summary>
    public static int Write(EmbeddingMetadata? metadata, Span<byte> destination)
    {
        if (metadata is null || metadata.Count == 0)
        {
            return 0;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)metadata.Count);
        int position = CountByteLength;
        foreach (KeyValuePair<string, object> entry in metadata)
        {
            int nameLength = StrictUtf8.Encoding.GetBytes(entry.Key, destination[(position + 2)..]);
            destination[position] = (byte)TypeOf(entry.Value);
            destination[position + 1] = (byte)nameLength;
            position += 2 + nameLength;
            position += WriteValue(entry.Value, destination[position..]);
        }

        return position;
    }

    /// <summary>Reads a map. False for bytes that <see cref="Write"/> cannot have written.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out EmbeddingMetadata metadata)
    {
        metadata = EmbeddingMetadata.Empty;
        if (bytes.IsEmpty)
        {
            return true;
        }

        Reader reader = new(bytes);
        if (!reader.TryReadUInt16(out ushort count) || count == 0 || count > reader.Remaining / MinEntryByteLength)
        {
            return false;
        }

        string[] names = new string[count];
        object[] values = new object[count];
        for (int i = 0; i < names.Length; i++)
        {
            if (!reader.TryReadByte(out byte type)
                || !reader.TryReadByte(out byte nameLength)
                || nameLength == 0
                || !reader.TryReadText(nameLength, out names[i])
                || (i > 0 && StrictUtf8.Compare(names[i - 1], names[i]) >= 0)
                || !reader.TryReadValue((MetadataType)type, out values[i]))
            {
                return false;
            }
        }

        if (reader.Remaining != 0)
        {
            return false;
        }

        metadata = EmbeddingMetadata.FromSorted(names, values, bytes.Length);
        return true;
    }

    /// <summary>Reads a map that a CRC has vouched for.</summary>
    /// <exception cref="CorruptFileException">The bytes are not a map.</exception>
    public static EmbeddingMetadata Decode(ReadOnlySpan<byte> bytes, string? path, long offset)
        => TryDecode(bytes, out EmbeddingMetadata metadata)
            ? metadata
            : throw new CorruptFileException("Metadata is not in the form that the format prescribes; restore the file from a backup, or remove the record", path, offset);

    private static MetadataType TypeOf(object value) => value switch
    {
        string => MetadataType.String,
        long => MetadataType.Long,
        double => MetadataType.Double,
        bool => MetadataType.Bool,
        DateTimeOffset => MetadataType.Date,
        IReadOnlyList<string> => MetadataType.StringList,
        _ => throw new InvalidOperationException($"A {value.GetType()} is no normalised metadata value"),
    };

    private static int WriteValue(object value, Span<byte> destination)
    {
        switch (value)
        {
            case string text:
                return WriteText(text, destination);
            case long integer:
                BinaryPrimitives.WriteInt64LittleEndian(destination, integer);
                return sizeof(long);
            case double real:
                BinaryPrimitives.WriteInt64LittleEndian(destination, BitConverter.DoubleToInt64Bits(real));
                return sizeof(long);
            case bool truth:
                destination[0] = truth ? (byte)1 : (byte)0;
                return sizeof(byte);
            case DateTimeOffset date:
                BinaryPrimitives.WriteInt64LittleEndian(destination, UnixTime.FromDateTimeOffset(date));
                return sizeof(long);
            default:
                IReadOnlyList<string> list = (IReadOnlyList<string>)value;
                BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)list.Count);
                int position = sizeof(ushort);
                foreach (string item in list)
                {
                    position += WriteText(item, destination[position..]);
                }

                return position;
        }
    }

    private static int WriteText(string text, Span<byte> destination)
    {
        int length = StrictUtf8.Encoding.GetBytes(text, destination[sizeof(ushort)..]);
        BinaryPrimitives.WriteUInt16LittleEndian(destination, checked((ushort)length));
        return sizeof(ushort) + length;
    }

    /// <summary>Walks hostile bytes: every read is bounded by what is left.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly int Remaining => _rest.Length;

        public bool TryReadByte(out byte value)
        {
            value = _rest.IsEmpty ? (byte)0 : _rest[0];
            return TryTake(sizeof(byte), out _);
        }

        public bool TryReadUInt16(out ushort value)
        {
            bool taken = TryTake(sizeof(ushort), out ReadOnlySpan<byte> bytes);
            value = taken ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;
            return taken;
        }

        public bool TryReadText(int byteLength, out string text)
        {
            text = string.Empty;
            if (!TryTake(byteLength, out ReadOnlySpan<byte> bytes))
            {
                return false;
            }

            try
            {
                text = StrictUtf8.Encoding.GetString(bytes);
                return true;
            }
            catch (DecoderFallbackException)
            {
                return false;
            }
        }

        public bool TryReadValue(MetadataType type, out object value)
        {
            value = string.Empty;
            switch (type)
            {
                case MetadataType.String:
                    bool isText = TryReadUInt16(out ushort length) & TryReadText(length, out string text);
                    value = text;
                    return isText;
                case MetadataType.Bool:
                    bool isBool = TryReadByte(out byte truth) && truth <= 1;
                    value = truth == 1;
                    return isBool;
                case MetadataType.StringList:
                    return TryReadList(out value);
                case MetadataType.Long or MetadataType.Double or MetadataType.Date:
                    return TryReadWord(type, out value);
                default:
                    return false;
            }
        }

        private bool TryReadWord(MetadataType type, out object value)
        {
            value = string.Empty;
            if (!TryTake(sizeof(long), out ReadOnlySpan<byte> bytes))
            {
                return false;
            }

            long word = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            if (type == MetadataType.Date && !UnixTime.IsValidDate(word))
            {
                return false;
            }

            value = type switch
            {
                MetadataType.Long => word,
                MetadataType.Double => BitConverter.Int64BitsToDouble(word),
                _ => (object)UnixTime.ToDateTimeOffset(word),
            };
            return true;
        }

        private bool TryReadList(out object value)
        {
            value = string.Empty;
            if (!TryReadUInt16(out ushort count) || count > Remaining / sizeof(ushort))
            {
                return false;
            }

            string[] items = new string[count];
            for (int i = 0; i < items.Length; i++)
            {
                if (!TryReadUInt16(out ushort length) || !TryReadText(length, out items[i]))
                {
                    return false;
                }
            }

            value = new ReadOnlyCollection<string>(items);
            return true;
        }

        private bool TryTake(int byteLength, out ReadOnlySpan<byte> bytes)
        {
            bool fits = byteLength <= _rest.Length;
            bytes = fits ? _rest[..byteLength] : default;
            _rest = fits ? _rest[byteLength..] : default;
            return fits;
        }
    }
}
