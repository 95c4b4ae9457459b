namespace EmbedCache;

/// <summary>How a backup is made.</summary>
public sealed class BackupOptions
{
    /// <summary>Replace a file that is at the destination. False refuses with <see cref="IOException"/>.</summary>
    public bool Overwrite { get; set; }

    /// <summary>Check every byte of the copy before it is put in place.</summary>
    public bool Verify { get; set; }
}

/// <summary>What a backup holds.</summary>
public sealed class BackupReport
{
    /// <summary>Full path of the file that was copied.</summary>
    public string Path { get; internal set; } = string.Empty;

    /// <summary>Full path of the copy.</summary>
    public string Destination { get; internal set; } = string.Empty;

    /// <summary>Length of the copy in bytes.</summary>
    public long ByteLength { get; internal set; }

    /// <summary>Live records in it, expired ones included.</summary>
    public long RecordCount { get; internal set; }

    /// <summary>Sequence of the snapshot that was copied.</summary>
    public long Sequence { get; internal set; }

    /// <summary>When the newest commit in it was made, UTC.</summary>
    public DateTimeOffset LastCommit { get; internal set; }

    /// <summary>True when every byte of the copy was checked.</summary>
    public bool IsVerified { get; internal set; }

    /// <summary>The path of the copy.</summary>
    public override string ToString() => Destination;
}
