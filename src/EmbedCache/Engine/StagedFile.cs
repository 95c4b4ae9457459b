using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// A file that is written under a name of its own beside the place where it belongs, and gets there in one step or not at all. The name is always the
/// same for one place and purpose, so that what a crash left is found and removed by the next try: it may hold what was to be erased. Nothing that
/// stands at that name is ever written to: it is removed, link or not, and the file created new.
/// </summary>
internal sealed class StagedFile : IDisposable
{
    private readonly IFileSystem _fileSystem;
    private bool _isInPlace;

    /// <param name="fileSystem">Where.</param>
    /// <param name="destination">Where the file belongs: a full path, links resolved.</param>
    /// <param name="purpose">What is appended to that for the name meanwhile, as ".backup".</param>
    public StagedFile(IFileSystem fileSystem, string destination, string purpose)
    {
        _fileSystem = fileSystem;
        Destination = destination;
        Path = destination + purpose;
        fileSystem.Delete(Path);
    }

    /// <summary>Where the file belongs.</summary>
    public string Destination { get; }

    /// <summary>Where it is until then.</summary>
    public string Path { get; }

    /// <summary>Renames it into place and makes that durable. The file itself must be durable already.</summary>
    /// <exception cref="IOException">Something stands there and is not to be replaced, or the system refuses.</exception>
    public void PutInPlace(bool overwrite)
    {
        RequireFree(_fileSystem, Destination, overwrite);
        _fileSystem.Replace(Path, Destination);
        _isInPlace = true;
        _fileSystem.SyncDirectory(System.IO.Path.GetDirectoryName(Destination)!);
    }

    /// <summary>Refuses a destination where something stands that is not to be replaced.</summary>
    public static void RequireFree(IFileSystem fileSystem, string destination, bool overwrite)
    {
        if (!overwrite && fileSystem.Identify(destination) is not null)
        {
            throw new IOException($"The file '{destination}' is already there");
        }
    }

    /// <summary>Removes what did not get into place.</summary>
    public void Dispose()
    {
        if (!_isInPlace)
        {
            _fileSystem.Delete(Path);
        }
    }
}
