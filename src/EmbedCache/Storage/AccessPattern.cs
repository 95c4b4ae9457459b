namespace EmbedCache.Storage;

/// <summary>What the system is told about the reads to come, so that it reads ahead or does not.</summary>
internal enum AccessPattern
{
    /// <summary>The system's own guess.</summary>
    Normal,

    /// <summary>Single places all over the file: reading ahead would only fetch what nobody asked for.</summary>
    Random,

    /// <summary>From front to back.</summary>
    Sequential,
}
