using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// What is done where a file is not on a local file system: it is read by position, since maps are not coherent between machines and a file that
/// shrinks under a map ends the process; and it is not written, since locks that do not reach the other machine let two writers destroy it.
/// </summary>
internal static class VolumePolicy
{
    /// <summary>Whether a file is to be read by position.</summary>
    /// <param name="fileSystem">Where it is.</param>
    /// <param name="path">The file, or the place where it will be.</param>
    /// <param name="options">What the caller wants and allows.</param>
    /// <param name="forWriting">Whether it is to be written in place, under its locks.</param>
    /// <exception cref="NetworkFileSystemException">It is, and that was not allowed.</exception>
    public static bool ReadsByPosition(IFileSystem fileSystem, string path, EmbeddingCacheOptions options, bool forWriting)
    {
        Volume volume = fileSystem.Inspect(path);
        if (volume.Kind == VolumeKind.Local)
        {
            return options.PositionalReads;
        }

        if (forWriting && !options.AllowNetworkFileSystem)
        {
            string kind = volume.Kind == VolumeKind.Network ? $"a network file system ({volume.Name})" : $"a file system that is not known to keep its locks ({volume.Name})";
            throw new NetworkFileSystemException(
                $"The file is on {kind}. Two writers on two machines could destroy it there, so writing is refused. Open it for reading; or, where no other machine uses it meanwhile, say so (AllowNetworkFileSystem); or put it on a local disk",
                path,
                volume.Name);
        }

        return true;
    }
}
