namespace EmbedCache.Storage;

/// <summary>Whether locks and maps of a file system can be relied upon.</summary>
internal enum VolumeKind
{
    /// <summary>A file system whose locks and maps all processes that can reach the file see alike.</summary>
    Local,

    /// <summary>Other machines can reach the same files.</summary>
    Network,

    /// <summary>Not one that is known: its locks and maps may be anything.</summary>
    Unknown,
}

/// <summary>A file system as the machine describes it.</summary>
/// <param name="Kind">How far it can be trusted.</param>
/// <param name="Name">What it is called, as "nfs"; or its number, where no name is known.</param>
internal readonly record struct Volume(VolumeKind Kind, string Name)
{
    /// <summary>The one that tests and in-memory file systems are on.</summary>
    public static Volume Local { get; } = new(VolumeKind.Local, "local");
}
