using EmbedCache.Storage;
using EmbedCache.TestSupport;

namespace EmbedCache.Tests.Engine;

/// <summary>What a test asked the memory file system to do to one call.</summary>
internal enum Fault
{
    None,

    /// <summary>fsync fails: the handle is poisoned, what was pending may or may not reach the disk.</summary>
    FlushFails,

    /// <summary>The device refuses the call.</summary>
    Fails,

    /// <summary>A write puts down half of its bytes, then the device refuses the rest.</summary>
    ShortWrite,
}

/// <summary>The kinds of call that change something.</summary>
internal enum Change
{
    Create,
    Write,
    SetLength,
    Allocate,
    Punch,
    Flush,
    Replace,
    Delete,
    SyncDirectory,
}

/// <summary>The power went out: everything fails from here on, and the process is as good as dead.</summary>
internal sealed class PowerLostException() : Exception("power lost");

/// <summary>
/// A file system in memory that keeps, for each file, what is durable and what is only pending, counts every call that changes something, and
/// can fail any of them, run full, or lose power at any of them. After a power loss <see cref="Survivor"/> gives a disk on which each pending
/// 512-byte sector is there, is not, or is torn, and on which truncations and renames may have been forgotten.
/// </summary>
internal sealed class MemoryFileSystem : IFileSystem
{
    private readonly Dictionary<string, MemoryInode> _names = new(StringComparer.Ordinal);
    private readonly List<Action<Dictionary<string, MemoryInode>>> _pendingNames = [];
    private Dictionary<string, MemoryInode> _durableNames = new(StringComparer.Ordinal);
    private ulong _nextInode = 1;
    private bool _isOff;

    public object Gate { get; } = new();

    /// <summary>How many calls changed something.</summary>
    public int ChangeCount { get; private set; }

    /// <summary>Which run of the machine this is.</summary>
    public ulong Boot { get; private set; } = 1;

    /// <summary>The power goes out in the call of this number, counted from 1.</summary>
    public int PowerLossAt { get; set; } = int.MaxValue;

    /// <summary>Bytes that all files together may take.</summary>
    public long Quota { get; set; } = long.MaxValue;

    /// <summary>Asked before each call that changes something.</summary>
    public Func<Change, string, Fault> OnChange { get; set; } = static (_, _) => Fault.None;

    /// <summary>Bytes that are taken.</summary>
    public long Used => _names.Values.Distinct().Sum(static inode => inode.Used);

    /// <summary>How many changes of a kind there were.</summary>
    public Dictionary<Change, int> Counts { get; } = [];

    /// <summary>The bytes of a file as everybody sees them now.</summary>
    public byte[] Read(string path)
    {
        lock (Gate)
        {
            return _names[path].Content.ToArray();
        }
    }

    /// <summary>Puts a file there, durably.</summary>
    public void Put(string path, ReadOnlySpan<byte> content)
    {
        lock (Gate)
        {
            var inode = new MemoryInode(_nextInode++, content.ToArray());
            _names[path] = inode;
            _durableNames[path] = inode;
        }
    }

    public bool Exists(string path) => _names.ContainsKey(path);

    /// <summary>What is left on the disk after the power went out now.</summary>
    public MemoryFileSystem Survivor(Random random)
    {
        lock (Gate)
        {
            _isOff = true;
            var names = new Dictionary<string, MemoryInode>(_durableNames, StringComparer.Ordinal);
            int kept = random.Next(_pendingNames.Count + 1);
            foreach (Action<Dictionary<string, MemoryInode>> change in _pendingNames.Take(kept))
            {
                change(names);
            }

            var survivor = new MemoryFileSystem { Boot = Boot + 1 };
            foreach (KeyValuePair<string, MemoryInode> name in names)
            {
                survivor.Put(name.Key, name.Value.Surviving(random));
            }

            return survivor;
        }
    }

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false)
    {
        lock (Gate)
        {
            if (mode == FileOpenMode.CreateNew)
            {
                if (_names.ContainsKey(path))
                {
                    throw new IOException($"It exists already ('{path}').");
                }

                Enter(Change.Create, path);
                var created = new MemoryInode(_nextInode++, []);
                _names[path] = created;
                _pendingNames.Add(names => names[path] = created);
            }

            return _names.TryGetValue(path, out MemoryInode? inode)
                ? new MemoryFile(this, inode, path, mode != FileOpenMode.Read)
                : throw new FileNotFoundException("There is no such file.", path);
        }
    }

    public FileIdentity? Identify(string path)
    {
        lock (Gate)
        {
            return _names.TryGetValue(path, out MemoryInode? inode) ? new FileIdentity(1, inode.Number) : null;
        }
    }

    /// <summary>What the tests pretend that the files are on.</summary>
    public Volume Volume { get; set; } = Volume.Local;

    public Volume Inspect(string path) => Volume;

    public string ResolveLinks(string path) => path;

    public void Replace(string source, string destination)
    {
        lock (Gate)
        {
            Enter(Change.Replace, destination);
            void Rename(Dictionary<string, MemoryInode> names)
            {
                if (names.Remove(source, out MemoryInode? inode))
                {
                    names[destination] = inode;
                }
            }

            Rename(_names);
            _pendingNames.Add(Rename);
        }
    }

    public void Delete(string path)
    {
        lock (Gate)
        {
            if (_names.Remove(path))
            {
                Enter(Change.Delete, path);
                _pendingNames.Add(names => names.Remove(path));
            }
        }
    }

    public void SyncDirectory(string directory)
    {
        lock (Gate)
        {
            Enter(Change.SyncDirectory, directory);
            _durableNames = new Dictionary<string, MemoryInode>(_names, StringComparer.Ordinal);
            _pendingNames.Clear();
        }
    }

    public void CopyOwnership(string from, string to)
    {
    }

    /// <summary>Counts a change and does to it what the test wants.</summary>
    public Fault Enter(Change change, string path)
    {
        ThrowIfOff();
        ChangeCount++;
        Counts[change] = Counts.TryGetValue(change, out int count) ? count + 1 : 1;
        if (ChangeCount >= PowerLossAt)
        {
            _isOff = true;
            if (change is not Change.Write)
            {
                throw new PowerLostException();
            }
        }

        Fault fault = OnChange(change, path);
        return fault == Fault.Fails ? throw new DeviceFailedException($"{change} refused by the test", path) : fault;
    }

    public void ThrowIfOff()
    {
        if (_isOff)
        {
            throw new PowerLostException();
        }
    }
}

/// <summary>One file's bytes, durable and pending.</summary>
internal sealed class MemoryInode(ulong number, byte[] content)
{
    private const int Sector = 512;

    private readonly List<Pending> _pending = [];
    private byte[] _durable = (byte[])content.Clone();

    public ulong Number { get; } = number;

    public byte[] Content { get; private set; } = content;

    /// <summary>Blocks reserved past the end.</summary>
    public long ReservedTo { get; set; }

    public long Used => Math.Max(Content.Length, ReservedTo);

    public RangeLocks Locks { get; } = new();

    public void Write(long offset, byte[] bytes) => Apply(new Pending(offset, bytes, -1));

    public void SetLength(long length) => Apply(new Pending(0, [], length));

    public void Flush()
    {
        foreach (Pending change in _pending)
        {
            _durable = Applied(_durable, change);
        }

        _pending.Clear();
    }

    /// <summary>The bytes after a power loss.</summary>
    public byte[] Surviving(Random random)
    {
        byte[] bytes = (byte[])_durable.Clone();

        // All, nothing, or each sector by chance.
        double chance = random.Next(4) switch { 0 => 1.0, 1 => 0.0, _ => random.NextDouble() };
        foreach (Pending change in _pending)
        {
            if (change.Length >= 0)
            {
                if (random.NextDouble() < chance)
                {
                    Array.Resize(ref bytes, (int)change.Length);
                }

                continue;
            }

            for (int from = 0; from < change.Bytes.Length;)
            {
                int to = (int)Math.Min(change.Bytes.Length, (((change.Offset + from) / Sector) + 1) * Sector - change.Offset);
                if (random.NextDouble() < chance)
                {
                    int length = random.Next(8) == 0 ? random.Next(to - from) : to - from;
                    bytes = WriteTo(bytes, change.Offset + from, change.Bytes.AsSpan(from, length));
                }

                from = to;
            }
        }

        return bytes;
    }

    private static byte[] WriteTo(byte[] bytes, long offset, ReadOnlySpan<byte> written)
    {
        if (bytes.Length < offset + written.Length)
        {
            Array.Resize(ref bytes, (int)offset + written.Length);
        }

        written.CopyTo(bytes.AsSpan((int)offset));
        return bytes;
    }

    private void Apply(Pending change)
    {
        _pending.Add(change);
        Content = Applied(Content, change);
    }

    private static byte[] Applied(byte[] bytes, Pending change)
    {
        if (change.Length < 0)
        {
            return WriteTo(bytes, change.Offset, change.Bytes);
        }

        Array.Resize(ref bytes, (int)change.Length);
        return bytes;
    }

    /// <summary>A write, or with a length a truncation or extension.</summary>
    private readonly record struct Pending(long Offset, byte[] Bytes, long Length);
}

/// <summary>An open file of a <see cref="MemoryFileSystem"/>.</summary>
internal sealed class MemoryFile(MemoryFileSystem fileSystem, MemoryInode inode, string path, bool canWrite) : IStoreFile
{
    private bool _isPoisoned;
    private bool _isDisposed;

    public string Path => path;

    public bool CanWrite => canWrite;

    public FileIdentity Identity => new(1, inode.Number);

    public long Length
    {
        get
        {
            lock (fileSystem.Gate)
            {
                return inode.Content.Length;
            }
        }
    }

    public int ReadAt(long offset, Span<byte> buffer)
    {
        lock (fileSystem.Gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            int count = (int)Math.Max(0, Math.Min(buffer.Length, inode.Content.Length - offset));
            if (count > 0)
            {
                inode.Content.AsSpan((int)offset, count).CopyTo(buffer);
            }

            return count;
        }
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        lock (fileSystem.Gate)
        {
            RequireWritable();
            bool half = fileSystem.Enter(Change.Write, path) == Fault.ShortWrite;
            long room = fileSystem.Quota == long.MaxValue ? long.MaxValue : fileSystem.Quota - fileSystem.Used + inode.Used - offset;
            int fits = (int)Math.Min(half ? buffer.Length / 2 : buffer.Length, Math.Max(0, room));
            inode.Write(offset, buffer[..fits].ToArray());
            fileSystem.ThrowIfOff();
            if (fits < buffer.Length)
            {
                throw new DeviceFailedException("Cannot write the file: the device is full", path, offset + fits, isFull: !half);
            }
        }
    }

    public void SetLength(long length)
    {
        lock (fileSystem.Gate)
        {
            RequireWritable();
            fileSystem.Enter(Change.SetLength, path);
            inode.SetLength(length);
            inode.ReservedTo = 0;
        }
    }

    public bool TryAllocate(long offset, long length, bool keepSize)
    {
        lock (fileSystem.Gate)
        {
            RequireWritable();
            fileSystem.Enter(Change.Allocate, path);
            if (fileSystem.Quota != long.MaxValue && offset + length - inode.Used > fileSystem.Quota - fileSystem.Used)
            {
                return false;
            }

            inode.ReservedTo = Math.Max(inode.ReservedTo, offset + length);
            if (!keepSize && inode.Content.Length < offset + length)
            {
                inode.SetLength(offset + length);
            }

            return true;
        }
    }

    public bool TryPunchHole(long offset, long length)
    {
        lock (fileSystem.Gate)
        {
            RequireWritable();
            fileSystem.Enter(Change.Punch, path);
            inode.Write(offset, new byte[length]);
            return true;
        }
    }

    public void Flush()
    {
        lock (fileSystem.Gate)
        {
            RequireWritable();
            if (fileSystem.Enter(Change.Flush, path) == Fault.FlushFails)
            {
                _isPoisoned = true;
                throw new DeviceFailedException("Cannot make the file durable", path, isPoisoned: true);
            }

            inode.Flush();
        }
    }

    public ByteSource OpenSource(bool positional) => new PositionalSource(this);

    public bool TryLock(long offset, long length, LockKind kind)
    {
        lock (fileSystem.Gate)
        {
            return inode.Locks.TryTake(this, offset, length, kind);
        }
    }

    public void Unlock(long offset, long length)
    {
        lock (fileSystem.Gate)
        {
            inode.Locks.Release(this, offset, length);
        }
    }

    public bool? IsLockedByOther(long offset, long length) => FindLowestLock(offset, length) is not null;

    public long? FindLowestLock(long offset, long length)
    {
        lock (fileSystem.Gate)
        {
            return inode.Locks.FindLowest(this, offset, length);
        }
    }

    public void Dispose()
    {
        lock (fileSystem.Gate)
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

        if (_isPoisoned)
        {
            throw new DeviceFailedException("An earlier flush failed", path, isPoisoned: true);
        }
    }
}
