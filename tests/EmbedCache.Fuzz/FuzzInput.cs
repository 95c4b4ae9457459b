using System.Buffers.Binary;
using EmbedCache.Format;

namespace EmbedCache.Fuzz;

/// <summary>What is done to the bytes of an input before they are opened, and how they are opened.</summary>
[Flags]
internal enum FuzzFlags : byte
{
    None = 0,

    /// <summary>Make every checksum right again: else nothing but the checks of checksums would ever be reached.</summary>
    Seal = 1,

    /// <summary>Open for writing, and write.</summary>
    Write = 2,

    /// <summary>Read by position instead of in place.</summary>
    Positional = 4,

    /// <summary>Let the slots end where the frames do, so that a frame of another length does not merely fall off the end.</summary>
    FitTails = 8,

    /// <summary>Zeros for both slots: recovery from the first frame.</summary>
    NoSlots = 16,

    /// <summary>Slots that say that the log is empty, with all frames past their tails: recovery of commits that lack their slot.</summary>
    BehindSlots = 32,

    /// <summary>Nothing counts as durable, and the machine is another: recovery as after a power loss.</summary>
    NotDurable = 64,

    /// <summary>When writing: codes, columns and a graph for few records already.</summary>
    Index = 128,
}

/// <summary>
/// An input of the fuzzer and the file that it stands for. The 12 KiB before the log are mostly zeros that nobody reads, so an input has only what
/// is read of them:
/// <code>
///    0 │ flags      1 │ FuzzFlags
///    1 │ header   256 │
///  257 │ slot A   128 │
///  385 │ slot B   128 │
///  513 │ log          │
/// </code>
/// </summary>
internal static class FuzzInput
{
    public const int HeaderOffset = 1;
    public const int SlotAOffset = HeaderOffset + FormatConstants.HeaderByteLength;
    public const int SlotBOffset = SlotAOffset + FormatConstants.SlotByteLength;
    public const int LogOffset = SlotBOffset + FormatConstants.SlotByteLength;

    /// <summary>The input that stands for a file.</summary>
    public static byte[] FromFile(ReadOnlySpan<byte> file, FuzzFlags flags)
    {
        byte[] input = new byte[LogOffset + Math.Max(0, file.Length - (int)FormatConstants.LogOffset)];
        input[0] = (byte)flags;
        Copy(file, 0, input.AsSpan(HeaderOffset, FormatConstants.HeaderByteLength));
        Copy(file, (int)FormatConstants.SlotAOffset, input.AsSpan(SlotAOffset, FormatConstants.SlotByteLength));
        Copy(file, (int)FormatConstants.SlotBOffset, input.AsSpan(SlotBOffset, FormatConstants.SlotByteLength));
        Copy(file, (int)FormatConstants.LogOffset, input.AsSpan(LogOffset));
        return input;
    }

    /// <summary>The file that an input stands for, with what its flags want done to it.</summary>
    public static byte[] ToFile(ReadOnlySpan<byte> input, out FuzzFlags flags)
    {
        flags = input.IsEmpty ? FuzzFlags.None : (FuzzFlags)input[0];
        byte[] file = new byte[FormatConstants.LogOffset + Math.Max(0, input.Length - LogOffset)];
        Copy(input, HeaderOffset, file.AsSpan(0, FormatConstants.HeaderByteLength));
        Copy(input, SlotAOffset, file.AsSpan((int)FormatConstants.SlotAOffset, FormatConstants.SlotByteLength));
        Copy(input, SlotBOffset, file.AsSpan((int)FormatConstants.SlotBOffset, FormatConstants.SlotByteLength));
        Copy(input, LogOffset, file.AsSpan((int)FormatConstants.LogOffset));
        Prepare(file, flags);
        return file;
    }

    /// <summary>Does to a file what flags want done.</summary>
    public static void Prepare(Span<byte> file, FuzzFlags flags)
    {
        const FuzzFlags OfSlots = FuzzFlags.NoSlots | FuzzFlags.BehindSlots | FuzzFlags.NotDurable | FuzzFlags.FitTails;
        if ((flags & (FuzzFlags.Seal | OfSlots)) == 0)
        {
            return;
        }

        int end = FileSealer.Seal(file);
        if ((flags & OfSlots) == 0 || file.Length < FormatConstants.LogOffset)
        {
            return;
        }

        foreach (int offset in new[] { (int)FormatConstants.SlotAOffset, (int)FormatConstants.SlotBOffset })
        {
            Span<byte> slot = file.Slice(offset, FormatConstants.SlotByteLength);
            if ((flags & FuzzFlags.NoSlots) != 0)
            {
                slot.Clear();
                continue;
            }

            if ((flags & FuzzFlags.FitTails) != 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(slot[CommitSlot.PublishedTailOffset..], end);
                BinaryPrimitives.WriteInt64LittleEndian(slot[CommitSlot.DurableTailOffset..], end);
            }

            if ((flags & FuzzFlags.NotDurable) != 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(slot[CommitSlot.DurableTailOffset..], FormatConstants.LogOffset);
                slot.Slice(CommitSlot.BootOffset, sizeof(ulong)).Clear();
            }

            if ((flags & FuzzFlags.BehindSlots) != 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(slot[CommitSlot.PublishedTailOffset..], FormatConstants.LogOffset);
                BinaryPrimitives.WriteInt64LittleEndian(slot[CommitSlot.DurableTailOffset..], FormatConstants.LogOffset);
                slot[CommitSlot.CatalogOffsetOffset..CommitSlot.PublishedChainOffset].Clear();
                slot[CommitSlot.RecordCountOffset..CommitSlot.CommittedOffset].Clear();
            }
        }

        FileSealer.Seal(file);
    }

    private static void Copy(ReadOnlySpan<byte> from, int offset, Span<byte> to)
    {
        int length = Math.Clamp(from.Length - offset, 0, to.Length);
        if (length > 0)
        {
            from.Slice(offset, length).CopyTo(to);
        }
    }
}
