namespace EmbedCache.PowerShell;

/// <summary>One thing that Test-EmbedCache found wrong in a file.</summary>
public sealed class EmbedCacheProblem
{
    internal EmbedCacheProblem(string path, long? offset, string description)
    {
        Path = path;
        Offset = offset;
        Description = description;
    }

    /// <summary>Full path of the file.</summary>
    public string Path { get; }

    /// <summary>Byte offset in the file, or null when the file as a whole is concerned.</summary>
    public long? Offset { get; }

    /// <summary>What is wrong, in a sentence.</summary>
    public string Description { get; }

    /// <inheritdoc/>
    public override string ToString() => Offset is null ? $"{Path}: {Description}" : $"{Path}, offset {Offset}: {Description}";
}
