namespace EmbedCache.Storage;

/// <summary>How a range is locked.</summary>
internal enum LockKind
{
    /// <summary>Beside other shared locks.</summary>
    Shared,

    /// <summary>Alone. Needs a file that was opened for writing.</summary>
    Exclusive,
}

/// <summary>
/// One open file. Reads and writes name their offset and share no position, so that threads may use one file at once.
/// Dispose closes it and drops its locks; sources opened from it keep what they cover until they are disposed themselves.
/// </summary>
internal interface IStoreFile : IDisposable
{
    /// <summary>The full path it was opened by.</summary>
    string Path { get; }

    /// <summary>Whether it was opened for writing.</summary>
    bool CanWrite { get; }

    /// <summary>Which file is open, whatever its path leads to by now.</summary>
    FileIdentity Identity { get; }

    /// <summary>Bytes in the file now.</summary>
    long Length { get; }

    /// <summary>Reads at an offset; returns fewer bytes than asked for only at the end of the file.</summary>
    /// <exception cref="DeviceFailedException">An I/O error.</exception>
    int ReadAt(long offset, Span<byte> buffer);

    /// <summary>Writes all of the buffer, growing the file where it must. After a failure any part of it may stand there.</summary>
    /// <exception cref="DeviceFailedException">The disk is full (IsFull), it failed, or an earlier flush failed (IsPoisoned).</exception>
    void WriteAt(long offset, ReadOnlySpan<byte> buffer);

    /// <summary>Cuts or grows the file. Never below a published tail: somebody may have it mapped.</summary>
    /// <exception cref="DeviceFailedException">As for <see cref="WriteAt"/>.</exception>
    void SetLength(long length);

    /// <summary>
    /// Reserves disk blocks for a range; what is read there stays as it was, or zeros. False where the file system cannot or is full:
    /// a failure costs speed, never correctness.
    /// </summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="keepSize">True leaves <see cref="Length"/> as it is; false grows it to cover the range.</param>
    bool TryAllocate(long offset, long length, bool keepSize);

    /// <summary>Gives the whole blocks inside a range back to the file system; they read as zeros. False where that cannot be had.</summary>
    bool TryPunchHole(long offset, long length);

    /// <summary>
    /// Makes everything written so far durable, and says so only when it is. A failure poisons the file: what reached the disk is
    /// unknown, and each further write or flush is refused.
    /// </summary>
    /// <exception cref="DeviceFailedException">IsPoisoned is true.</exception>
    void Flush();

    /// <summary>Opens a view of the bytes, which covers none until <see cref="ByteSource.EnsureCovers"/>.</summary>
    /// <param name="positional">True reads with positional reads; false maps, where the process is a 64-bit one.</param>
    ByteSource OpenSource(bool positional);

    /// <summary>
    /// Takes a lock on a range without waiting. Locks belong to this open file: they exclude every other one, in this process too, and
    /// end with it. They do not nest: unlock a range before it is locked again.
    /// </summary>
    /// <returns>False when somebody else holds a lock that excludes it.</returns>
    /// <exception cref="DeviceFailedException">The file system keeps no such locks, so nothing would be excluded.</exception>
    bool TryLock(long offset, long length, LockKind kind);

    /// <summary>Gives a range back.</summary>
    void Unlock(long offset, long length);

    /// <summary>Whether another open file holds any lock in the range; null where the system cannot tell.</summary>
    bool? IsLockedByOther(long offset, long length);

    /// <summary>The lowest byte in the range that another open file holds locked; null for none, or where the system cannot tell.</summary>
    long? FindLowestLock(long offset, long length);
}
