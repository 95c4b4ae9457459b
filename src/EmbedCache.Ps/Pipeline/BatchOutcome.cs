namespace EmbedCache.PowerShell;

/// <summary>What became of one record, told by a writer (on any thread) to the cmdlet, which writes it to the pipeline on its own.</summary>
/// <param name="key">The record's key, or null when it was named by its digest.</param>
/// <param name="role">The record's role.</param>
internal sealed class BatchOutcome(string? key, EmbeddingRole role)
{
    public string? Key { get; } = key;

    public EmbeddingRole Role { get; } = role;

    /// <summary>Why the record was refused, or null.</summary>
    public Exception? Error { get; set; }

    /// <summary>False when a removal found nothing.</summary>
    public bool Found { get; set; } = true;

    /// <summary>The record as it was before it was removed, where that was asked for.</summary>
    public Embedding? Removed { get; set; }

    /// <summary>What the caller named the record by, for error records.</summary>
    public object? Target { get; set; }
}
