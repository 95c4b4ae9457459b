using System.Runtime.InteropServices;
using EmbedCache.Engine;
using EmbedCache.Storage;
using EmbedCache.Tests.Storage;

namespace EmbedCache.Tests.Engine;

/// <summary>One .edb file of one test's own: on the disk, or in a <see cref="MemoryFileSystem"/>; with a clock that the test turns.</summary>
internal sealed class TestStore : IDisposable
{
    /// <summary>2024-01-01T00:00:00Z: where every test's clock starts.</summary>
    public const long StartOfTime = 1_704_067_200_000;

    private readonly TestDirectory? _directory;
    private int _backgroundThreadCount;

    /// <param name="codesThreshold">From how many ordinals on codes are written.</param>
    /// <param name="graphThreshold">From how many codes on a graph is built.</param>
    public TestStore(long codesThreshold = 1024, long graphThreshold = 8192)
    {
        CodesThreshold = codesThreshold;
        GraphThreshold = graphThreshold;
        _directory = new TestDirectory();
        Path = _directory.PathTo("a.edb");
        Environment = CreateEnvironment(PlatformFileSystem.Instance);
    }

    public TestStore(MemoryFileSystem memory, long codesThreshold = 1024, long graphThreshold = 8192)
    {
        CodesThreshold = codesThreshold;
        GraphThreshold = graphThreshold;
        Memory = memory;
        Path = "/disk/a.edb";
        Environment = CreateEnvironment(memory);
    }

    public MemoryFileSystem? Memory { get; }

    public string Path { get; }

    public EngineEnvironment Environment { get; }

    public long CodesThreshold { get; }

    public long GraphThreshold { get; }

    /// <summary>Threads that the engine started in the background.</summary>
    public int BackgroundThreadCount => _backgroundThreadCount;

    /// <summary>The clock: Unix milliseconds.</summary>
    public long Now { get; set; } = StartOfTime;

    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(Now);

    public string PathTo(string name) => _directory!.PathTo(name);

    public EmbeddingCache Create(int dimension = 2, Metric metric = Metric.Dot, Action<EmbeddingCacheCreateOptions>? configure = null)
    {
        var options = new EmbeddingCacheCreateOptions { Dimension = dimension, Metric = metric, BusyTimeout = TimeSpan.FromSeconds(20) };
        configure?.Invoke(options);
        return EmbeddingCache.Create(Path, options, Environment);
    }

    public EmbeddingCache Open(bool readOnly = false, Action<EmbeddingCacheOptions>? configure = null, string? path = null)
    {
        var options = new EmbeddingCacheOptions { ReadOnly = readOnly, BusyTimeout = TimeSpan.FromSeconds(20) };
        configure?.Invoke(options);
        return EmbeddingCache.Open(path ?? Path, options, Environment);
    }

    /// <summary>The same world on another file system.</summary>
    public EngineEnvironment With(IFileSystem fileSystem, int pathLookMilliseconds = 1000) => CreateEnvironment(fileSystem, pathLookMilliseconds);

    /// <summary>The file's bytes.</summary>
    public byte[] Bytes() => Memory?.Read(Path) ?? File.ReadAllBytes(Path);

    public void Dispose() => _directory?.Dispose();

    private EngineEnvironment CreateEnvironment(IFileSystem fileSystem, int pathLookMilliseconds = 1000) => new()
    {
        PathLookMilliseconds = pathLookMilliseconds,
        UnixMilliseconds = () => Now,
        NewStoreId = static () => new Guid(0x01020304, 0x0506, 0x0708, 9, 10, 11, 12, 13, 14, 15, 16),
        NewSalt = static () => [.. Enumerable.Range(1, 16).Select(static i => (byte)i)],
        Boot = () => Memory?.Boot ?? 1,
        FileSystem = fileSystem,
        CodesThreshold = CodesThreshold,
        GraphThreshold = GraphThreshold,
        NewBackgroundThread = work =>
        {
            Interlocked.Increment(ref _backgroundThreadCount);
            return EngineEnvironment.Default.NewBackgroundThread(work);
        },
    };
}

/// <summary>Vectors for tests.</summary>
internal static class TestVectors
{
    /// <summary>Elements in (-1, 1).</summary>
    public static float[] Random(Random random, int dimension)
    {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++)
        {
            vector[i] = (float)((random.NextDouble() * 2) - 1);
        }

        return vector;
    }

    /// <summary>Small integers, so that every product and sum is exact and ties are real ones. Never all zero.</summary>
    public static float[] Integers(Random random, int dimension, int bound = 4)
    {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++)
        {
            vector[i] = random.Next(-bound, bound + 1);
        }

        vector[random.Next(dimension)] += vector.All(static element => element == 0) ? 1 : 0;
        return vector;
    }

    public static string Bits(ReadOnlySpan<float> vector) => Convert.ToHexString(MemoryMarshal.AsBytes(vector));
}

/// <summary>All that a store holds, as text to compare.</summary>
internal static class StoreContent
{
    /// <summary>One line a live record, by role and key.</summary>
    public static SortedDictionary<string, string> Of(EmbeddingCache cache)
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Embedding record in cache.Enumerate())
        {
            content.Add(NameOf(record.Key ?? Convert.ToHexString(record.Digest!), record.Role), Describe(record));
        }

        return content;
    }

    public static string NameOf(string key, EmbeddingRole role) => $"{(int)role}:{key}";

    public static string Describe(Embedding record)
        => $"{TestVectors.Bits(record.Vector.Span)} {record.Metadata} {record.Created.ToUnixTimeMilliseconds()} {record.Expires?.ToUnixTimeMilliseconds()}";

    /// <summary>Fails with every problem that Verify found.</summary>
    public static void AssertValid(EmbeddingCache cache)
    {
        VerifyReport report = cache.Verify();
        Assert.True(report.IsValid, string.Join(System.Environment.NewLine, report.Problems));
    }
}
