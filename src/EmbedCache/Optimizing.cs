namespace EmbedCache;

/// <summary>What <see cref="EmbeddingCache.Optimize"/> is to do.</summary>
public sealed class OptimizeOptions
{
    /// <summary>Rewrite the file without what is dead, and swap it in. False only indexes what is not indexed yet and makes everything durable.</summary>
    public bool Compact { get; set; } = true;

    /// <summary>
    /// What the file is to keep of vectors from here on; null for what it keeps now. All but <see cref="VectorCompression.None"/> lose some of what was given, for good: how much stands in
    /// the report and in the file's information. Records that are set later are encoded likewise.
    /// </summary>
    public VectorCompression? Compression { get; set; }

    /// <summary>Bits for each element: with PQ more than 0 and at most 8, with Binary 1, 2 or 4. Null for what the file has now, else 2, a sixteenth of float32.</summary>
    public double? BitsPerElement { get; set; }

    /// <summary>
    /// With PQ: whether vectors are rotated before they are cut into parts, which spreads each element over all. Null for what the file has now. It pays where vectors come later that are unlike those
    /// in the file now, and costs where neighbouring elements are alike: the report's <see cref="OptimizeReport.Loss"/> tells. Binary always rotates.
    /// </summary>
    public bool? Rotate { get; set; }

    /// <summary>
    /// Whether the file is to have short codes beside its vectors, a sixteenth of their bytes: searches that need not be exact then read those, and the vectors of the best. Null for what the file
    /// has now. They are learned from at least 64 vectors, and made anew by each compaction; what is set later is compared in full.
    /// </summary>
    public bool? ShortCodes { get; set; }

    /// <summary>How long to wait for another writer; null for the busy timeout that the file was opened with.</summary>
    public TimeSpan? BusyTimeout { get; set; }
}

/// <summary>What an optimization is at.</summary>
public enum OptimizeStage
{
    /// <summary>Waiting for another writer to finish.</summary>
    Waiting = 0,

    /// <summary>Live records are being copied into a new file.</summary>
    Compacting = 1,

    /// <summary>The new file is being made durable and put in place.</summary>
    Swapping = 2,

    /// <summary>What no index section covers is being indexed.</summary>
    Indexing = 3,

    /// <summary>Records that the proximity graph lacks are being linked into it. Cancelled here, it keeps what is linked, and a later one goes on.</summary>
    Linking = 4,

    /// <summary>A codebook is being learned from the file's vectors.</summary>
    Learning = 5,
}

/// <summary>How far an optimization has come.</summary>
public sealed class OptimizeProgress
{
    internal OptimizeProgress(OptimizeStage stage, double fraction)
    {
        Stage = stage;
        Fraction = fraction;
    }

    /// <summary>What it is at.</summary>
    public OptimizeStage Stage { get; }

    /// <summary>How much of all its work is done, 0 to 1.</summary>
    public double Fraction { get; }
}

/// <summary>What an optimization did.</summary>
public sealed class OptimizeReport
{
    /// <summary>Full path of the file.</summary>
    public string Path { get; internal set; } = string.Empty;

    /// <summary>True when the file was rewritten.</summary>
    public bool IsCompacted { get; internal set; }

    /// <summary>Length of the file before, in bytes.</summary>
    public long ByteLengthBefore { get; internal set; }

    /// <summary>Length of the file after, in bytes.</summary>
    public long ByteLengthAfter { get; internal set; }

    /// <summary>Live records in the file afterwards.</summary>
    public long RecordCount { get; internal set; }

    /// <summary>What the file keeps of vectors afterwards.</summary>
    public VectorCompression Compression { get; internal set; }

    /// <summary>What keeping them so cost; null when they are kept as given.</summary>
    public CompressionLoss? Loss { get; internal set; }

    /// <summary>Records that were dropped because they had expired.</summary>
    public long ExpiredCount { get; internal set; }
}
