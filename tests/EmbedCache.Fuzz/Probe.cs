using EmbedCache.Engine;

namespace EmbedCache.Fuzz;

/// <summary>
/// Opens files that nobody vouches for and does to them all that a caller can. Whatever stands in them, each call must give an answer or an
/// <see cref="EmbedCacheException"/>, within the bounds of <see cref="Meter"/>.
/// </summary>
internal static class Probe
{
    public const string Path = "/disk/hostile.edb";

    /// <summary>2024-01-01T12:00:00Z: between the golden files' expiries.</summary>
    private const long Now = 1_704_110_400_000;

    private static readonly EmbeddingCacheOptions s_readOnly = new() { ReadOnly = true, BusyTimeout = TimeSpan.Zero, SearchThreads = 1, DecodedCacheBytes = 0 };
    private static readonly EmbeddingCacheOptions s_positional = new() { ReadOnly = true, BusyTimeout = TimeSpan.Zero, SearchThreads = 1, DecodedCacheBytes = 1 << 16, PositionalReads = true };
    private static readonly EmbeddingCacheOptions s_writing = new() { BusyTimeout = TimeSpan.Zero, SearchThreads = 1, DecodedCacheBytes = 0 };
    private static readonly EmbeddingCacheOptions s_writingNormal = new() { BusyTimeout = TimeSpan.Zero, SearchThreads = 1, Durability = Durability.Normal, PositionalReads = true };

    private static readonly Questions s_some = new([("a", null, EmbeddingRole.None), ("key 1", null, EmbeddingRole.Query), ("key 22", null, EmbeddingRole.None)]);

    /// <summary>A file system with one file, the array itself.</summary>
    public static ByteFileSystem Disk(byte[] file)
    {
        var disk = new ByteFileSystem();
        disk.Put(Path, file);
        return disk;
    }

    /// <summary>Opens the file of a disk.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="readOnly">For reading.</param>
    /// <param name="positional">By position instead of in place.</param>
    /// <param name="isIndexing">Write codes, columns and a graph of a few records already.</param>
    public static EmbeddingCache Open(ByteFileSystem disk, bool readOnly = true, bool positional = false, bool isIndexing = false) => EmbeddingCache.Open(
        Path,
        readOnly ? (positional ? s_positional : s_readOnly) : positional ? s_writingNormal : s_writing,
        isIndexing
            ? new EngineEnvironment { FileSystem = disk, UnixMilliseconds = static () => Now, Boot = static () => 7, CodesThreshold = 4, GraphThreshold = 4, GraphThreads = 1 }
            : new EngineEnvironment { FileSystem = disk, UnixMilliseconds = static () => Now, Boot = static () => 7 });

    /// <summary>Runs an input of the fuzzer.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        byte[] file = FuzzInput.ToFile(input, out FuzzFlags flags);
        if ((flags & FuzzFlags.Write) != 0)
        {
            Write(file, (flags & FuzzFlags.Positional) != 0, (flags & FuzzFlags.Index) != 0);
        }
        else
        {
            Read(file, (flags & FuzzFlags.Positional) != 0);
        }
    }

    /// <summary>Asks a file everything, for reading. The answers do not matter.</summary>
    public static void Read(byte[] file, bool positional = false)
    {
        Meter meter = Meter.Start();
        try
        {
            using EmbeddingCache cache = Open(Disk(file), readOnly: true, positional);
            meter.Check("Open", file.Length);
            AskAll(cache, file.Length);
        }
        catch (EmbedCacheException)
        {
            // Of opening.
        }

        meter.Check("Everything", file.Length);
    }

    /// <summary>Writes to a file in every way, a step at a time: what one of them refuses does not keep the next from being tried.</summary>
    public static void Write(byte[] file, bool positional = false, bool isIndexing = false)
    {
        // A file that compacts to several times its length is a bomb, and is to be met by an error, not by a full disk.
        ByteFileSystem disk = Disk(file);
        disk.Quota = (8L * file.Length) + (4 << 20);
        Action<EmbeddingCache>[] steps =
        [
            static cache => cache.Set("fuzz", Vector(cache), EmbeddingMetadata.Empty.With("n", 1L)),
            static cache => cache.Touch("fuzz", null, EmbeddingMetadata.Empty.With("n", 2L)),
            static cache => cache.Remove("key 1"),
            static cache => Transact(cache),
            static cache => cache.Checkpoint(),
            static cache => cache.Remove("fuzz"),
            static cache => cache.Checkpoint(),
            static cache => cache.Optimize(new OptimizeOptions { Compact = false }, null, default),
            static cache => cache.Compact(),
            static cache => cache.Set("after", Vector(cache)),
        ];
        try
        {
            using EmbeddingCache cache = Open(disk, readOnly: false, positional, isIndexing);
            foreach (Action<EmbeddingCache> step in steps)
            {
                Meter meter = Meter.Start();
                try
                {
                    step(cache);
                }
                catch (EmbedCacheException e) when (e is not DeviceFailedException)
                {
                    // Refused.
                }

                meter.Check("A write", file.Length);
            }

            AskAll(cache, file.Length);
        }
        catch (EmbedCacheException e) when (e is not DeviceFailedException)
        {
            // Of opening or closing.
        }

        Meter again = Meter.Start();
        try
        {
            using EmbeddingCache cache = Open(disk);
            AskAll(cache, file.Length);
        }
        catch (EmbedCacheException)
        {
            // It was damaged before.
        }

        again.Check("Everything after writing", file.Length);
    }

    private static void AskAll(EmbeddingCache cache, long fileByteLength)
    {
        for (int question = 0; question < s_some.Count; question++)
        {
            Meter meter = Meter.Start();
            s_some.Ask(cache, question);
            meter.Check(s_some.Describe(question), fileByteLength);
        }

        Meter verifying = Meter.Start();
        try
        {
            cache.Verify();
        }
        catch (EmbedCacheException)
        {
            // A file that changed its mind between two looks.
        }

        verifying.Check("Verify", fileByteLength);
    }

    private static void Transact(EmbeddingCache cache)
    {
        using EmbeddingTransaction transaction = cache.BeginTransaction();
        transaction.Set("fuzz 2", Vector(cache));
        transaction.Get("fuzz 2");
        transaction.Touch("fuzz 2", null);
        transaction.Rollback();
    }

    private static float[] Vector(EmbeddingCache cache)
    {
        float[] vector = new float[cache.Dimension];
        vector[0] = 1;
        return vector;
    }
}
