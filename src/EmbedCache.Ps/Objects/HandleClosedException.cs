namespace EmbedCache.PowerShell;

/// <summary>A handle was used after it was closed.</summary>
public sealed class HandleClosedException : InvalidOperationException
{
    internal HandleClosedException(string path)
        : base($"The handle of '{path}' is closed. Open the file again with Open-EmbedCache, or use -Path.")
    {
        Path = path;
    }

    /// <summary>The file that the handle was for.</summary>
    public string Path { get; }
}
