using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace EmbedCache.PowerShell;

/// <summary>
/// Records on their way into one transaction, in a temporary file that is read back once, by the process that wrote it. No format to keep:
/// total length, key, role, expiry, metadata, vector in the machine's own byte order.
/// </summary>
internal sealed class EntrySpool : IDisposable
{
    private readonly FileStream _file = PrivateFile.Create();
    private byte[] _frame = new byte[4096];
    private int _used;

    public long Count { get; private set; }

    /// <summary>The temporary file's path, for tests.</summary>
    internal string Path => _file.Name;

    public void Append(in EmbeddingEntry entry)
    {
        _used = sizeof(int);
        PutText(entry.Key);
        PutByte((byte)entry.Role);
        PutLong(entry.Expires is { } expires ? expires.UtcTicks : long.MinValue);
        PutMetadata(entry.Metadata);
        ReadOnlySpan<byte> vector = MemoryMarshal.AsBytes(entry.Vector.Span);
        PutInt(entry.Vector.Length);
        vector.CopyTo(Take(vector.Length));
        BinaryPrimitives.WriteInt32LittleEndian(_frame, _used);
        _file.Write(_frame, 0, _used);
        Count++;
    }

    /// <summary>All records in order. A vector is valid until the next one is reached.</summary>
    public IEnumerable<EmbeddingEntry> Read()
    {
        _file.Position = 0;
        float[] vector = [];
        for (long i = 0; i < Count; i++)
        {
            ReadFully(0, sizeof(int));
            int length = BinaryPrimitives.ReadInt32LittleEndian(_frame);
            if (_frame.Length < length)
            {
                _frame = new byte[length];
            }

            ReadFully(sizeof(int), length - sizeof(int));
            _used = sizeof(int);
            string key = GetText();
            var role = (EmbeddingRole)GetByte();
            long ticks = GetLong();
            EmbeddingMetadata? metadata = GetMetadata();
            int count = GetInt();
            if (vector.Length < count)
            {
                vector = new float[count];
            }

            MemoryMarshal.Cast<byte, float>(Get(count * sizeof(float))).CopyTo(vector);
            yield return new EmbeddingEntry(key, vector.AsMemory(0, count))
            {
                Role = role,
                Metadata = metadata,
                Expires = ticks == long.MinValue ? null : new DateTimeOffset(ticks, TimeSpan.Zero),
            };
        }
    }

    public void Dispose() => _file.Dispose();

    private void ReadFully(int offset, int length)
    {
        while (length > 0)
        {
            int read = _file.Read(_frame, offset, length);
            if (read == 0)
            {
                throw new EndOfStreamException($"The temporary file '{_file.Name}' is shorter than what was written to it.");
            }

            offset += read;
            length -= read;
        }
    }

    private Span<byte> Take(int length)
    {
        if (_frame.Length - _used < length)
        {
            Array.Resize(ref _frame, Math.Max(2 * _frame.Length, _used + length));
        }

        Span<byte> taken = _frame.AsSpan(_used, length);
        _used += length;
        return taken;
    }

    private ReadOnlySpan<byte> Get(int length)
    {
        ReadOnlySpan<byte> got = _frame.AsSpan(_used, length);
        _used += length;
        return got;
    }

    private void PutByte(byte value) => Take(1)[0] = value;

    private byte GetByte() => Get(1)[0];

    private void PutInt(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    private int GetInt() => BinaryPrimitives.ReadInt32LittleEndian(Get(sizeof(int)));

    private void PutLong(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);

    private long GetLong() => BinaryPrimitives.ReadInt64LittleEndian(Get(sizeof(long)));

    private void PutText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        PutInt(bytes.Length);
        bytes.CopyTo(Take(bytes.Length));
    }

    private string GetText()
    {
        int length = GetInt();
        return Encoding.UTF8.GetString(Get(length).ToArray());
    }

    private void PutMetadata(EmbeddingMetadata? metadata)
    {
        PutInt(metadata?.Count ?? 0);
        if (metadata is null)
        {
            return;
        }

        foreach (KeyValuePair<string, object> pair in metadata)
        {
            PutText(pair.Key);
            switch (pair.Value)
            {
                case string text:
                    PutByte(1);
                    PutText(text);
                    break;
                case long number:
                    PutByte(2);
                    PutLong(number);
                    break;
                case double number:
                    PutByte(3);
                    PutLong(BitConverter.DoubleToInt64Bits(number));
                    break;
                case bool flag:
                    PutByte(4);
                    PutByte(flag ? (byte)1 : (byte)0);
                    break;
                case DateTimeOffset time:
                    PutByte(5);
                    PutLong(time.UtcTicks);
                    break;
                case IReadOnlyCollection<string> list:
                    PutByte(6);
                    PutInt(list.Count);
                    foreach (string text in list)
                    {
                        PutText(text);
                    }

                    break;
                default:
                    throw new InvalidOperationException($"Metadata of type {pair.Value.GetType()} was accepted and cannot be spooled.");
            }
        }
    }

    private EmbeddingMetadata? GetMetadata()
    {
        int count = GetInt();
        if (count == 0)
        {
            return null;
        }

        EmbeddingMetadata metadata = EmbeddingMetadata.Empty;
        for (int i = 0; i < count; i++)
        {
            string name = GetText();
            metadata = metadata.With(name, GetValue());
        }

        return metadata;
    }

    private object GetValue()
    {
        switch (GetByte())
        {
            case 1:
                return GetText();
            case 2:
                return GetLong();
            case 3:
                return BitConverter.Int64BitsToDouble(GetLong());
            case 4:
                return GetByte() != 0;
            case 5:
                return new DateTimeOffset(GetLong(), TimeSpan.Zero);
            default:
                var list = new string[GetInt()];
                for (int i = 0; i < list.Length; i++)
                {
                    list[i] = GetText();
                }

                return list;
        }
    }
}
