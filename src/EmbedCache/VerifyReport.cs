namespace EmbedCache;

/// <summary>One thing found wrong in a file.</summary>
public sealed class VerifyProblem
{
    internal VerifyProblem(long offset, string description)
    {
        Offset = offset;
        Description = description;
    }

    /// <summary>Where, as a byte offset in the file.</summary>
    public long Offset { get; }

    /// <summary>What, in a sentence.</summary>
    public string Description { get; }

    /// <inheritdoc/>
    public override string ToString() => $"offset {Offset}: {Description}";
}

/// <summary>The outcome of a verification: every problem, not the first.</summary>
public sealed class VerifyReport
{
    internal VerifyReport(IReadOnlyList<VerifyProblem> problems, long frameCount, long recordCount, long byteLength)
    {
        Problems = problems;
        FrameCount = frameCount;
        RecordCount = recordCount;
        ByteLength = byteLength;
    }

    /// <summary>All problems, by offset.</summary>
    public IReadOnlyList<VerifyProblem> Problems { get; }

    /// <summary>True when there is none.</summary>
    public bool IsValid => Problems.Count == 0;

    /// <summary>Frames walked.</summary>
    public long FrameCount { get; }

    /// <summary>Live records found.</summary>
    public long RecordCount { get; }

    /// <summary>Bytes read.</summary>
    public long ByteLength { get; }
}
