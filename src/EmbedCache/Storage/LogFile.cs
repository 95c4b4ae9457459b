using System.Buffers;
using System.Buffers.Binary;
using EmbedCache.Format;
using EmbedCache.Numerics;

namespace EmbedCache.Storage;

/// <summary>
/// One open .edb: its header, its two commit slots and the bytes of its log. Knows frames and their checksums, not what they mean.
/// </summary>
internal sealed class LogFile : IDisposable
{
    private const int SlotReadAttempts = 64;
    private const int WriteAgainByteLength = 1 << 20;

    private readonly FileHeader _header;
    private RecordCodebook? _codebook;

    private LogFile(IFileSystem fileSystem, IStoreFile file, FileHeader header, ByteSource source)
    {
        FileSystem = fileSystem;
        File = file;
        _header = header;
        Source = source;
    }

    public IFileSystem FileSystem { get; }

    public IStoreFile File { get; }

    /// <summary>The header, by reference: every look-up asks it for something, and it is a large struct.</summary>
    public ref readonly FileHeader Header => ref _header;

    public ByteSource Source { get; }

    /// <summary>Which frames had all their checksums verified since this file was opened.</summary>
    public CheckedFrames Checked { get; } = new();

    /// <summary>This process made the file's name durable, or saw that it is.</summary>
    public bool IsNameDurable { get; private set; }

    public string Path => File.Path;

    /// <summary>What the codes of this file's records are relative to, read on first use.</summary>
    /// <exception cref="CorruptFileException">There is none, or it is damaged.</exception>
    public Codebook Codebook => RecordCodebook.Codebook;

    /// <inheritdoc cref="Codebook"/>
    public RecordCodebook RecordCodebook => _codebook ??= RecordCodebook.Read(this);

    public static LogFile Open(IFileSystem fileSystem, string path, bool writable, bool positional)
    {
        IStoreFile file = fileSystem.Open(path, writable ? FileOpenMode.ReadWrite : FileOpenMode.Read);
        ByteSource? source = null;
        try
        {
            Span<byte> bytes = stackalloc byte[FormatConstants.HeaderByteLength];
            int read = file.ReadAt(0, bytes);
            FileHeader header = FileHeader.Read(bytes.Slice(0, read), path, file.Length);
            source = file.OpenSource(positional);
            source.EnsureCovers(FormatConstants.LogOffset);
            return new LogFile(fileSystem, file, header, source);
        }
        catch
        {
            source?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes a new file with an empty log and makes it durable, its directory entry too. A crash before that leaves a file without a
    /// valid header, which Open refuses by name.
    /// </summary>
    public static LogFile Create(IFileSystem fileSystem, string path, FileHeader header, long unixMilliseconds, bool ownerOnly, bool positional)
    {
        IStoreFile file = fileSystem.Open(path, FileOpenMode.CreateNew, ownerOnly);
        try
        {
            byte[] prologue = new byte[FormatConstants.LogOffset];
            header.Write(prologue);
            FileHeader written = FileHeader.Read(prologue.AsSpan(0, FormatConstants.HeaderByteLength), path, prologue.Length);
            var slot = new CommitSlot
            {
                Sequence = 1,
                Epoch = 1,
                PublishedTail = FormatConstants.LogOffset,
                DurableTail = FormatConstants.LogOffset,
                PublishedChain = written.Crc,
                DurableChain = written.Crc,
                Committed = unixMilliseconds,
            };
            slot.Write(prologue.AsSpan((int)FormatConstants.SlotOffset(slot.Sequence)));
            file.WriteAt(0, prologue);
            file.Flush();
            fileSystem.SyncDirectory(System.IO.Path.GetDirectoryName(file.Path)!);
            ByteSource source = file.OpenSource(positional);
            source.EnsureCovers(prologue.Length);
            return new LogFile(fileSystem, file, written, source) { IsNameDurable = true };
        }
        catch
        {
            file.Dispose();
            fileSystem.Delete(path);
            throw;
        }
    }

    /// <summary>
    /// Each slot's sequence number and CRC in one word, unchecked: when neither differs from what was seen, no commit has happened since. The
    /// CRC counts because a torn slot may have its sequence number already, and recovery then writes that one again. Each part is one aligned
    /// 8-byte load, which does not tear; parts of two slots differ from either.
    /// </summary>
    public (long A, long B) PeekSlots()
    {
        if (Source.IsMapped)
        {
            return (
                Mix(Source.Slice(FormatConstants.SlotAOffset, FormatConstants.SlotByteLength)),
                Mix(Source.Slice(FormatConstants.SlotBOffset, FormatConstants.SlotByteLength)));
        }

        Span<byte> a = stackalloc byte[FormatConstants.SlotByteLength];
        Span<byte> b = stackalloc byte[FormatConstants.SlotByteLength];
        a.Clear();
        b.Clear();
        File.ReadAt(FormatConstants.SlotAOffset, a);
        File.ReadAt(FormatConstants.SlotBOffset, b);
        return (Mix(a), Mix(b));
    }

    /// <summary>
    /// Reads both slots. A slot that is being written reads torn and fails its CRC, so an invalid one is read again a bounded number of
    /// times before it is taken for damaged.
    /// </summary>
    public SlotPair ReadSlots()
    {
        // One call for both: every transaction reads them.
        const int SlotBPosition = (int)(FormatConstants.SlotBOffset - FormatConstants.SlotAOffset);
        Span<byte> bytes = stackalloc byte[SlotBPosition + FormatConstants.SlotByteLength];
        SlotPair pair = default;
        for (int attempt = 0; attempt < SlotReadAttempts; attempt++)
        {
            bytes.Clear();
            File.ReadAt(FormatConstants.SlotAOffset, bytes);
            pair = new SlotPair(
                ReadSlot(bytes.Slice(0, FormatConstants.SlotByteLength), FormatConstants.SlotAOffset),
                ReadSlot(bytes.Slice(SlotBPosition), FormatConstants.SlotBOffset));
            if (pair.IsSettled)
            {
                break;
            }

            Thread.SpinWait(64);
        }

        return pair;
    }

    /// <summary>Writes a slot at the place of its sequence number. The caller decides when it is flushed.</summary>
    /// <exception cref="CorruptFileException">No reader would accept it: what the file said before, its counts or an epoch that has no next, made it so.</exception>
    public void WriteSlot(in CommitSlot slot)
    {
        if (!slot.IsConsistent)
        {
            throw new CorruptFileException("The file's counts, epoch or sequence leave no valid slot to go on with; copy its records into a new file", Path, FormatConstants.SlotOffset(slot.Sequence));
        }

        Span<byte> bytes = stackalloc byte[FormatConstants.SlotByteLength];
        slot.Write(bytes);
        File.WriteAt(FormatConstants.SlotOffset(slot.Sequence), bytes);
    }

    /// <summary>
    /// Writes bytes of the log over themselves. After an fsync that failed in another process the kernel takes pages for clean that never reached the
    /// disk: they are read back, and no later fsync writes them. Who vouches for bytes that another wrote makes them dirty again first.
    /// </summary>
    public void WriteAgain(long from, long to)
    {
        if (from >= to)
        {
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(to - from, WriteAgainByteLength));
        try
        {
            while (from < to)
            {
                int read = File.ReadAt(from, buffer.AsSpan(0, (int)Math.Min(to - from, buffer.Length)));
                if (read == 0)
                {
                    throw SourceErrors.Truncated(Path, from, to);
                }

                File.WriteAt(from, buffer.AsSpan(0, read));
                from += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The same for both slots.</summary>
    public void WriteSlotsAgain()
    {
        WriteAgain(FormatConstants.SlotAOffset, FormatConstants.SlotAOffset + FormatConstants.SlotByteLength);
        WriteAgain(FormatConstants.SlotBOffset, FormatConstants.SlotBOffset + FormatConstants.SlotByteLength);
    }

    /// <summary>
    /// Makes the file's name durable. Whoever created the file or renamed it into place may have been killed before it did: what is then
    /// committed here would be gone with the name.
    /// </summary>
    public void MakeNameDurable()
    {
        FileSystem.SyncDirectory(System.IO.Path.GetDirectoryName(File.Path)!);
        IsNameDurable = true;
    }

    public void Dispose()
    {
        Source.Dispose();
        File.Dispose();
    }

    private static long Mix(ReadOnlySpan<byte> slot)
        => BinaryPrimitives.ReadInt64LittleEndian(slot) ^ (BinaryPrimitives.ReadInt64LittleEndian(slot.Slice(CommitSlot.CrcOffset & ~(sizeof(long) - 1))) & ~(long)uint.MaxValue);

    private static SlotReading ReadSlot(ReadOnlySpan<byte> bytes, long offset)
    {
        if (CommitSlot.TryRead(bytes, out CommitSlot slot) && FormatConstants.SlotOffset(slot.Sequence) == offset)
        {
            return new SlotReading(slot, false);
        }

        Span<byte> blank = stackalloc byte[FormatConstants.SlotByteLength];
        blank.Clear();
        long sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        long again = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice(CommitSlot.SequenceAgainOffset));
        long newer = Math.Max(sequence, again);
        long older = Math.Min(sequence, again);
        bool isTorn = older >= 0
            && older < newer
            && newer < FormatConstants.OffsetLimit
            && FormatConstants.SlotOffset(newer) == offset
            && (older == 0 || FormatConstants.SlotOffset(older) == offset);
        return new SlotReading(null, bytes.SequenceEqual(blank), isTorn);
    }
}
