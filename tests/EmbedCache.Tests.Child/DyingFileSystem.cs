using System.Diagnostics;
using EmbedCache.Storage;

namespace EmbedCache.Tests.Child;

/// <summary>The real file system, on which this process is killed as soon as it has renamed a file into place.</summary>
internal sealed class DyingFileSystem : IFileSystem
{
    private readonly IFileSystem _real = PlatformFileSystem.Instance;

    public IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false) => _real.Open(path, mode, ownerOnly);

    public FileIdentity? Identify(string path) => _real.Identify(path);

    public Volume Inspect(string path) => _real.Inspect(path);

    public string ResolveLinks(string path) => _real.ResolveLinks(path);

    public void Replace(string source, string destination)
    {
        _real.Replace(source, destination);
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    public void Delete(string path) => _real.Delete(path);

    public void SyncDirectory(string directory) => _real.SyncDirectory(directory);

    public void CopyOwnership(string from, string to) => _real.CopyOwnership(from, to);
}
