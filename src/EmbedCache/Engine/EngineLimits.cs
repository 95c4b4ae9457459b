using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Sizes from which on the engine does more than append. What they are by default is measured or promised; tests make them small, so that files of a
/// few kilobytes see every kind of write. The bytes of a file may depend on them, its content never.
/// </summary>
internal sealed record EngineLimits
{
    /// <summary>What everybody gets.</summary>
    public static EngineLimits Default { get; } = new();

    /// <summary>Most entries that stand outside the index, also inside one transaction.</summary>
    public int MaxUnindexedCount { get; init; } = WriteTransaction.MaxUnindexedCount;

    /// <summary>A close indexes the tail only from here on: opening reads a shorter one faster than an index section pays back.</summary>
    public int CloseCheckpointThreshold { get; init; } = 256;

    /// <summary>A close spends two fsyncs on giving back replaced sections when they hold at least this many bytes.</summary>
    public long CloseReleaseThreshold { get; init; } = 256 * 1024;

    /// <summary>Rows of a graph's overlay of level 1; each level has six times as many.</summary>
    public long OverlayLevelOneCount { get; init; } = 16_384;

    /// <summary>A close spends one more fsync on a catalog without replaced sections when it names at least so many of them: each open would read them.</summary>
    public int CloseRetiredThreshold { get; init; } = 64;

    /// <summary>Bytes of frames that a transaction gathers before it writes them.</summary>
    public int AppendBufferByteLength { get; init; } = LogAppender.LargestBufferByteLength;
}
