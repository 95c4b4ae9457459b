using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using EmbedCache.Storage;

namespace EmbedCache.Fuzz;

/// <summary>
/// Files in memory for one process, made to be cheap: opening one copies nothing, reads are slices of the array. Nothing is ever reserved, nothing is ever
/// lost. It can note which bytes were read.
/// </summary>
internal sealed class ByteFileSystem : IFileSystem
{
    private readonly ConcurrentDictionary<string, ByteContent> _files = new(StringComparer.Ordinal);
    private ulong _nextNumber = 1;

    /// <summary>Where each byte that anybody read of any file is marked; null notes nothing.</summary>
    public bool[]? Touched { get; set; }

    /// <summary>Bytes that all files together may come to: what is written past it fails as on a full disk.</summary>
    public long Quota { get; set; } = long.MaxValue;

    /// <summary>The bytes of a file now.</summary>
    public ReadOnlySpan<byte> Read(string path) => _files[path].Bytes;

    public bool Exists(string path) => _files.ContainsKey(path);

    /// <summary>Puts a file there. The array is the file from now on, not a copy of it.</summary>
    public void Put(string path, byte[] content) => _files[path] = new ByteContent(_nextNumber++, content);

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false)
    {
        if (mode == FileOpenMode.CreateNew)
        {
            if (_files.ContainsKey(path))
            {
                throw new IOException($"It exists already ('{path}').");
            }

            Put(path, []);
        }

        return _files.TryGetValue(path, out ByteContent? content)
            ? new ByteFile(this, content, path, mode != FileOpenMode.Read)
            : throw new FileNotFoundException("There is no such file.", path);
    }

    public FileIdentity? Identify(string path) => _files.TryGetValue(path, out ByteContent? content) ? new FileIdentity(1, content.Number) : null;

    public Volume Inspect(string path) => Volume.Local;

    public string ResolveLinks(string path) => path;

    public void Replace(string source, string destination)
    {
        if (_files.TryRemove(source, out ByteContent? content))
        {
            _files[destination] = content;
        }
    }

    public void Delete(string path) => _files.TryRemove(path, out _);

    public void SyncDirectory(string directory)
    {
    }

    public void CopyOwnership(string from, string to)
    {
    }

    public void RequireRoom(ByteContent grown, long length, string path)
    {
        long others = 0;
        foreach (ByteContent content in _files.Values)
        {
            others += ReferenceEquals(content, grown) ? 0 : content.Bytes.Length;
        }

        if (length > Quota - others)
        {
            throw new DeviceFailedException("Cannot write the file: the device is full", path, isFull: true);
        }
    }
}

/// <summary>The bytes of one file.</summary>
internal sealed class ByteContent(ulong number, byte[] bytes)
{
    // Replaced as one, so that whoever reads while somebody writes has an array as long as he thinks.
    private volatile Extent _extent = new(bytes, bytes.Length);

    public ulong Number { get; } = number;

    public ByteLocks Locks { get; } = new();

    public Span<byte> Bytes
    {
        get
        {
            Extent extent = _extent;
            return extent.Bytes.AsSpan(0, extent.Length);
        }
    }

    public GCHandle Pin() => GCHandle.Alloc(_extent.Bytes, GCHandleType.Pinned);

    public void SetLength(int length)
    {
        (byte[] bytes, int before) = _extent;
        if (length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(length, bytes.Length * 2));
        }
        else if (length < before)
        {
            // In a new array: spans of the old one stay what they were, as pages of a mapping that somebody still reads do not.
            bytes = bytes.AsSpan(0, length).ToArray();
        }

        _extent = new Extent(bytes, length);
    }

    private sealed record Extent(byte[] Bytes, int Length);
}

/// <summary>An open file of a <see cref="ByteFileSystem"/>.</summary>
internal sealed class ByteFile(ByteFileSystem fileSystem, ByteContent content, string path, bool canWrite) : IStoreFile
{
    public string Path => path;

    public bool CanWrite => canWrite;

    public FileIdentity Identity => new(1, content.Number);

    public long Length => content.Bytes.Length;

    public int ReadAt(long offset, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Span<byte> bytes = content.Bytes;
        int count = (int)Math.Max(0, Math.Min(buffer.Length, bytes.Length - offset));
        if (count > 0)
        {
            bytes.Slice((int)offset, count).CopyTo(buffer);
            Note(offset, count);
        }

        return count;
    }

    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        RequireWritable();
        long end = offset + buffer.Length;
        if (end > Length)
        {
            Grow(end);
        }

        buffer.CopyTo(content.Bytes[(int)offset..]);
    }

    public void SetLength(long length)
    {
        RequireWritable();
        Grow(length);
    }

    public bool TryAllocate(long offset, long length, bool keepSize) => false;

    public bool TryPunchHole(long offset, long length)
    {
        RequireWritable();
        content.Bytes.Slice((int)offset, (int)length).Clear();
        return true;
    }

    public void Flush() => RequireWritable();

    public ByteSource OpenSource(bool positional) => positional ? new PositionalSource(this) : new ByteFileSource(this);

    public bool TryLock(long offset, long length, LockKind kind) => content.Locks.TryLock(this, offset, length, kind);

    public void Unlock(long offset, long length) => content.Locks.Unlock(this, offset, length);

    public bool? IsLockedByOther(long offset, long length) => content.Locks.FindLowest(this, offset, length) is not null;

    public long? FindLowestLock(long offset, long length) => content.Locks.FindLowest(this, offset, length);

    public void Dispose() => content.Locks.UnlockAll(this);

    public ReadOnlySpan<byte> Slice(long offset, int byteLength)
    {
        Note(offset, byteLength);
        return content.Bytes.Slice((int)offset, byteLength);
    }

    /// <summary>Keeps the array that the file is now where it is, until the handle is freed.</summary>
    public GCHandle Pin() => content.Pin();

    private void Note(long offset, int byteLength)
    {
        if (fileSystem.Touched is { } touched && offset < touched.Length)
        {
            touched.AsSpan((int)offset, (int)Math.Min(byteLength, touched.Length - offset)).Fill(true);
        }
    }

    private void Grow(long length)
    {
        fileSystem.RequireRoom(content, length, path);
        content.SetLength(checked((int)length));
    }

    private void RequireWritable()
    {
        if (!canWrite)
        {
            throw new InvalidOperationException("A file that was opened for reading was written.");
        }
    }
}

/// <summary>The bytes in place, as a mapping has them, with the same bounds.</summary>
internal sealed class ByteFileSource(ByteFile file) : ByteSource
{
    private readonly List<GCHandle> _pinned = [];
    private long _limit;

    public override bool IsMapped => true;

    public override long Limit => _limit;

    public override ReadOnlySpan<byte> Slice(long offset, int byteLength)
        => (ulong)offset > (ulong)_limit || (ulong)byteLength > (ulong)(_limit - offset)
            ? throw SourceErrors.OutOfBounds(file.Path, offset, byteLength, _limit)
            : file.Slice(offset, byteLength);

    public override void EnsureCovers(long limit)
    {
        if (limit > _limit)
        {
            _limit = limit <= file.Length ? limit : throw SourceErrors.Truncated(file.Path, file.Length, limit);
        }
    }

    public override void Invalidate(long fromOffset) => _limit = Math.Min(_limit, fromOffset);

    /// <summary>As of a mapping: the address stays good, and what it leads to may be older than what was written since.</summary>
    public override nint AddressOf(long offset, long byteLength)
    {
        if ((ulong)offset > (ulong)_limit || (ulong)byteLength > (ulong)(_limit - offset))
        {
            throw SourceErrors.OutOfBounds(file.Path, offset, (int)Math.Min(byteLength, int.MaxValue), _limit);
        }

        GCHandle pinned = file.Pin();
        lock (_pinned)
        {
            _pinned.Add(pinned);
        }

        return pinned.AddrOfPinnedObject() + (nint)offset;
    }

    protected override void ReleaseViews()
    {
        _limit = 0;
        lock (_pinned)
        {
            _pinned.ForEach(static pinned => pinned.Free());
            _pinned.Clear();
        }
    }
}
