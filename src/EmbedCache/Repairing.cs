namespace EmbedCache;

/// <summary>How a damaged file is repaired.</summary>
public sealed class RepairOptions
{
    /// <summary>
    /// A sound file of the same store, as a backup is: what the damaged file's header does not tell any more is taken from it. Null for none.
    /// </summary>
    public string? ParametersFrom { get; set; }

    /// <summary>The metric, where neither the damaged header nor another file tells it.</summary>
    public Metric? Metric { get; set; }

    /// <summary>Replace a file that is at the destination. False refuses with <see cref="IOException"/>.</summary>
    public bool Overwrite { get; set; }
}

/// <summary>A stretch of a damaged file that could not be salvaged.</summary>
public sealed class RepairLoss
{
    internal RepairLoss(long offset, long byteLength, string reason, string? key = null, EmbeddingRole role = EmbeddingRole.None)
    {
        Offset = offset;
        ByteLength = byteLength;
        Reason = reason;
        Key = key;
        Role = role;
    }

    /// <summary>Where, as a byte offset in the damaged file.</summary>
    public long Offset { get; }

    /// <summary>How many bytes.</summary>
    public long ByteLength { get; }

    /// <summary>The key of the record that was there, where it can still be read for certain: the text, or the digest in hexadecimal. Else null.</summary>
    public string? Key { get; }

    /// <summary>The role of the record, where <see cref="Key"/> is known.</summary>
    public EmbeddingRole Role { get; }

    /// <summary>What is wrong there, in a sentence.</summary>
    public string Reason { get; }

    /// <inheritdoc/>
    public override string ToString() => Key is null ? $"offset {Offset}, {ByteLength} bytes: {Reason}" : $"offset {Offset}, {ByteLength} bytes, '{Key}': {Reason}";
}

/// <summary>What became of a repair.</summary>
public sealed class RepairReport
{
    /// <summary>Full path of the damaged file, which was only read.</summary>
    public string Path { get; internal set; } = string.Empty;

    /// <summary>Full path of the new file, or null when the damaged one was only examined.</summary>
    public string? Destination { get; internal set; }

    /// <summary>Live records that were salvaged.</summary>
    public long RecordCount { get; internal set; }

    /// <summary>Records that were left out because they had expired.</summary>
    public long ExpiredCount { get; internal set; }

    /// <summary>Bytes of all losses.</summary>
    public long LostByteLength { get; internal set; }

    /// <summary>What was lost, by offset.</summary>
    public IReadOnlyList<RepairLoss> Losses { get; internal set; } = [];

    /// <summary>What was damaged and cost no record: header, slots, what can be rebuilt.</summary>
    public IReadOnlyList<VerifyProblem> Mended { get; internal set; } = [];

    /// <summary>True when the header was damaged and its content came from elsewhere.</summary>
    public bool IsHeaderRebuilt { get; internal set; }

    /// <summary>
    /// True when the file's salt is lost. A text file gets a new one and misses nothing. In a digest file the records are there, but can be found by
    /// their digests and by similarity only, no more by their texts.
    /// </summary>
    public bool IsSaltLost { get; internal set; }
}
