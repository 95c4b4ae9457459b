using EmbedCache.Storage;
using EmbedCache.TestSupport;

namespace EmbedCache.Faults.Disk;

/// <summary>
/// A file system in memory over sector images, cheap enough to be made anew for each of hundreds of thousands of crash states. It keeps locks as the
/// real one does, and can be limited in size.
/// </summary>
internal sealed class ImageFileSystem : IFileSystem
{
    private readonly Dictionary<string, ImageInode> _names = new(StringComparer.Ordinal);
    private readonly object _gate = new();
    private ulong _nextNumber = 1;

    /// <summary>Which run of the machine this is.</summary>
    public ulong Boot { get; init; } = 1;

    /// <summary>Bytes that all files together may take.</summary>
    public long Quota { get; set; } = long.MaxValue;

    /// <summary>Whether room can be reserved and holes be punched.</summary>
    public bool KnowsAllocation { get; init; } = true;

    /// <summary>Puts a file there.</summary>
    public void Put(string path, SectorImage content, ulong number = 0)
    {
        number = number == 0 ? _nextNumber : number;
        _nextNumber = Math.Max(_nextNumber, number + 1);
        _names[path] = new ImageInode(number, content);
    }

    /// <summary>Numbers up to this one were given to files that are gone.</summary>
    public void StartNumbersAfter(ulong number) => _nextNumber = Math.Max(_nextNumber, number + 1);

    public bool Exists(string path) => _names.ContainsKey(path);

    public SectorImage Content(string path) => _names[path].Content;

    public IEnumerable<string> Names => _names.Keys;

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false)
    {
        lock (_gate)
        {
            if (mode == FileOpenMode.CreateNew)
            {
                if (_names.ContainsKey(path))
                {
                    throw new IOException($"It exists already ('{path}').");
                }

                Put(path, new SectorImage());
            }

            return _names.TryGetValue(path, out ImageInode? inode)
                ? new ImageFile(this, inode, path, mode != FileOpenMode.Read)
                : throw new FileNotFoundException("There is no such file.", path);
        }
    }

    public FileIdentity? Identify(string path)
    {
        lock (_gate)
        {
            return _names.TryGetValue(path, out ImageInode? inode) ? new FileIdentity(1, inode.Number) : null;
        }
    }

    public Volume Inspect(string path) => Volume.Local;

    public string ResolveLinks(string path) => path;

    public void Replace(string source, string destination)
    {
        lock (_gate)
        {
            if (!_names.Remove(source, out ImageInode? inode))
            {
                throw new FileNotFoundException("There is no such file.", source);
            }

            _names[destination] = inode;
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            _names.Remove(path);
        }
    }

    public void SyncDirectory(string directory)
    {
    }

    public void CopyOwnership(string from, string to)
    {
    }

    private long Used => _names.Values.Sum(static inode => inode.Used);

    private sealed class ImageInode(ulong number, SectorImage content)
    {
        public ulong Number => number;

        public SectorImage Content => content;

        /// <summary>Blocks reserved past the end.</summary>
        public long ReservedTo { get; set; }

        public long Used => Math.Max(content.Length, ReservedTo);

        public RangeLocks Locks { get; } = new();
    }

    private sealed class ImageFile(ImageFileSystem disk, ImageInode inode, string path, bool canWrite) : IStoreFile
    {
        private bool _isDisposed;

        public string Path => path;

        public bool CanWrite => canWrite;

        public FileIdentity Identity => new(1, inode.Number);

        public long Length
        {
            get
            {
                lock (disk._gate)
                {
                    return inode.Content.Length;
                }
            }
        }

        public int ReadAt(long offset, Span<byte> buffer)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return inode.Content.Read(offset, buffer);
            }
        }

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
        {
            lock (disk._gate)
            {
                RequireWritable();
                long room = disk.Quota == long.MaxValue ? long.MaxValue : Math.Max(0, disk.Quota - disk.Used + inode.Used - offset);
                int fits = (int)Math.Min(buffer.Length, room);
                inode.Content.Write(offset, buffer[..fits]);
                if (fits < buffer.Length)
                {
                    throw new DeviceFailedException("Cannot write the file: the device is full", path, offset + fits, isFull: true);
                }
            }
        }

        public void SetLength(long length)
        {
            lock (disk._gate)
            {
                RequireWritable();
                inode.Content.SetLength(length);
                inode.ReservedTo = 0;
            }
        }

        public bool TryAllocate(long offset, long length, bool keepSize)
        {
            lock (disk._gate)
            {
                RequireWritable();
                if (!disk.KnowsAllocation || (disk.Quota != long.MaxValue && offset + length - inode.Used > disk.Quota - disk.Used))
                {
                    return false;
                }

                inode.ReservedTo = Math.Max(inode.ReservedTo, offset + length);
                if (!keepSize && offset + length > inode.Content.Length)
                {
                    inode.Content.SetLength(offset + length);
                }

                return true;
            }
        }

        public bool TryPunchHole(long offset, long length)
        {
            lock (disk._gate)
            {
                RequireWritable();
                if (disk.KnowsAllocation)
                {
                    inode.Content.Clear(offset, length);
                }

                return disk.KnowsAllocation;
            }
        }

        public void Flush()
        {
            lock (disk._gate)
            {
                RequireWritable();
            }
        }

        public ByteSource OpenSource(bool positional) => new PositionalSource(this);

        public bool TryLock(long offset, long length, LockKind kind)
        {
            lock (disk._gate)
            {
                return inode.Locks.TryTake(this, offset, length, kind);
            }
        }

        public void Unlock(long offset, long length)
        {
            lock (disk._gate)
            {
                inode.Locks.Release(this, offset, length);
            }
        }

        public bool? IsLockedByOther(long offset, long length) => FindLowestLock(offset, length) is not null;

        public long? FindLowestLock(long offset, long length)
        {
            lock (disk._gate)
            {
                return inode.Locks.FindLowest(this, offset, length);
            }
        }

        public void Dispose()
        {
            lock (disk._gate)
            {
                _isDisposed = true;
                inode.Locks.ReleaseAll(this);
            }
        }

        private void RequireWritable()
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!canWrite)
            {
                throw new InvalidOperationException("A file that was opened for reading was written.");
            }
        }
    }
}
