namespace EmbedCache.Storage;

/// <summary>
/// Prepares disk space ahead of the tail, so that a commit's fsync has no block allocation to journal, and keeps a small reserve so that deletes
/// still work on a full disk. What it leaves past the tail reads as zeros, which no frame starts with; close trims it.
/// </summary>
/// <remarks>
/// Measured on ext4 with 6 KiB commits: blocks that are only reserved gain 4 %, since the journal still has to mark them written; blocks that
/// hold zeros already gained up to 45 %, by the state of the disk. Commits of megabytes are bound by the device, and zeros would only be written for nothing.
/// </remarks>
internal sealed class SpaceReserver(IStoreFile file, bool commitsAreFlushed)
{
    private const long SmallestStep = 1 << 20;
    private const long LargestStep = 64 << 20;
    private const int StepShift = 2; // a quarter of the file at a time
    private const int ZeroedAhead = 256 * 1024;
    private const long PageMask = 4095;

    /// <summary>Room for about 500 tombstones of short keys.</summary>
    private const long ReserveByteLength = 64 * 1024;

    private static readonly byte[] Zeros = new byte[ZeroedAhead];

    private long _reservedTo = -1;
    private long _zeroedTo;
    private bool _isSupported = true;
    private bool? _canReserve;
    private bool _hasWrittenSmall;

    /// <summary>The file it reserves for.</summary>
    public IStoreFile File => file;

    /// <summary>Before bytes from <paramref name="start"/> to <paramref name="end"/> are written at the tail.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="end">End.</param>
    /// <param name="mayUseReserve">What is written only removes: it may take the last of the room.</param>
    /// <exception cref="DeviceFailedException">The device is full but for the reserve.</exception>
    public void Prepare(long start, long end, bool mayUseReserve)
    {
        if (_isSupported)
        {
            PrepareAhead(start, end);
        }

        if (!_isSupported && !mayUseReserve)
        {
            KeepReserve(start, end);
        }
    }

    private void PrepareAhead(long start, long end)
    {
        if (_reservedTo < 0)
        {
            _reservedTo = file.Length;
        }

        // Early, so that the reserve is still there when this fails.
        if (end + ReserveByteLength > _reservedTo)
        {
            Reserve(end);
        }

        bool isSmall = end - start < ZeroedAhead;
        if (_isSupported && commitsAreFlushed && isSmall)
        {
            // One small write alone does not pay for zeros; a second announces a series.
            if (_hasWrittenSmall && end > _zeroedTo)
            {
                WriteZeros(end);
            }

            _hasWrittenSmall = true;
        }
    }

    /// <summary>After the file's length was set to <paramref name="tail"/>: keeps the reserve behind the end, outside the length.</summary>
    public void Trimmed(long tail)
    {
        _reservedTo = tail;
        _zeroedTo = tail;
        file.TryAllocate(tail, ReserveByteLength, keepSize: true);
    }

    /// <summary>Another process, or a cut, may have changed the length.</summary>
    public void Forget()
    {
        _reservedTo = -1;
        _zeroedTo = 0;
        _isSupported = true;
    }

    private void Reserve(long end)
    {
        long step = Math.Min(LargestStep, Math.Max(SmallestStep, end >> StepShift));
        long target = (end + step) & ~PageMask;
        _isSupported = file.TryAllocate(_reservedTo, target - _reservedTo, keepSize: false);
        if (_isSupported)
        {
            _reservedTo = target;
            _canReserve = true;
        }
    }

    /// <summary>Where no more room is to be had ahead, the reserve is moved along behind each write, and what would eat into it is refused.</summary>
    private void KeepReserve(long start, long end)
    {
        // A page at the tail is there already, or it is to be had, unless the file system knows no reservations at all.
        _canReserve ??= file.TryAllocate(start, PageMask + 1, keepSize: true);
        if (_canReserve == true && !file.TryAllocate(start, end - start + ReserveByteLength, keepSize: true))
        {
            throw new DeviceFailedException("Cannot write the file: the device is full. What little room is kept in reserve is for removing records", file.Path, start, isFull: true);
        }
    }

    private void WriteZeros(long end)
    {
        // Nothing stands past the tail but what this handle put there: remains of others were cut off, or a new epoch keeps them out.
        long target = Math.Min(_reservedTo, (end + ZeroedAhead) & ~PageMask);
        if (target <= end)
        {
            return;
        }

        try
        {
            file.WriteAt(end, Zeros.AsSpan(0, (int)(target - end)));
            _zeroedTo = target;
        }
        catch (DeviceFailedException e) when (!e.IsPoisoned)
        {
            // Only an optimisation: whether the disk is full is for the commit's own write to say.
            _isSupported = false;
        }
    }
}
