using EmbedCache.Storage;

namespace EmbedCache.Faults.Disk;

/// <summary>How a call fails.</summary>
internal enum FaultKind
{
    /// <summary>EIO: nothing was done.</summary>
    Fails,

    /// <summary>ENOSPC: nothing was done; room is not reserved.</summary>
    IsFull,

    /// <summary>Half of the bytes are written, then ENOSPC.</summary>
    ShortWrite,
}

/// <summary>Which call fails.</summary>
/// <param name="Call">Its number, from 0, among all calls.</param>
/// <param name="Kind">How.</param>
/// <param name="IsSticky">Every later call that can fail so does too.</param>
internal readonly record struct FaultPlan(int Call, FaultKind Kind, bool IsSticky);

/// <summary>Counts every call of the seam and makes one of them, or all from one on, fail as a device would.</summary>
/// <param name="inner">What works.</param>
/// <param name="flushFailed">Told of each flush that was made to fail.</param>
internal sealed class FailingFileSystem(IFileSystem inner, Action<IStoreFile>? flushFailed = null) : IFileSystem
{
    /// <summary>What was called, in order.</summary>
    public List<DiskOperation> Calls { get; } = [];

    /// <summary>A file whose flush failed refuses all further writes, as the real one does. The kernel itself does not.</summary>
    public bool Poisons { get; init; } = true;

    /// <summary>What fails; null for nothing.</summary>
    public FaultPlan? Plan { get; set; }

    /// <summary>With it, no other kind of call fails.</summary>
    public DiskOperation? FailsOnly { get; set; }

    /// <summary>How many calls were made to fail.</summary>
    public int FailureCount { get; private set; }

    /// <summary>Whether a call of this kind can fail in this way.</summary>
    public static bool Applies(FaultKind kind, DiskOperation operation) => kind switch
    {
        FaultKind.IsFull => operation is DiskOperation.Create or DiskOperation.Write or DiskOperation.SetLength or DiskOperation.Allocate,
        FaultKind.ShortWrite => operation is DiskOperation.Write,
        _ => operation is not (DiskOperation.Unlock or DiskOperation.Query or DiskOperation.Inspect),
    };

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false)
    {
        Enter(mode == FileOpenMode.CreateNew ? DiskOperation.Create : DiskOperation.Open, path);
        return new FailingFile(this, inner.Open(path, mode, ownerOnly));
    }

    public FileIdentity? Identify(string path)
    {
        Enter(DiskOperation.Identify, path);
        return inner.Identify(path);
    }

    public Volume Inspect(string path)
    {
        Enter(DiskOperation.Inspect, path);
        return inner.Inspect(path);
    }

    public string ResolveLinks(string path)
    {
        Enter(DiskOperation.Resolve, path);
        return inner.ResolveLinks(path);
    }

    public void Replace(string source, string destination)
    {
        Enter(DiskOperation.Replace, destination);
        inner.Replace(source, destination);
    }

    public void Delete(string path)
    {
        Enter(DiskOperation.Delete, path);
        inner.Delete(path);
    }

    public void SyncDirectory(string directory)
    {
        Enter(DiskOperation.SyncDirectory, directory);
        inner.SyncDirectory(directory);
    }

    public void CopyOwnership(string from, string to)
    {
        Enter(DiskOperation.CopyOwnership, to);
        inner.CopyOwnership(from, to);
    }

    private void NoteFlushFailed(IStoreFile file) => flushFailed?.Invoke(file);

    /// <summary>Counts a call; throws where it is to fail. True where it is to fail in a way that is not thrown here.</summary>
    private bool Enter(DiskOperation operation, string path)
    {
        int call = Calls.Count;
        Calls.Add(operation);
        if (Plan is not { } plan || !Applies(plan.Kind, operation) || (FailsOnly ?? operation) != operation || (plan.IsSticky ? call < plan.Call : call != plan.Call))
        {
            return false;
        }

        FailureCount++;
        if (operation == DiskOperation.Flush || plan.Kind == FaultKind.ShortWrite || (operation == DiskOperation.Allocate && plan.Kind == FaultKind.IsFull))
        {
            return true;
        }

        throw new DeviceFailedException($"{operation} refused by the test", path, isFull: plan.Kind == FaultKind.IsFull);
    }

    private sealed class FailingFile(FailingFileSystem owner, IStoreFile file) : IStoreFile
    {
        private bool _isPoisoned;

        public string Path => file.Path;

        public bool CanWrite => file.CanWrite;

        public FileIdentity Identity => file.Identity;

        public long Length
        {
            get
            {
                owner.Enter(DiskOperation.Length, Path);
                return file.Length;
            }
        }

        public int ReadAt(long offset, Span<byte> buffer)
        {
            owner.Enter(DiskOperation.Read, Path);
            return file.ReadAt(offset, buffer);
        }

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
        {
            ThrowIfPoisoned();
            if (owner.Enter(DiskOperation.Write, Path))
            {
                file.WriteAt(offset, buffer[..(buffer.Length / 2)]);
                throw new DeviceFailedException("Short write by the test", Path, offset, isFull: true);
            }

            file.WriteAt(offset, buffer);
        }

        public void SetLength(long length)
        {
            ThrowIfPoisoned();
            owner.Enter(DiskOperation.SetLength, Path);
            file.SetLength(length);
        }

        public bool TryAllocate(long offset, long length, bool keepSize)
        {
            ThrowIfPoisoned();
            return !owner.Enter(DiskOperation.Allocate, Path) && file.TryAllocate(offset, length, keepSize);
        }

        public bool TryPunchHole(long offset, long length)
        {
            ThrowIfPoisoned();
            owner.Enter(DiskOperation.Punch, Path);
            return file.TryPunchHole(offset, length);
        }

        public void Flush()
        {
            ThrowIfPoisoned();
            if (owner.Enter(DiskOperation.Flush, Path))
            {
                _isPoisoned = true;
                owner.NoteFlushFailed(file);
                throw new DeviceFailedException("fsync failed by the test", Path, isPoisoned: true);
            }

            file.Flush();
        }

        public ByteSource OpenSource(bool positional)
        {
            owner.Enter(DiskOperation.Map, Path);
            return new FailingSource(owner, Path, file.OpenSource(positional));
        }

        public bool TryLock(long offset, long length, LockKind kind)
        {
            owner.Enter(DiskOperation.Lock, Path);
            return file.TryLock(offset, length, kind);
        }

        public void Unlock(long offset, long length)
        {
            owner.Enter(DiskOperation.Unlock, Path);
            file.Unlock(offset, length);
        }

        public bool? IsLockedByOther(long offset, long length)
        {
            owner.Enter(DiskOperation.Query, Path);
            return file.IsLockedByOther(offset, length);
        }

        public long? FindLowestLock(long offset, long length)
        {
            owner.Enter(DiskOperation.Query, Path);
            return file.FindLowestLock(offset, length);
        }

        public void Dispose() => file.Dispose();

        private void ThrowIfPoisoned()
        {
            if (_isPoisoned && owner.Poisons)
            {
                throw new DeviceFailedException("An earlier flush failed", Path, isPoisoned: true);
            }
        }
    }

    /// <summary>A view that cannot be made, or not grow: a map refused.</summary>
    private sealed class FailingSource(FailingFileSystem owner, string path, ByteSource source) : ByteSource
    {
        public override bool IsMapped => source.IsMapped;

        public override long Limit => source.Limit;

        public override ReadOnlySpan<byte> Slice(long offset, int byteLength) => source.Slice(offset, byteLength);

        public override void EnsureCovers(long limit)
        {
            if (limit > source.Limit)
            {
                owner.Enter(DiskOperation.Map, path);
            }

            source.EnsureCovers(limit);
        }

        public override void Invalidate(long fromOffset) => source.Invalidate(fromOffset);

        protected override void ReleaseViews() => source.Dispose();
    }
}
