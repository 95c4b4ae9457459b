using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>What PowerShell has bound for one pipeline object, from the command line or by property name.</summary>
internal readonly struct BoundFields(string[]? key, PSObject? vector, PSObject? metadata, EmbeddingRole role, TimeSpan timeToLive, DateTimeOffset? expiresAt)
{
    public string[]? Key { get; } = key;

    public object? Vector { get; } = vector;

    public object? Metadata { get; } = metadata;

    public EmbeddingRole Role { get; } = role;

    public DateTimeOffset? Expires => expiresAt ?? (timeToLive == TimeSpan.Zero ? null : DateTimeOffset.UtcNow + timeToLive);
}

/// <summary>One record as it was found in the input, not yet converted or checked; or the reason why none could be made.</summary>
internal struct RecordDraft
{
    public string? Key { get; set; }

    public object? Vector { get; set; }

    public object? Metadata { get; set; }

    public EmbeddingRole Role { get; set; }

    public DateTimeOffset? Expires { get; set; }

    /// <summary>Why there is no record, as a whole message, or null.</summary>
    public string? Problem { get; set; }

    /// <summary>Id of the error that <see cref="Problem"/> becomes.</summary>
    public string? ProblemId { get; set; }

    /// <summary>The input that the problem is about.</summary>
    public object? Source { get; set; }
}
