namespace EmbedCache.Storage;

/// <summary>
/// The bytes by positional reads, for 32-bit processes, network file systems and wherever a map is not to be trusted. Blocks of 64 KiB
/// are kept in a bounded, four-way associative cache without locks. A block is never changed once it is there, and lives on the managed
/// heap, so that a span stays good for as long as somebody looks at it, evicted or disposed.
/// </summary>
/// <remarks>Commit slots change in place: they are read with <see cref="IStoreFile.ReadAt"/>, never from here.</remarks>
internal sealed class PositionalSource : ByteSource
{
    /// <summary>Bytes a block.</summary>
    public const int BlockSize = 1 << BlockShift;

    /// <summary>Bytes of blocks kept, at most.</summary>
    public const int DefaultCacheBytes = 16 << 20;

    private const int BlockShift = 16;
    private const int Ways = 4;

    private readonly IStoreFile _file;
    private readonly Block?[] _cache;
    private readonly int _setMask;
    private int _victim;
    private int _invalidations;
    private long _limit;

    /// <summary>Opens a source that covers nothing yet.</summary>
    /// <param name="file">The file; must stay open as long as slices are taken.</param>
    /// <param name="cacheBytes">Bound of the cache; rounded down to a power of two of sets, at least one.</param>
    public PositionalSource(IStoreFile file, int cacheBytes = DefaultCacheBytes)
    {
        _file = file;
        int sets = 1;
        while ((long)sets * 2 * Ways * BlockSize <= cacheBytes)
        {
            sets *= 2;
        }

        _setMask = sets - 1;
        _cache = new Block?[sets * Ways];
    }

    public override bool IsMapped => false;

    public override long Limit => Volatile.Read(ref _limit);

    public override ReadOnlySpan<byte> Slice(long offset, int byteLength)
    {
        long limit = Limit;
        if ((ulong)offset > (ulong)limit || (ulong)byteLength > (ulong)(limit - offset))
        {
            throw IsClosed
                ? new ObjectDisposedException(nameof(PositionalSource))
                : SourceErrors.OutOfBounds(_file.Path, offset, byteLength, limit);
        }

        if (byteLength == 0)
        {
            return default;
        }

        long index = offset >> BlockShift;
        if (index == (offset + byteLength - 1) >> BlockShift)
        {
            int start = (int)(offset & (BlockSize - 1));
            return GetBlock(index, start + byteLength, limit).AsSpan(start, byteLength);
        }

        // Across blocks: one read into an array of its own. The system's page cache stands behind it.
        byte[] bytes = new byte[byteLength];
        ReadFully(offset, bytes);
        return bytes;
    }

    public override void EnsureCovers(long limit)
    {
        long current = Limit;
        if (limit <= current)
        {
            return;
        }

        if (IsClosed)
        {
            throw new ObjectDisposedException(nameof(PositionalSource));
        }

        long length = _file.Length;
        if (length < limit)
        {
            throw SourceErrors.Truncated(_file.Path, length, limit);
        }

        // Another thread may have gone further meanwhile; a limit never falls.
        while (limit > current)
        {
            long seen = Interlocked.CompareExchange(ref _limit, limit, current);
            if (seen == current)
            {
                break;
            }

            current = seen;
        }
    }

    public override void Invalidate(long fromOffset)
    {
        for (long current = Limit; current > fromOffset;)
        {
            long seen = Interlocked.CompareExchange(ref _limit, fromOffset, current);
            current = seen == current ? fromOffset : seen;
        }

        // First the count, so that a block being read right now is not kept, then those that are there.
        Interlocked.Increment(ref _invalidations);
        for (int i = 0; i < _cache.Length; i++)
        {
            Block? block = Volatile.Read(ref _cache[i]);
            if (block is not null && (block.Index << BlockShift) + block.Bytes.Length > fromOffset)
            {
                Interlocked.CompareExchange(ref _cache[i], null, block);
            }
        }
    }

    protected override void ReleaseViews()
    {
        // Spans handed out keep their arrays; only the cache lets go.
        Volatile.Write(ref _limit, 0);
        Array.Clear(_cache, 0, _cache.Length);
    }

    /// <summary>
    /// A block that has at least so many bytes. A block at the tail holds what was committed when it was read, and is read anew, into a
    /// new array, once more is asked of it.
    /// </summary>
    private byte[] GetBlock(long index, int needed, long limit)
    {
        int set = ((int)index & _setMask) * Ways;
        int stale = -1;
        for (int way = set; way < set + Ways; way++)
        {
            Block? block = Volatile.Read(ref _cache[way]);
            if (block is null || block.Index != index)
            {
                continue;
            }

            if (block.Bytes.Length >= needed)
            {
                return block.Bytes;
            }

            stale = way;
        }

        int invalidations = Volatile.Read(ref _invalidations);
        long start = index << BlockShift;
        byte[] bytes = new byte[(int)Math.Min(BlockSize, limit - start)];
        ReadFully(start, bytes);
        int place = stale >= 0 ? stale : set + (Interlocked.Increment(ref _victim) & (Ways - 1));
        var read = new Block(index, bytes);
        Volatile.Write(ref _cache[place], read);
        if (Volatile.Read(ref _invalidations) != invalidations)
        {
            Interlocked.CompareExchange(ref _cache[place], null, read);
        }

        return bytes;
    }

    private void ReadFully(long offset, byte[] bytes)
    {
        int read = _file.ReadAt(offset, bytes);
        if (read < bytes.Length)
        {
            throw SourceErrors.Truncated(_file.Path, offset + read, offset + bytes.Length);
        }
    }

    private sealed class Block(long index, byte[] bytes)
    {
        public long Index { get; } = index;

        public byte[] Bytes { get; } = bytes;
    }
}
