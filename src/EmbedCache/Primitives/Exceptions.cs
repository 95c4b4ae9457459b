namespace EmbedCache;

/// <summary>Base of everything EmbedCache throws about a file: names the file and, where it is known, the byte offset.</summary>
public abstract class EmbedCacheException : IOException
{
    private protected EmbedCacheException(string message, string? filePath, long? offset, Exception? inner)
        : base(Describe(message, filePath, offset), inner)
    {
        FilePath = filePath;
        Offset = offset;
        Summary = message;
    }

    /// <summary>The file concerned, or null when no file is.</summary>
    public string? FilePath { get; }

    /// <summary>The byte offset in the file, or null when no single place is to blame.</summary>
    public long? Offset { get; }

    /// <summary>The message without file and offset.</summary>
    internal string Summary { get; }

    private static string Describe(string message, string? filePath, long? offset)
    {
        string at = offset is null ? string.Empty : $" at offset {offset}";
        return filePath is null ? message + at : $"{message} (file '{filePath}'{at})";
    }
}

/// <summary>The file does not start with a valid .edb header.</summary>
public sealed class NotAnEdbFileException(string message, string? filePath, long? offset = null, Exception? inner = null)
    : EmbedCacheException(message, filePath, offset, inner);

/// <summary>The file was written by a newer version, or uses a feature that this version must understand and does not.</summary>
public sealed class UnsupportedVersionException(string message, string? filePath, long? offset = null, Exception? inner = null)
    : EmbedCacheException(message, filePath, offset, inner);

/// <summary>Bytes that were durable are damaged or contradict each other.</summary>
public sealed class CorruptFileException(string message, string? filePath, long? offset = null, Exception? inner = null)
    : EmbedCacheException(message, filePath, offset, inner);

/// <summary>The file's vectors cannot be compressed in the way that was asked for, for instance because there are too few to learn from. The file is as it was.</summary>
public sealed class CompressionException(string message, string? filePath, long? offset = null, Exception? inner = null)
    : EmbedCacheException(message, filePath, offset, inner);

/// <summary>Another writer holds the file, or the system refused a lock, until the busy timeout ran out.</summary>
public sealed class FileBusyException(string message, string? filePath, long? offset = null, Exception? inner = null)
    : EmbedCacheException(message, filePath, offset, inner);

/// <summary>The device or the file system failed: full, read-only, an I/O error.</summary>
public sealed class DeviceFailedException(string message, string? filePath, long? offset = null, Exception? inner = null, bool isPoisoned = false, bool isFull = false)
    : EmbedCacheException(message, filePath, offset, inner)
{
    /// <summary>True when an fsync failed: what reached the disk is unknown, and the handle must be closed and the file opened again.</summary>
    public bool IsPoisoned { get; } = isPoisoned;

    /// <summary>True when the device or a quota is full.</summary>
    public bool IsFull { get; } = isFull;
}

/// <summary>
/// The file is on a network or unknown file system, where locks and maps cannot be relied upon to hold between machines: writing there is refused
/// unless it is allowed by name. Reading is not.
/// </summary>
public sealed class NetworkFileSystemException : EmbedCacheException
{
    internal NetworkFileSystemException(string message, string? filePath, string fileSystemName)
        : base(message, filePath, null, null) => FileSystemName = fileSystemName;

    /// <summary>What the system calls the file system, as "nfs"; or its number.</summary>
    public string FileSystemName { get; }
}

/// <summary>Why a record was refused.</summary>
public enum InvalidEmbeddingReason
{
    /// <summary>The vector has another number of elements than the file's dimension.</summary>
    WrongDimension,

    /// <summary>An element is NaN or infinite.</summary>
    NotFinite,

    /// <summary>A vector without direction in a cosine file: its norm is zero or below the smallest normal float.</summary>
    ZeroVector,

    /// <summary>The vector's norm exceeds the largest float.</summary>
    NormOverflow,

    /// <summary>The key is null or empty.</summary>
    EmptyKey,

    /// <summary>The key has more than 65,535 bytes of UTF-8.</summary>
    KeyTooLong,

    /// <summary>The key holds a lone surrogate and so is not well-formed text.</summary>
    MalformedKey,

    /// <summary>The metadata does not fit in 65,535 bytes, or holds a name or value the format has no type for.</summary>
    InvalidMetadata,

    /// <summary>The expiry is not after 1970-01-01 or is out of the 48-bit millisecond range.</summary>
    InvalidExpiry,
}

/// <summary>A record or query was refused; nothing of it was stored.</summary>
public sealed class InvalidEmbeddingException(InvalidEmbeddingReason reason, string message, string? key = null, string? filePath = null)
    : EmbedCacheException(message, filePath, null, null)
{
    /// <summary>Why it was refused.</summary>
    public InvalidEmbeddingReason Reason { get; } = reason;

    /// <summary>The key of the refused record, shortened for display, or null for a query.</summary>
    public string? Key { get; } = key;
}

/// <summary>The file holds vectors of another model than the caller named.</summary>
public sealed class ModelMismatchException(string expected, string actual, string? filePath)
    : EmbedCacheException($"The file holds embeddings of model '{actual}', not '{expected}'; use a file of its own for each model", filePath, null, null)
{
    /// <summary>The model the caller named.</summary>
    public string Expected { get; } = expected;

    /// <summary>The model the file holds.</summary>
    public string Actual { get; } = actual;
}

/// <summary>A filter's text is not one.</summary>
public sealed class InvalidFilterException(string message, int position)
    : EmbedCacheException($"{message} (at character {position} of the filter)", null, null, null)
{
    /// <summary>The character of the text at which the problem was met, from 1.</summary>
    public int Position { get; } = position;
}
