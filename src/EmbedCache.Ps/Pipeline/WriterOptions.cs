namespace EmbedCache.PowerShell;

/// <summary>When a writer commits, and how long it waits for others.</summary>
internal sealed class WriterOptions
{
    public const int DefaultBatchSize = 1000;

    /// <summary>Records of one commit at most.</summary>
    public int BatchSize { get; set; } = DefaultBatchSize;

    /// <summary>How long an accepted record waits for its commit at most.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Memory of accepted records at most, in bytes: beyond it they are committed, or spilled to a temporary file, early.</summary>
    public long ByteLimit { get; set; } = 64L << 20;

    /// <summary>How long a commit waits for another writer.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>True to report each record that was written, and not only what went wrong.</summary>
    public bool ReportWritten { get; set; }

    /// <summary>Ends the wait for another writer when the pipeline is stopped. Not looked at by the last commit, which keeps what was accepted.</summary>
    public CancellationToken Stopping { get; set; }
}
