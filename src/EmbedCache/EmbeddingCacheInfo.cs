namespace EmbedCache;

/// <summary>What a file is and holds, at one snapshot.</summary>
public sealed class EmbeddingCacheInfo
{
    /// <summary>Full path.</summary>
    public string Path { get; internal set; } = string.Empty;

    /// <summary>Format version, "1.0".</summary>
    public string FormatVersion { get; internal set; } = string.Empty;

    /// <summary>Identity of the store; stays through compaction.</summary>
    public Guid StoreId { get; internal set; }

    /// <summary>1 at creation, one more for each compaction.</summary>
    public long Generation { get; internal set; }

    /// <summary>When the file was created, UTC.</summary>
    public DateTimeOffset Created { get; internal set; }

    /// <summary>Elements per vector.</summary>
    public int Dimension { get; internal set; }

    /// <summary>Element type.</summary>
    public ElementType ElementType { get; internal set; }

    /// <summary>What the file keeps of vectors. Anything but None is lossy: Get gives the decoded vector.</summary>
    public VectorCompression Compression { get; internal set; }

    /// <summary>Bits for each element of a compressed vector; 32 without compression.</summary>
    public double BitsPerElement { get; internal set; }

    /// <summary>Whether PQ was asked to rotate vectors.</summary>
    public bool IsRotated { get; internal set; }

    /// <summary>What compression cost the vectors that compactions encoded; null without compression, or when there were none.</summary>
    public CompressionLoss? Loss { get; internal set; }

    /// <summary>Metric.</summary>
    public Metric Metric { get; internal set; }

    /// <summary>Key storage.</summary>
    public KeyStorage KeyStorage { get; internal set; }

    /// <summary>Model, or null when none was named.</summary>
    public string? Model { get; internal set; }

    /// <summary>Default expiry of new records, or null.</summary>
    public TimeSpan? DefaultTimeToLive { get; internal set; }

    /// <summary>Records that were set and neither overwritten nor removed; without the expired ones when <see cref="ExpiredCount"/> was asked for.</summary>
    public long Count { get; internal set; }

    /// <summary>Records that are expired but still in the file, or null when they were not counted (which reads every record's header).</summary>
    public long? ExpiredCount { get; internal set; }

    /// <summary>Records in the log that were overwritten or removed: what a compaction would drop.</summary>
    public long DeadCount { get; internal set; }

    /// <summary>Length of the file in bytes.</summary>
    public long FileByteLength { get; internal set; }

    /// <summary>Bytes of index sections in use.</summary>
    public long IndexByteLength { get; internal set; }

    /// <summary>The index sections in use, by kind.</summary>
    public IReadOnlyList<EmbeddingCacheSections> Sections { get; internal set; } = [];

    /// <summary>How the newest search through this handle was done, or null before the first.</summary>
    public SearchPlan? LastSearchPlan { get; internal set; }

    /// <summary>What writers keep to make searches faster.</summary>
    public IndexMode Index { get; internal set; }

    /// <summary>How many of the record versions in the index have a code: those that exact searches do not have to read.</summary>
    public long CodedCount { get; internal set; }

    /// <summary>How many of the record versions in the index are in the proximity graph. Searches compare the codes of the others.</summary>
    public long GraphedCount { get; internal set; }

    /// <summary>How many of the record versions in the index have a short code: what searches that need not be exact read first.</summary>
    public long ShortCodeCount { get; internal set; }

    /// <summary>Bytes that a compaction would free, estimated.</summary>
    public long ReclaimableByteLength { get; internal set; }

    /// <summary>Records that are not yet in an index section (at most 4,096).</summary>
    public long UnindexedCount { get; internal set; }

    /// <summary>Sequence of the snapshot.</summary>
    public long Sequence { get; internal set; }

    /// <summary>Sequence of the oldest snapshot that some process has pinned, or null when none is or the system cannot tell.</summary>
    public long? OldestPin { get; internal set; }

    /// <summary>When the last commit was made, UTC.</summary>
    public DateTimeOffset LastCommit { get; internal set; }
}
