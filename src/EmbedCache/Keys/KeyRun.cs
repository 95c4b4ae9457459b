using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Keys;

/// <summary>
/// A Keys section: (hash, offset) pairs sorted by hash, searched in place. Hashes are uniform, so an interpolated guess lands within about
/// √n entries, a second one by the local density within a few, and two or three cache lines are read.
/// </summary>
internal sealed class KeyRun(Section section)
{
    private const double HashSpan = 18446744073709551616.0; // 2^64

    public Section Section { get; } = section;

    public long Count => Section.Count;

    public KeyEntry EntryAt(long index)
    {
        long position = index * FormatConstants.KeysEntryByteLength;
        return new KeyEntry(Section.Word(position), (long)Section.Word(position + sizeof(ulong)));
    }

    /// <summary>
    /// The last entry of a hash (the newest, as equal hashes ascend by offset), or -1. A hostile run that is not sorted only misses: every
    /// step narrows the bounds.
    /// </summary>
    public long FindLast(ulong hash)
    {
        var window = new Window(Section);
        long after = FirstAbove(hash, ref window);
        return after > 0 && window.HashAt(after - 1) == hash ? after - 1 : -1;
    }

    /// <summary>First index whose hash is above <paramref name="hash"/>, or <see cref="Count"/>.</summary>
    private long FirstAbove(ulong hash, ref Window window)
    {
        long count = Count;
        if (count == 0)
        {
            return 0;
        }

        double density = count / HashSpan;
        long guess = Clamp((long)(hash * density), count);
        guess = Clamp(guess + (long)(Difference(hash, window.HashAt(guess)) * density), count);

        // Gallop from the guess until it is bracketed: entries below low are <= hash, entries from high on are above.
        long low = 0;
        long high = count;
        long step = 2;
        if (window.HashAt(guess) <= hash)
        {
            low = guess + 1;
            for (long probe = guess + step; probe < count; probe = guess + step)
            {
                if (window.HashAt(probe) > hash)
                {
                    high = probe;
                    break;
                }

                low = probe + 1;
                step *= 2;
            }
        }
        else
        {
            high = guess;
            for (long probe = guess - step; probe >= 0; probe = guess - step)
            {
                if (window.HashAt(probe) <= hash)
                {
                    low = probe + 1;
                    break;
                }

                high = probe;
                step *= 2;
            }
        }

        while (low < high)
        {
            long middle = low + ((high - low) >> 1);
            if (window.HashAt(middle) <= hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private static double Difference(ulong a, ulong b) => a >= b ? a - b : -(double)(b - a);

    private static long Clamp(long index, long count) => index < 0 ? 0 : index >= count ? count - 1 : index;

    /// <summary>The block that the search stands in: most of its probes fall into one or two.</summary>
    private ref struct Window(Section section)
    {
        private const int EntriesPerBlock = FormatConstants.SectionBlockByteLength / FormatConstants.KeysEntryByteLength;

        private readonly Section _section = section;
        private ReadOnlySpan<byte> _block;
        private long _blockIndex = -1;

        public ulong HashAt(long index)
        {
            long blockIndex = index / EntriesPerBlock;
            if (blockIndex != _blockIndex)
            {
                _block = _section.Block(blockIndex);
                _blockIndex = blockIndex;
            }

            return BinaryPrimitives.ReadUInt64LittleEndian(_block.Slice((int)(index % EntriesPerBlock) * FormatConstants.KeysEntryByteLength));
        }
    }
}
