namespace EmbedCache.Storage;

/// <summary>
/// The door: the one way to bytes of the file in place. What may be touched ends at <see cref="Limit"/>, which is only ever a length
/// that was committed and that the file really has, since touching a mapping past the end of its file kills the process.
/// Threads may share a source. Spans stay valid until Dispose, and through it for whoever holds a lease.
/// </summary>
internal abstract class ByteSource : IDisposable
{
    private const int Closed = int.MinValue;

    // Leases held; the sign bit says that Dispose was called. Closed without leases (exactly int.MinValue) means released.
    private int _leases;

    /// <summary>Whether bytes are used in place; false means that they are copied out of the file.</summary>
    public abstract bool IsMapped { get; }

    /// <summary>How many bytes from the start may be touched.</summary>
    public abstract long Limit { get; }

    /// <summary>Whether Dispose was called, with or without leases left.</summary>
    protected bool IsClosed => Volatile.Read(ref _leases) < 0;

    /// <summary>The bytes at an offset.</summary>
    /// <param name="offset">Bytes from the start of the file.</param>
    /// <param name="byteLength">How many.</param>
    /// <exception cref="CorruptFileException">The range does not lie within <see cref="Limit"/>: whatever named it is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The source was disposed and no lease is left.</exception>
    public abstract ReadOnlySpan<byte> Slice(long offset, int byteLength);

    /// <summary>Lets the first <paramref name="limit"/> bytes be touched. Spans handed out before stay valid.</summary>
    /// <param name="limit">A committed length.</param>
    /// <exception cref="CorruptFileException">The file is shorter than that.</exception>
    public abstract void EnsureCovers(long limit);

    /// <summary>Hints that the cache line at an offset is wanted soon. Offsets out of bounds are ignored.</summary>
    public virtual void Prefetch(long offset)
    {
    }

    /// <summary>Hints that all cache lines of a range are wanted soon. Ranges out of bounds are ignored.</summary>
    public virtual void Prefetch(long offset, int byteLength)
    {
    }

    /// <summary>Hints that a range is wanted soon, so that the device can be asked for all of it at once. Ranges out of bounds are ignored.</summary>
    public virtual void WillNeed(long offset, int byteLength)
    {
    }

    /// <summary>Tells the system how the file will be read from here on.</summary>
    public virtual void Advise(AccessPattern pattern)
    {
    }

    /// <summary>
    /// Takes back what <see cref="EnsureCovers"/> allowed at and above an offset, and forgets copies of it. Committed bytes never change, so
    /// only one who looked at uncommitted ones, as a transaction that is undone, has reason to call this, before it cuts them off.
    /// </summary>
    public abstract void Invalidate(long fromOffset);

    /// <summary>Where a range is in memory, for those who bound every step they take from there: as long as a lease is held. 0 where bytes are not mapped.</summary>
    /// <exception cref="CorruptFileException">The range reaches past the limit.</exception>
    public virtual nint AddressOf(long offset, long byteLength) => 0;

    /// <summary>Takes a lease: until it is released, Dispose leaves every span valid.</summary>
    /// <returns>False when the source was disposed already.</returns>
    public bool TryAddLease()
    {
        int leases = Volatile.Read(ref _leases);
        while (leases >= 0)
        {
            int seen = Interlocked.CompareExchange(ref _leases, checked(leases + 1), leases);
            if (seen == leases)
            {
                return true;
            }

            leases = seen;
        }

        return false;
    }

    /// <summary>Gives a lease back, exactly once for each that was taken. The last one after Dispose releases the views.</summary>
    public void ReleaseLease()
    {
        int left = Interlocked.Decrement(ref _leases);
        if (left == Closed)
        {
            ReleaseViews();
        }
        else if (left == -1 || left == int.MaxValue)
        {
            // -1: open without a lease; MaxValue: wrapped below Closed. Either way the count is no longer to be trusted.
            Interlocked.Increment(ref _leases);
            throw new InvalidOperationException("A lease was released more often than it was taken.");
        }
    }

    /// <summary>Refuses new leases and releases the views, at once or with the last lease.</summary>
    public void Dispose()
    {
        int leases = Volatile.Read(ref _leases);
        while (leases >= 0)
        {
            int seen = Interlocked.CompareExchange(ref _leases, leases | Closed, leases);
            if (seen == leases)
            {
                if (leases == 0)
                {
                    ReleaseViews();
                }

                return;
            }

            leases = seen;
        }
    }

    /// <summary>Called once, when nobody may touch a span any more.</summary>
    protected abstract void ReleaseViews();
}
