namespace EmbedCache.PowerShell;

/// <summary>One stretch of a damaged file that Repair-EmbedCache could not salvage.</summary>
public sealed class EmbedCacheLoss
{
    internal EmbedCacheLoss(string path, RepairLoss loss)
    {
        Path = path;
        Offset = loss.Offset;
        ByteLength = loss.ByteLength;
        Key = loss.Key;
        Role = loss.Role;
        Reason = loss.Reason;
    }

    /// <summary>Full path of the damaged file.</summary>
    public string Path { get; }

    /// <summary>Byte offset in the damaged file.</summary>
    public long Offset { get; }

    /// <summary>Bytes.</summary>
    public long ByteLength { get; }

    /// <summary>The key of the record that was there, where it can be read for certain.</summary>
    public string? Key { get; }

    /// <summary>The role of that record.</summary>
    public EmbeddingRole Role { get; }

    /// <summary>What is wrong there.</summary>
    public string Reason { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}, offset {Offset}, {ByteLength} bytes: {Reason}";
}
