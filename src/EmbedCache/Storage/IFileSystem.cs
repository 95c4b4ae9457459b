namespace EmbedCache.Storage;

/// <summary>How a file is opened.</summary>
internal enum FileOpenMode
{
    /// <summary>A file that is there, for reading.</summary>
    Read,

    /// <summary>A file that is there, for reading and writing.</summary>
    ReadWrite,

    /// <summary>A file that must not be there yet, for reading and writing.</summary>
    CreateNew,
}

/// <summary>
/// All that the engine asks of a file system. Everything goes through here and <see cref="IStoreFile"/>, so that tests can record,
/// fail and replay every call.
/// </summary>
internal interface IFileSystem
{
    /// <summary>Opens a regular file. Nobody else is kept out: that is what <see cref="IStoreFile.TryLock"/> is for.</summary>
    /// <param name="path">The file; links are followed, except by <see cref="FileOpenMode.CreateNew"/>, which refuses one.</param>
    /// <param name="mode">For reading, for writing, or to be created.</param>
    /// <param name="ownerOnly">With <see cref="FileOpenMode.CreateNew"/>: readable and writable by its owner alone, whatever the umask.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DirectoryNotFoundException">The directory does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">The caller may not, or the file is marked read-only and was to be written.</exception>
    /// <exception cref="NotAnEdbFileException">The path leads to a directory or a device.</exception>
    /// <exception cref="DeviceFailedException">A full or read-only file system, an I/O error.</exception>
    /// <exception cref="PlatformNotSupportedException">Writing on a system whose locks this build cannot trust.</exception>
    /// <exception cref="IOException">The file to be created exists, or the system is out of descriptors.</exception>
    IStoreFile Open(string path, FileOpenMode mode, bool ownerOnly = false);

    /// <summary>Which file the path leads to now; null when there is none. Called once a transaction, so it allocates nothing.</summary>
    FileIdentity? Identify(string path);

    /// <summary>What kind of file system a file is on, or its directory where there is no file yet. Unknown where the system does not say.</summary>
    Volume Inspect(string path);

    /// <summary>
    /// The full path with every link resolved. Where the file itself does not exist, the directory is resolved and the name kept.
    /// </summary>
    string ResolveLinks(string path);

    /// <summary>Renames <paramref name="source"/> over <paramref name="destination"/> in one step; durable after <see cref="SyncDirectory"/>.</summary>
    void Replace(string source, string destination);

    /// <summary>Removes the name; nothing happens when there is none.</summary>
    void Delete(string path);

    /// <summary>Makes the names in a directory durable: what was created, renamed or deleted there.</summary>
    void SyncDirectory(string directory);

    /// <summary>
    /// Gives one file the mode and, where the system allows it, the owner and group of another. Where the group cannot be given, the
    /// group's rights are narrowed to those of everybody, so that no other group gains by it.
    /// </summary>
    void CopyOwnership(string from, string to);
}
