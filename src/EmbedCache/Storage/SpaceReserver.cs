namespace EmbedCache.Storage;

/// <summary>
/// Reserves disk blocks ahead of the tail, so that a commit's fsync has no block allocation to journal, and keeps a small reserve so that
/// deletes still work on a full disk. What it reserves past the tail reads as zeros, which no frame starts with; close trims it.
/// </summary>
internal sealed class SpaceReserver(IStoreFile file)
{
    private const long SmallestStep = 1 << 20;
    private const long LargestStep = 64 << 20;
    private const int StepShift = 3; // an eighth of the file at a time

    /// <summary>Room for about 500 tombstones of short keys.</summary>
    private const long ReserveByteLength = 64 * 1024;

    private long _reservedTo = -1;
    private bool _isSupported = true;

    /// <summary>The file it reserves for.</summary>
    public IStoreFile File => file;

    /// <summary>Before bytes up to <paramref name="end"/> are written.</summary>
    public void Prepare(long end)
    {
        if (!_isSupported)
        {
            return;
        }

        if (_reservedTo < 0)
        {
            _reservedTo = file.Length;
        }

        if (end <= _reservedTo)
        {
            return;
        }

        long step = Math.Min(LargestStep, Math.Max(SmallestStep, end >> StepShift));
        long target = (end + step) & ~4095L;
        _isSupported = file.TryAllocate(_reservedTo, target - _reservedTo, keepSize: false);
        if (_isSupported)
        {
            _reservedTo = target;
        }
    }

    /// <summary>After the file's length was set to <paramref name="tail"/>: keeps the reserve behind the end, outside the length.</summary>
    public void Trimmed(long tail)
    {
        _reservedTo = tail;
        file.TryAllocate(tail, ReserveByteLength, keepSize: true);
    }

    /// <summary>Another process may have changed the length.</summary>
    public void Forget()
    {
        _reservedTo = -1;
        _isSupported = true;
    }
}
