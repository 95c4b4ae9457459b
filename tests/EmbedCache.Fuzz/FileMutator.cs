using System.Buffers.Binary;
using EmbedCache.Format;

namespace EmbedCache.Fuzz;

/// <summary>
/// Changes inputs as somebody would who knows the format: fields to their extremes, offsets to those of other frames, entries exchanged, frames copied,
/// repeated, dropped and spliced between files; then every checksum is made right again. Knows frames and fields by width and place alone, so that
/// section kinds of later versions are covered as soon as a golden file has them.
/// </summary>
internal sealed class FileMutator(Random random)
{
    private const int Unit = FormatConstants.Unit;

    private static readonly ulong[] s_extremes =
    [
        0, 1, 2, 7, 63, 64, 65, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000,
        (1UL << 47) - 1, (1UL << 48) - 1, 1UL << 48, (1UL << 53) - 1, 1UL << 53, long.MaxValue, 1UL << 63, ulong.MaxValue, ulong.MaxValue - 63, 253402300799999, 253402300800000,
        12287, 12288, 12352, 12288 / 64, 4096, 8192,
    ];

    /// <summary>A changed copy of an input; <paramref name="other"/> is one to splice from.</summary>
    public byte[] Mutate(ReadOnlySpan<byte> input, ReadOnlySpan<byte> other)
    {
        byte[] bytes = input.ToArray();
        for (int change = 1 << random.Next(4); change > 0; change--)
        {
            if (bytes.Length < FuzzInput.LogOffset + Unit)
            {
                break;
            }

            bytes = Change(bytes, other);
        }

        // Mostly sealed, and now and then as a recovery finds it.
        var flags = (FuzzFlags)random.Next(256);
        bytes[0] = (byte)(random.Next(8) == 0 ? flags & ~FuzzFlags.Seal : flags | FuzzFlags.Seal);
        if (random.Next(2) == 0)
        {
            bytes[0] &= (byte)~(FuzzFlags.NoSlots | FuzzFlags.BehindSlots | FuzzFlags.NotDurable);
        }

        return bytes;
    }

    /// <summary>Where the frames of an input begin, as far as their lengths lead.</summary>
    public static List<int> Frames(ReadOnlySpan<byte> input)
    {
        var frames = new List<int>();
        for (long offset = FuzzInput.LogOffset; offset <= input.Length - Unit && input[(int)offset] != 0;)
        {
            frames.Add((int)offset);
            long next = offset + (BinaryPrimitives.ReadUInt32LittleEndian(input[((int)offset + FrameHeader.FrameLengthOffset)..]) * (long)Unit);
            if (next == offset)
            {
                break;
            }

            offset = next;
        }

        return frames;
    }

    /// <summary>Offset in the file of a place in the log of an input.</summary>
    private static long InFile(int inputOffset) => inputOffset - FuzzInput.LogOffset + FormatConstants.LogOffset;

    private byte[] Change(byte[] bytes, ReadOnlySpan<byte> other)
    {
        List<int> frames = Frames(bytes);
        if (frames.Count == 0)
        {
            frames.Add(FuzzInput.LogOffset);
        }

        switch (random.Next(12))
        {
            case 0:
                bytes[random.Next(1, bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                PutField(bytes, random.Next(1, FuzzInput.LogOffset), frames);
                return bytes;
            case 2 or 3 or 4:
                // The header of a frame.
                PutField(bytes, frames[random.Next(frames.Count)] + random.Next(Unit), frames);
                return bytes;
            case 5 or 6 or 7:
                // Payload; sections and catalogs more often than records, of which there are many.
                PutField(bytes, PlaceInPayload(bytes, frames), frames);
                return bytes;
            case 8:
                ExchangeEntries(bytes, frames);
                return bytes;
            case 9:
                return Repeat(bytes, frames);
            case 10:
                return Splice(bytes, frames, other);
            default:
                return bytes[..Math.Max(FuzzInput.LogOffset + Unit, random.Next(bytes.Length))];
        }
    }

    /// <summary>A field of 1, 2, 4, 6 or 8 bytes gets an extreme, a neighbour of what it was, or the offset of something.</summary>
    private void PutField(byte[] bytes, int offset, List<int> frames)
    {
        int width = random.Next(5) switch { 0 => 1, 1 => 2, 2 => 4, 3 => 6, _ => 8 };
        offset = width == 1 ? offset : offset & ~1;
        Span<byte> field = stackalloc byte[sizeof(ulong)];
        field.Clear();
        width = Math.Min(width, bytes.Length - offset);
        bytes.AsSpan(offset, width).CopyTo(field);
        ulong old = BinaryPrimitives.ReadUInt64LittleEndian(field);
        long place = InFile(frames[random.Next(frames.Count)]);
        ulong value = random.Next(9) switch
        {
            0 or 1 or 2 => s_extremes[random.Next(s_extremes.Length)],
            3 => old + (ulong)random.Next(-2, 3),
            4 => old ^ (1UL << random.Next(width * 8)),
            5 => (ulong)place,
            6 => (ulong)(place / Unit),
            7 => (ulong)InFile(bytes.Length) + (ulong)random.Next(-65, 65),
            _ => (ulong)random.NextInt64(),
        };
        BinaryPrimitives.WriteUInt64LittleEndian(field, value);
        field[..width].CopyTo(bytes.AsSpan(offset));
    }

    private int PlaceInPayload(byte[] bytes, List<int> frames)
    {
        int frame = frames[random.Next(frames.Count)];
        for (int tries = 0; tries < 8 && ((FrameKind)bytes[frame]).HasKey(); tries++)
        {
            frame = frames[random.Next(frames.Count)];
        }

        int end = EndOf(bytes, frame);
        return end <= frame + Unit ? frame : random.Next(frame + Unit, end);
    }

    /// <summary>Exchanges or copies two entries of 4, 8, 16 or 48 bytes within a frame: runs that are not sorted, cycles, duplicates.</summary>
    private void ExchangeEntries(byte[] bytes, List<int> frames)
    {
        int frame = PlaceInPayload(bytes, frames);
        foreach (int candidate in frames)
        {
            if (candidate <= frame && frame < EndOf(bytes, candidate))
            {
                frame = candidate;
                break;
            }
        }

        int width = random.Next(4) switch { 0 => 4, 1 => 8, 2 => 16, _ => 48 };
        int count = (EndOf(bytes, frame) - frame - Unit) / width;
        if (count < 2)
        {
            return;
        }

        Span<byte> payload = bytes.AsSpan(frame + Unit);
        Span<byte> first = payload.Slice(random.Next(count) * width, width);
        Span<byte> second = payload.Slice(random.Next(count) * width, width);
        byte[] held = first.ToArray();
        second.CopyTo(first);
        if (random.Next(2) == 0)
        {
            held.CopyTo(second);
        }
    }

    /// <summary>A run of frames comes twice, in another place, or is left out.</summary>
    private byte[] Repeat(byte[] bytes, List<int> frames)
    {
        int from = frames[random.Next(frames.Count)];
        int to = EndOf(bytes, frames[Math.Min(frames.Count - 1, frames.IndexOf(from) + random.Next(4))]);
        int at = frames[random.Next(frames.Count)];
        if (to <= from || bytes.Length + to - from > MostBytes)
        {
            return bytes;
        }

        return random.Next(3) == 0
            ? [.. bytes.AsSpan(0, from), .. bytes.AsSpan(to)]
            : [.. bytes.AsSpan(0, at), .. bytes.AsSpan(from, to - from), .. bytes.AsSpan(at)];
    }

    /// <summary>Frames of another file, after some of this one's; or its header and slots.</summary>
    private byte[] Splice(byte[] bytes, List<int> frames, ReadOnlySpan<byte> other)
    {
        if (other.Length < FuzzInput.LogOffset)
        {
            return bytes;
        }

        switch (random.Next(3))
        {
            case 0:
                other[FuzzInput.HeaderOffset..FuzzInput.SlotAOffset].CopyTo(bytes.AsSpan(FuzzInput.HeaderOffset));
                return bytes;
            case 1:
                other[FuzzInput.SlotAOffset..FuzzInput.LogOffset].CopyTo(bytes.AsSpan(FuzzInput.SlotAOffset));
                return bytes;
            default:
                List<int> theirs = Frames(other);
                int at = frames[random.Next(frames.Count)];
                int from = theirs.Count == 0 ? FuzzInput.LogOffset : theirs[random.Next(theirs.Count)];
                return at + other.Length - from > MostBytes ? bytes : [.. bytes.AsSpan(0, at), .. other[from..]];
        }
    }

    private static int EndOf(ReadOnlySpan<byte> bytes, int frame)
        => (int)Math.Min(bytes.Length, frame + (BinaryPrimitives.ReadUInt32LittleEndian(bytes[(frame + FrameHeader.FrameLengthOffset)..]) * (long)Unit));

    private const int MostBytes = 1 << 20;
}
