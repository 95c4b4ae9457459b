using EmbedCache.Engine;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Crash;

/// <summary>The surroundings of one store in a test: its file system, its clock, its boot, and sizes small enough to see every kind of write.</summary>
internal sealed class StoreWorld
{
    public const string Path = "/disk/a.edb";

    /// <summary>2024-01-01T00:00:00Z.</summary>
    public const long StartOfTime = 1_704_067_200_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Index and release early, write transactions in pieces.</summary>
    public static EngineLimits SmallLimits { get; } = new()
    {
        MaxUnindexedCount = 12,
        CloseCheckpointThreshold = 6,
        CloseReleaseThreshold = 1,
        AppendBufferByteLength = 1024,
    };

    public StoreWorld(IFileSystem fileSystem, ulong boot, StoreScale? scale = null, byte saltSeed = 1)
    {
        scale ??= SmallLimits;
        Environment = new EngineEnvironment
        {
            UnixMilliseconds = () => Now,
            NewStoreId = static () => new Guid(0x01020304, 0x0506, 0x0708, 9, 10, 11, 12, 13, 14, 15, 16),
            NewSalt = () => [.. Enumerable.Range(saltSeed, 16).Select(static i => (byte)i)],
            Boot = () => boot,
            FileSystem = fileSystem,
            Limits = scale.Limits,
            CodesThreshold = scale.CodesThreshold,
            GraphThreshold = scale.GraphThreshold,

            // The same bytes each time, and a close that waits until the graph is there.
            GraphThreads = 1,
        };
    }

    public EngineEnvironment Environment { get; }

    public long Now { get; set; } = StartOfTime;

    public EmbeddingCache Open(Durability durability = Durability.Full, bool readOnly = false, string path = Path)
        => EmbeddingCache.Open(path, new EmbeddingCacheOptions { Durability = durability, ReadOnly = readOnly, BusyTimeout = TimeSpan.FromSeconds(1), IndexingTimeout = s_patience }, Environment);

    public EmbeddingCache Create(Durability durability, string? model = null, bool overwrite = false, KeyStorage keyStorage = KeyStorage.Text, int dimension = 2, string path = Path)
        => EmbeddingCache.Create(
            path,
            new EmbeddingCacheCreateOptions { Durability = durability, Dimension = dimension, Metric = Metric.Dot, Model = model, Overwrite = overwrite, KeyStorage = keyStorage, BusyTimeout = TimeSpan.FromSeconds(1), IndexingTimeout = s_patience },
            Environment);
}
