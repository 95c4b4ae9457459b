using EmbedCache.Storage;

namespace EmbedCache.Faults.Disk;

/// <summary>Writes down every call that the engine makes of a file system, in order, and passes it on.</summary>
internal sealed class RecordingFileSystem(IFileSystem inner) : IFileSystem
{
    private readonly object _gate = new();

    /// <summary>What was called so far.</summary>
    public List<DiskEvent> Trace { get; } = [];

    /// <summary>Also calls that change nothing.</summary>
    public bool RecordsReads { get; init; }

    /// <summary>What is promised at the moment.</summary>
    public Func<Expectation> Promised { get; set; } = static () => default;

    /// <summary>Files that are open now.</summary>
    public int OpenCount { get; private set; }

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false)
    {
        IStoreFile file = inner.Open(path, mode, ownerOnly);
        Add(new DiskEvent(mode == FileOpenMode.CreateNew ? DiskOperation.Create : DiskOperation.Open, file.Path, file.Identity.File));
        OpenCount++;
        return new RecordingFile(this, file);
    }

    public FileIdentity? Identify(string path)
    {
        Add(new DiskEvent(DiskOperation.Identify, path));
        return inner.Identify(path);
    }

    public Volume Inspect(string path)
    {
        Add(new DiskEvent(DiskOperation.Inspect, path));
        return inner.Inspect(path);
    }

    public string ResolveLinks(string path)
    {
        Add(new DiskEvent(DiskOperation.Resolve, path));
        return inner.ResolveLinks(path);
    }

    public void Replace(string source, string destination)
    {
        inner.Replace(source, destination);
        Add(new DiskEvent(DiskOperation.Replace, destination, Source: source));
    }

    public void Delete(string path)
    {
        inner.Delete(path);
        Add(new DiskEvent(DiskOperation.Delete, path));
    }

    public void SyncDirectory(string directory)
    {
        inner.SyncDirectory(directory);
        Add(new DiskEvent(DiskOperation.SyncDirectory, directory));
    }

    public void CopyOwnership(string from, string to)
    {
        inner.CopyOwnership(from, to);
        Add(new DiskEvent(DiskOperation.CopyOwnership, to, Source: from));
    }

    /// <summary>Notes that a file's flush was made to fail above.</summary>
    public void FlushFailed(IStoreFile file, int seed) => Add(new DiskEvent(DiskOperation.FlushFailed, file.Path, file.Identity.File, seed));

    /// <summary>Notes that what is promised has changed.</summary>
    public void Promise() => Add(new DiskEvent(DiskOperation.Promise, string.Empty));

    private void Add(DiskEvent call)
    {
        if (RecordsReads || call.ChangesDisk || call.Operation == DiskOperation.Promise)
        {
            lock (_gate)
            {
                Trace.Add(call with { Promised = Promised() });
            }
        }
    }

    private sealed class RecordingFile(RecordingFileSystem owner, IStoreFile file) : IStoreFile
    {
        private bool _isDisposed;

        public string Path => file.Path;

        public bool CanWrite => file.CanWrite;

        public FileIdentity Identity => file.Identity;

        public long Length
        {
            get
            {
                owner.Add(Call(DiskOperation.Length));
                return file.Length;
            }
        }

        public int ReadAt(long offset, Span<byte> buffer)
        {
            owner.Add(Call(DiskOperation.Read, offset, buffer.Length));
            return file.ReadAt(offset, buffer);
        }

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
        {
            file.WriteAt(offset, buffer);
            owner.Add(Call(DiskOperation.Write, offset, buffer.Length) with { Bytes = buffer.ToArray() });
        }

        public void SetLength(long length)
        {
            file.SetLength(length);
            owner.Add(Call(DiskOperation.SetLength, length: length));
        }

        public bool TryAllocate(long offset, long length, bool keepSize)
        {
            bool done = file.TryAllocate(offset, length, keepSize);
            if (done)
            {
                owner.Add(Call(DiskOperation.Allocate, offset, length) with { GrowsFile = !keepSize });
            }

            return done;
        }

        public bool TryPunchHole(long offset, long length)
        {
            bool done = file.TryPunchHole(offset, length);
            if (done)
            {
                owner.Add(Call(DiskOperation.Punch, offset, length));
            }

            return done;
        }

        public void Flush()
        {
            file.Flush();
            owner.Add(Call(DiskOperation.Flush));
        }

        public ByteSource OpenSource(bool positional)
        {
            owner.Add(Call(DiskOperation.Map));
            return file.OpenSource(positional);
        }

        public bool TryLock(long offset, long length, LockKind kind)
        {
            owner.Add(Call(DiskOperation.Lock, offset, length));
            return file.TryLock(offset, length, kind);
        }

        public void Unlock(long offset, long length)
        {
            owner.Add(Call(DiskOperation.Unlock, offset, length));
            file.Unlock(offset, length);
        }

        public bool? IsLockedByOther(long offset, long length)
        {
            owner.Add(Call(DiskOperation.Query, offset, length));
            return file.IsLockedByOther(offset, length);
        }

        public long? FindLowestLock(long offset, long length)
        {
            owner.Add(Call(DiskOperation.Query, offset, length));
            return file.FindLowestLock(offset, length);
        }

        public void Dispose()
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                owner.OpenCount--;
            }

            file.Dispose();
        }

        private DiskEvent Call(DiskOperation operation, long offset = 0, long length = 0) => new(operation, file.Path, file.Identity.File, offset, length);
    }
}
