using EmbedCache.Format;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Mutants;

/// <summary>Passes calls on, with one of them done wrong.</summary>
internal sealed class MutantFileSystem(IFileSystem inner) : IFileSystem
{
    public Action<IStoreFile> Flush { get; init; } = static file => file.Flush();

    public bool SyncsDirectories { get; init; } = true;

    public bool PutsFlushOffTillSlot { get; init; }

    public bool SwallowsWriteFailures { get; init; }

    public long PunchesEarlierBy { get; init; }

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false) => new MutantFile(this, inner.Open(path, mode, ownerOnly));

    public FileIdentity? Identify(string path) => inner.Identify(path);

    public Volume Inspect(string path) => inner.Inspect(path);

    public string ResolveLinks(string path) => inner.ResolveLinks(path);

    public void Replace(string source, string destination) => inner.Replace(source, destination);

    public void Delete(string path) => inner.Delete(path);

    public void SyncDirectory(string directory)
    {
        if (SyncsDirectories)
        {
            inner.SyncDirectory(directory);
        }
    }

    public void CopyOwnership(string from, string to) => inner.CopyOwnership(from, to);

    private sealed class MutantFile(MutantFileSystem owner, IStoreFile file) : IStoreFile
    {
        private bool _owesFlush;

        public string Path => file.Path;

        public bool CanWrite => file.CanWrite;

        public FileIdentity Identity => file.Identity;

        public long Length => file.Length;

        public int ReadAt(long offset, Span<byte> buffer) => file.ReadAt(offset, buffer);

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
        {
            try
            {
                file.WriteAt(offset, buffer);
            }
            catch (DeviceFailedException) when (owner.SwallowsWriteFailures)
            {
            }

            if (_owesFlush && offset < FormatConstants.LogOffset)
            {
                _owesFlush = false;
                file.Flush();
            }
        }

        public void SetLength(long length) => file.SetLength(length);

        public bool TryAllocate(long offset, long length, bool keepSize) => file.TryAllocate(offset, length, keepSize);

        public bool TryPunchHole(long offset, long length) => file.TryPunchHole(offset - owner.PunchesEarlierBy, length + owner.PunchesEarlierBy);

        public void Flush()
        {
            if (owner.PutsFlushOffTillSlot)
            {
                _owesFlush = true;
            }
            else
            {
                owner.Flush(file);
            }
        }

        public ByteSource OpenSource(bool positional) => file.OpenSource(positional);

        public bool TryLock(long offset, long length, LockKind kind) => file.TryLock(offset, length, kind);

        public void Unlock(long offset, long length) => file.Unlock(offset, length);

        public bool? IsLockedByOther(long offset, long length) => file.IsLockedByOther(offset, length);

        public long? FindLowestLock(long offset, long length) => file.FindLowestLock(offset, length);

        public void Dispose() => file.Dispose();
    }
}
