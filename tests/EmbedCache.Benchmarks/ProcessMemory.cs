using System.Buffers.Text;
using System.Text;

namespace EmbedCache.Benchmarks;

/// <summary>
/// Resident memory of this process as /proc/self/smaps tells it, with the pages of the store's own file counted apart: they are page
/// cache, shared with everyone and dropped under pressure. Read through one buffer made beforehand, so that looking costs nothing.
/// </summary>
internal sealed class ProcessMemory
{
    private readonly byte[] _buffer = new byte[4 << 20];
    private readonly byte[] _storeDirectory;

    /// <param name="storeDirectory">Mappings of files below this directory are the store's.</param>
    public ProcessMemory(string storeDirectory)
    {
        _storeDirectory = Encoding.UTF8.GetBytes(storeDirectory);
        _buffer.AsSpan().Fill(1);
        Read();
    }

    /// <summary>Resident bytes: anonymous, mapped from the store's files, and mapped from anything else (assemblies, libraries).</summary>
    public readonly record struct Reading(long Anonymous, long StoreMapped, long OtherMapped)
    {
        /// <summary>Everything but the store's own pages.</summary>
        public long Private => Anonymous + OtherMapped;
    }

    public Reading Read()
    {
        int length = 0;
        using (var file = File.OpenHandle("/proc/self/smaps"))
        {
            int read;
            while ((read = RandomAccess.Read(file, _buffer.AsSpan(length), length)) > 0)
            {
                length += read;
            }
        }

        long anonymous = 0, store = 0, other = 0, rss = 0;
        bool isStore = false;
        ReadOnlySpan<byte> text = _buffer.AsSpan(0, length);
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (line.StartsWith("Rss:"u8))
            {
                rss = Kilobytes(line);
            }
            else if (line.StartsWith("Anonymous:"u8))
            {
                long private_ = Kilobytes(line);
                anonymous += private_;
                store += isStore ? rss - private_ : 0;
                other += isStore ? 0 : rss - private_;
            }
            else if (line.Length > 0 && !IsField(line))
            {
                isStore = line.IndexOf(_storeDirectory) >= 0;
            }
        }

        return new Reading(anonymous, store, other);
    }

    /// <summary>A line that opens a mapping starts with its address range, a field with a capital letter.</summary>
    private static bool IsField(ReadOnlySpan<byte> line) => line[0] is >= (byte)'A' and <= (byte)'Z';

    private static long Kilobytes(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> number = line[(line.IndexOf((byte)':') + 1)..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(number, out long value, out _) ? value * 1024 : 0;
    }
}
