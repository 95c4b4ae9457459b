namespace EmbedCache.Storage;

/// <summary>The errors of the sources, built out of line so that the hot methods stay small enough to inline.</summary>
internal static class SourceErrors
{
    /// <summary>A range that nothing valid can name.</summary>
    public static CorruptFileException OutOfBounds(string path, long offset, int byteLength, long limit) =>
        new($"{byteLength} bytes were asked for where only the first {limit} bytes of the file are committed", path, offset);

    /// <summary>A file that lost its end.</summary>
    public static CorruptFileException Truncated(string path, long length, long limit) =>
        new($"The file has {length} bytes where {limit} were committed: it was truncated", path, length);
}
