namespace EmbedCache.Faults.Disk;

/// <summary>The calls of the file-system seam.</summary>
internal enum DiskOperation
{
    Open,
    Create,
    Read,
    Length,
    Write,
    SetLength,
    Allocate,
    Punch,
    Flush,

    /// <summary>A flush that reported an error; the offset is a seed of what reached the disk all the same.</summary>
    FlushFailed,
    Map,
    Lock,
    Unlock,
    Query,
    Identify,
    Inspect,
    Resolve,
    Replace,
    Delete,
    SyncDirectory,
    CopyOwnership,

    /// <summary>No call: what was promised changed here, a commit was acknowledged.</summary>
    Promise,
}

/// <summary>One call as it was made, and what had been promised then.</summary>
/// <param name="Operation">Which call.</param>
/// <param name="Path">Which file or directory; the new name of a rename.</param>
/// <param name="File">Number of the file that was open.</param>
/// <param name="Offset">Where.</param>
/// <param name="Length">How many bytes, or the new length.</param>
/// <param name="Bytes">What was written.</param>
/// <param name="Source">The old name of a rename.</param>
/// <param name="GrowsFile">An allocation that moves the end of the file.</param>
/// <param name="Promised">What must hold if the machine dies here.</param>
internal sealed record DiskEvent(
    DiskOperation Operation,
    string Path,
    ulong File = 0,
    long Offset = 0,
    long Length = 0,
    byte[]? Bytes = null,
    string? Source = null,
    bool GrowsFile = false,
    Expectation Promised = default)
{
    /// <summary>Whether a disk looks different after it.</summary>
    public bool ChangesDisk => Operation is DiskOperation.Create or DiskOperation.Write or DiskOperation.SetLength or DiskOperation.Allocate
        or DiskOperation.Punch or DiskOperation.Flush or DiskOperation.FlushFailed or DiskOperation.Replace or DiskOperation.Delete or DiskOperation.SyncDirectory;
}

/// <summary>What may be found after a crash.</summary>
/// <param name="IsCreated">The file was acknowledged to exist: anything but one of the states below is a loss.</param>
/// <param name="Lowest">Index of the oldest state that a power loss may leave.</param>
/// <param name="Acknowledged">Index of the last acknowledged state: what the death of the process alone must leave.</param>
/// <param name="Newest">Index of the newest: the transaction in flight, or the last acknowledged.</param>
internal readonly record struct Expectation(bool IsCreated, int Lowest, int Acknowledged, int Newest);
