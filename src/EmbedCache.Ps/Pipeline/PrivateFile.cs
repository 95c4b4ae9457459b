namespace EmbedCache.PowerShell;

/// <summary>Temporary files that only their owner can read and that are gone when they are closed, also by a crash where the system can.</summary>
internal static class PrivateFile
{
    private const int BufferByteLength = 1 << 16;

    public static FileStream Create()
    {
        string path = Path.Combine(Path.GetTempPath(), "EmbedCache-" + Guid.NewGuid().ToString("N") + ".tmp");
#if NET8_0_OR_GREATER
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = BufferByteLength,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows())
        {
            // Without a name from here on: nothing is left behind even by kill -9.
            File.Delete(path);
        }

        return file;
#else
        // Windows PowerShell: the temporary folder is the user's own.
        return new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferByteLength, FileOptions.DeleteOnClose);
#endif
    }
}
