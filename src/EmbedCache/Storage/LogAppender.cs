using System.Buffers;
using EmbedCache.Format;
using EmbedCache.Primitives;

namespace EmbedCache.Storage;

/// <summary>
/// Appends the frames of one transaction. Frames are made in a buffer, sealed there (epoch, transaction, CRCs, chain) and written when the
/// buffer is full or the transaction ends. Nothing that it writes counts before a slot says so.
/// </summary>
internal sealed class LogAppender : IDisposable
{
    /// <summary>Bytes gathered before they are written, unless the caller wants fewer.</summary>
    public const int LargestBufferByteLength = 2 * 1024 * 1024;

    private const int SmallestBufferByteLength = 64 * 1024;

    private readonly LogFile _log;
    private readonly SpaceReserver _space;
    private readonly uint _epoch;
    private readonly int _largestBufferByteLength;
    private byte[] _buffer;
    private int _used;
    private long _bufferOffset;
    private int _lastFrame = -1;
    private uint _chainBeforeLast;

    /// <summary>Goes on behind a slot's published tail.</summary>
    /// <param name="log">The file.</param>
    /// <param name="slot">What to go on from.</param>
    /// <param name="space">Where room comes from.</param>
    /// <param name="largestBufferByteLength">Bytes gathered before they are written.</param>
    /// <param name="expectedByteLength">Bytes that the transaction is likely to take: as many as the one before. A buffer that has to grow is copied.</param>
    public LogAppender(LogFile log, in CommitSlot slot, SpaceReserver space, int largestBufferByteLength = LargestBufferByteLength, long expectedByteLength = 0)
    {
        _largestBufferByteLength = largestBufferByteLength;
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(SmallestBufferByteLength, expectedByteLength), largestBufferByteLength));
        _log = log;
        _space = space;
        _epoch = slot.Epoch;
        Transaction = slot.Transaction + 1;
        StartOffset = slot.PublishedTail;
        _bufferOffset = StartOffset;
        Chain = slot.PublishedChain;
    }

    /// <summary>This transaction's number.</summary>
    public long Transaction { get; }

    /// <summary>Where the transaction's first frame stands.</summary>
    public long StartOffset { get; }

    /// <summary>Where the next frame will stand.</summary>
    public long NextOffset => _bufferOffset + _used;

    /// <summary>Chain CRC of the newest frame.</summary>
    public uint Chain { get; private set; }

    /// <summary>True when bytes of this transaction are, or may be, in the file.</summary>
    public bool HasWritten { get; private set; }

    /// <summary>True while the transaction only removes: it may use the room that is kept in reserve on a full disk.</summary>
    public bool OnlyRemoves { get; set; } = true;

    /// <summary>True when no frame was appended.</summary>
    public bool IsEmpty => NextOffset == StartOffset;

    /// <summary>
    /// Room for a whole frame in the buffer: header, payload, padding, all zero. The caller fills the kind's fields and the payload, then
    /// calls <see cref="Seal"/>.
    /// </summary>
    public Span<byte> Reserve(long payloadByteLength)
    {
        int byteLength = checked((int)(FrameHeader.UnitsFor(payloadByteLength) * FormatConstants.Unit));
        MakeRoom(byteLength);
        Span<byte> frame = _buffer.AsSpan(_used, byteLength);
        frame.Slice(0, FormatConstants.FrameHeaderByteLength).Clear();
        frame.Slice(byteLength - FormatConstants.Unit).Clear();
        return frame;
    }

    /// <summary>Completes the frame that <see cref="Reserve"/> gave room for; returns its offset.</summary>
    public long Seal(Span<byte> frame, FrameKind kind, int payloadByteLength)
        => SealWithCrc(frame, kind, Crc32.Compute(frame.Slice(FormatConstants.FrameHeaderByteLength, payloadByteLength)));

    /// <summary>The same where the payload's CRC is known.</summary>
    public long SealWithCrc(Span<byte> frame, FrameKind kind, uint payloadCrc)
    {
        long offset = NextOffset;
        _chainBeforeLast = Chain;
        _lastFrame = _used;
        Chain = SealHeader(frame, kind, frame.Length, payloadCrc, offset);
        _used += frame.Length;
        return offset;
    }

    /// <summary>
    /// Appends a section: entries from <paramref name="writeEntries"/>, then their block CRCs. Streams, so that a section may be larger than
    /// memory: its header is written last.
    /// </summary>
    public SectionExtent AppendSection(in SectionFrame fields, Action<SectionWriter> writeEntries)
    {
        MakeRoom(FormatConstants.FrameHeaderByteLength);
        long offset = NextOffset;
        _buffer.AsSpan(_used, FormatConstants.FrameHeaderByteLength).Clear();
        _used += FormatConstants.FrameHeaderByteLength;
        var writer = new SectionWriter(this);
        writeEntries(writer);
        uint tableCrc = writer.Complete();
        Pad();

        long byteLength = NextOffset - offset;
        Span<byte> header = stackalloc byte[FormatConstants.FrameHeaderByteLength];
        header.Clear();
        SectionFrame written = fields with { EntryCount = writer.EntriesByteLength / fields.EntryByteLength };
        written.Write(header);
        Chain = SealHeader(header, fields.Header.Kind, byteLength, tableCrc, offset);
        if (offset >= _bufferOffset)
        {
            header.CopyTo(_buffer.AsSpan((int)(offset - _bufferOffset)));
        }
        else
        {
            _log.File.WriteAt(offset, header);
        }

        _lastFrame = -1;
        return new SectionExtent(offset, byteLength, written);
    }

    /// <summary>Raw section bytes; only <see cref="SectionWriter"/> calls this.</summary>
    public void AppendRaw(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            MakeRoom(1);
            int part = Math.Min(bytes.Length, _buffer.Length - _used);
            bytes.Slice(0, part).CopyTo(_buffer.AsSpan(_used));
            _used += part;
            bytes = bytes.Slice(part);
        }
    }

    /// <summary>Marks the newest frame as the transaction's last, or appends a Commit frame where it has left the buffer already.</summary>
    public void MarkCommit()
    {
        if (_lastFrame < 0)
        {
            Span<byte> commit = Reserve(0);
            Seal(commit, FrameKind.Commit, 0);
        }

        Span<byte> header = _buffer.AsSpan(_lastFrame, FormatConstants.FrameHeaderByteLength);
        header[FrameHeader.FlagsOffset] |= (byte)FrameFlags.Commit;
        Chain = FrameSeal.Seal(header, _bufferOffset + _lastFrame, _log.Header.Salt, _chainBeforeLast);
    }

    /// <summary>Hands the buffer to the operating system.</summary>
    public void Flush()
    {
        if (_used == 0)
        {
            return;
        }

        _space.Prepare(_bufferOffset, _bufferOffset + _used, OnlyRemoves);
        HasWritten = true;
        _log.File.WriteAt(_bufferOffset, _buffer.AsSpan(0, _used));
        _bufferOffset += _used;
        _used = 0;
        _lastFrame = -1;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>Writes the fields that every kind has over what the caller wrote of its own, then both CRCs.</summary>
    private uint SealHeader(Span<byte> header, FrameKind kind, long byteLength, uint payloadCrc, long offset)
    {
        var common = new FrameHeader
        {
            Kind = kind,
            UnitCount = checked((uint)(byteLength / FormatConstants.Unit)),
            Epoch = _epoch,
            PayloadCrc = payloadCrc,
            Transaction = Transaction,
        };
        common.Write(header);
        return FrameSeal.Seal(header, offset, _log.Header.Salt, Chain);
    }

    private void Pad()
    {
        int padding = (int)(-NextOffset & (FormatConstants.Unit - 1));
        if (padding > 0)
        {
            Span<byte> zeros = stackalloc byte[FormatConstants.Unit];
            zeros.Clear();
            AppendRaw(zeros.Slice(0, padding));
        }
    }

    private void MakeRoom(int byteLength)
    {
        if (_buffer.Length - _used >= byteLength)
        {
            return;
        }

        if (_buffer.Length >= _largestBufferByteLength || _used == 0)
        {
            Flush();
        }

        if (_buffer.Length - _used < byteLength)
        {
            int wanted = Math.Max(_used + byteLength, Math.Min(_buffer.Length * 2, _largestBufferByteLength));
            byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
            _buffer.AsSpan(0, _used).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }
}
