#if NET
using System.Runtime.Intrinsics.X86;
#endif

namespace EmbedCache.Storage;

/// <summary>
/// The bytes in place, through a memory map. The one file with pointers: everything above it is safe code over spans that were
/// checked here.
/// </summary>
internal sealed unsafe class MappedSource : ByteSource
{
    private const int CacheLineByteLength = 64;

    private readonly IStoreFile _file;
    private readonly Func<long, MapView> _map;
    private readonly object _growth = new();
    private readonly List<MapView> _views = [];
    private AccessPattern _pattern;

    // Growth sets the base before the limit, and readers take the limit before the base: whoever sees a limit sees a view that covers it.
    private byte* _base;
    private long _limit;

    /// <summary>Opens a source that covers nothing yet.</summary>
    /// <param name="file">The file; asked for its length and its path.</param>
    /// <param name="map">Makes a view of the whole file with at least the capacity given.</param>
    public MappedSource(IStoreFile file, Func<long, MapView> map)
    {
        _file = file;
        _map = map;
    }

    public override bool IsMapped => true;

    public override long Limit => Volatile.Read(ref _limit);

    public override ReadOnlySpan<byte> Slice(long offset, int byteLength)
    {
        long limit = Volatile.Read(ref _limit);

        // Unsigned, a negative number is larger than any limit; the second test cannot wrap once the first has passed.
        if ((ulong)offset > (ulong)limit || (ulong)byteLength > (ulong)(limit - offset))
        {
            throw OutOfBounds(offset, byteLength);
        }

        return new ReadOnlySpan<byte>(_base + offset, byteLength);
    }

    public override nint AddressOf(long offset, long byteLength)
    {
        long limit = Volatile.Read(ref _limit);
        if ((ulong)offset > (ulong)limit || (ulong)byteLength > (ulong)(limit - offset))
        {
            throw OutOfBounds(offset, (int)Math.Min(byteLength, int.MaxValue));
        }

        return (nint)(_base + offset);
    }

    public override void EnsureCovers(long limit)
    {
        if (limit <= Volatile.Read(ref _limit))
        {
            return;
        }

        lock (_growth)
        {
            if (IsClosed)
            {
                throw new ObjectDisposedException(nameof(MappedSource));
            }

            if (limit <= _limit)
            {
                return;
            }

            long length = _file.Length;
            if (length < limit)
            {
                throw SourceErrors.Truncated(_file.Path, length, limit);
            }

            if (_views.Count == 0 || _views[_views.Count - 1].Capacity < limit)
            {
                MapView view = _map(limit);
                _views.Add(view);
                if (_pattern != AccessPattern.Normal)
                {
                    view.Advise(_pattern);
                }

                _base = (byte*)view.Address;
            }

            Volatile.Write(ref _limit, limit);
        }
    }

    public override void Invalidate(long fromOffset)
    {
        lock (_growth)
        {
            Volatile.Write(ref _limit, Math.Min(_limit, fromOffset));
        }
    }

    public override void Prefetch(long offset)
    {
#if NET
        if (Sse.IsSupported && (ulong)offset < (ulong)Volatile.Read(ref _limit))
        {
            Sse.Prefetch0(_base + offset);
        }
#endif
    }

    public override void Prefetch(long offset, int byteLength)
    {
#if NET
        long limit = Volatile.Read(ref _limit);
        if (Sse.IsSupported && (ulong)offset < (ulong)limit && (ulong)byteLength <= (ulong)(limit - offset))
        {
            // Into the second level: it has room for more outstanding lines than the first.
            byte* end = _base + offset + byteLength;
            for (byte* line = _base + offset; line < end; line += CacheLineByteLength)
            {
                Sse.Prefetch1(line);
            }
        }
#endif
    }

    public override void WillNeed(long offset, int byteLength)
    {
        long limit = Volatile.Read(ref _limit);
        if ((ulong)offset < (ulong)limit && (ulong)byteLength <= (ulong)(limit - offset))
        {
            lock (_growth)
            {
                if (_views.Count > 0)
                {
                    _views[_views.Count - 1].WillNeed(offset, byteLength);
                }
            }
        }
    }

    public override void Advise(AccessPattern pattern)
    {
        lock (_growth)
        {
            _pattern = pattern;
            foreach (MapView view in _views)
            {
                view.Advise(pattern);
            }
        }
    }

    protected override void ReleaseViews()
    {
        lock (_growth)
        {
            // From here on every slice and prefetch is out of bounds.
            Volatile.Write(ref _limit, 0);
            foreach (MapView view in _views)
            {
                view.Dispose();
            }

            _views.Clear();
        }
    }

    private Exception OutOfBounds(long offset, int byteLength) => IsClosed
        ? new ObjectDisposedException(nameof(MappedSource))
        : SourceErrors.OutOfBounds(_file.Path, offset, byteLength, Limit);
}
