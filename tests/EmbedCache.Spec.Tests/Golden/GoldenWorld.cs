using EmbedCache.Engine;
using EmbedCache.Format;

namespace EmbedCache.Spec.Tests.Golden;

/// <summary>
/// A world that does not change by itself: with its clock, identity and salt, a recipe writes the same bytes at every time and on every machine.
/// </summary>
internal sealed class GoldenWorld(string path)
{
    private static readonly Guid StoreId = new("0190a5c1-7e57-4d0c-8e5e-656d62656464");

    /// <summary>When every recipe begins: 2024-01-01T00:00:00Z.</summary>
    public const long Beginning = 1_704_067_200_000;

    /// <summary>The time, Unix ms. Stands still until the recipe moves it.</summary>
    public long Now { get; set; } = Beginning;

    /// <summary>Where the recipe writes.</summary>
    public string Path { get; } = path;

    /// <summary>From how many ordinals on checkpoints write codes and columns: lower than usual where a small file is to have them.</summary>
    public long IndexThreshold { get; set; } = new EngineEnvironment().CodesThreshold;

    /// <summary>From how many codes on a graph is built.</summary>
    public long GraphThreshold { get; set; } = new EngineEnvironment().GraphThreshold;

    public EngineEnvironment Environment => new()
    {
        CodesThreshold = IndexThreshold,
        GraphThreshold = GraphThreshold,
        GraphThreads = 1,
        UnixMilliseconds = () => Now,
        NewStoreId = () => StoreId,
        Boot = () => 0,
        NewSalt = () => [.. Enumerable.Range(0, FormatConstants.SaltByteLength).Select(i => (byte)(0xA0 + i))],
    };

    public EmbeddingCache Create(int dimension = 3, Metric metric = Metric.Cosine, KeyStorage keyStorage = KeyStorage.Text, Durability durability = Durability.Full, string? model = null, TimeSpan? timeToLive = null)
        => EmbeddingCache.Create(
            Path,
            new EmbeddingCacheCreateOptions { Dimension = dimension, Metric = metric, KeyStorage = keyStorage, Durability = durability, Model = model, DefaultTimeToLive = timeToLive },
            Environment);

    public EmbeddingCache Open(Durability durability = Durability.Full) => EmbeddingCache.Open(Path, new EmbeddingCacheOptions { Durability = durability }, Environment);

    /// <summary>A second later.</summary>
    public void Tick() => Now += 1000;

    /// <summary>A vector that differs with its seed and has no zero norm; its elements are exact in every language.</summary>
    public static float[] Vector(int seed, int dimension = 3) => [.. Enumerable.Range(0, dimension).Select(i => ((((seed * 31) + (i * 17)) % 64) - 31.5f) / 8)];

    /// <summary>The file as it is while it is open: what is reserved behind the published tail is cut off, since file systems differ in it.</summary>
    public byte[] ReadUnclosed()
    {
        using FileStream stream = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        CommitSlot.TryRead(bytes.AsSpan((int)FormatConstants.SlotAOffset), out CommitSlot a);
        CommitSlot.TryRead(bytes.AsSpan((int)FormatConstants.SlotBOffset), out CommitSlot b);
        return bytes[..(int)Math.Max(a.PublishedTail, b.PublishedTail)];
    }
}
