using EmbedCache.Faults.Disk;
using EmbedCache.Storage;

namespace EmbedCache.Faults.Crash;

/// <summary>What opening one crash state came to.</summary>
/// <param name="Content">What was found; meaningless for a refusal.</param>
/// <param name="Refusal">The file was refused as no store: legal only while it was being created.</param>
/// <param name="Failure">What is wrong, whatever was promised.</param>
internal readonly record struct StateFinding(StoreContent Content, string? Refusal, string? Failure);

/// <summary>
/// Opens a crash state with the engine and asks everything of it: it must open, hold one state, count right, verify, take two commits, verify without a
/// single problem, close, and hold the same to a reader afterwards.
/// </summary>
internal static class StateCheck
{
    private static readonly float[] s_vector = [3, 4];

    /// <summary>Whether findings list whole contents: slow, for looking at one finding again.</summary>
    public static bool IsDescribing { get; } = Environment.GetEnvironmentVariable("EMBEDCACHE_CRASH_ONLY") is not null;

    /// <summary>Examines the file at <see cref="StoreWorld.Path"/>. The disk is changed by it.</summary>
    public static StateFinding Examine(ImageFileSystem disk, StoreScale scale, Durability durability)
    {
        var world = new StoreWorld(disk, disk.Boot, scale) { Now = StoreWorld.StartOfTime + 1_000_000_000 };
        EmbeddingCache cache;
        try
        {
            cache = world.Open(durability);
        }
        catch (Exception e) when (e is NotAnEdbFileException or CorruptFileException or FileNotFoundException)
        {
            return Replace(world, e);
        }
        catch (Exception e)
        {
            return new StateFinding(default, null, $"does not open: {e}");
        }

        string step = "reading";
        try
        {
            using (cache)
            {
                StoreContent found = StoreContent.Of(cache);
                step = "counting";
                Require(cache.GetInfo().Count == found.Count, $"Info counts {cache.GetInfo().Count} records, there are {found.Count}");
                step = "verifying what was found";
                RequireValid(cache, mayHaveTornSlot: true);
                step = "searching";
                RequireAnswers(cache, scale);
                string before = IsDescribing ? StoreContent.Describe(cache) : $"{found.Count} records";
                step = "writing";
                cache.Set("after the crash", s_vector);
                StoreContent after = found.With(StoreContent.HashOf("after the crash", EmbeddingRole.None, s_vector, string.Empty, world.Now, 0));
                Require(StoreContent.Of(cache) == after, $"the first commit after the crash is not what is read back: before it {before}; after it {StoreContent.Describe(cache)}");
                world.Now++;
                step = "writing again";
                cache.Set("after the crash", s_vector);
                after = found.With(StoreContent.HashOf("after the crash", EmbeddingRole.None, s_vector, string.Empty, world.Now, 0));
                step = "verifying what was written";
                RequireValid(cache, mayHaveTornSlot: false);
                RequireAnswers(cache, scale);
                step = "closing";
                cache.Dispose();
                step = "reading again";
                using EmbeddingCache reader = world.Open(readOnly: true);
                Require(StoreContent.Of(reader) == after, "a reader finds something else than was committed after the crash");
                return new StateFinding(found, null, null);
            }
        }
        catch (Exception e)
        {
            return new StateFinding(default, null, $"fails at {step}: {e}");
        }
    }

    /// <summary>What a reader finds, and whether that is whole, while a writer holds its lock and has not done anything yet.</summary>
    public static StateFinding ReadBesideWriter(ImageFileSystem disk, StoreScale scale)
    {
        var world = new StoreWorld(disk, disk.Boot, scale) { Now = StoreWorld.StartOfTime + 1_000_000_000 };
        using IStoreFile writer = disk.Open(StoreWorld.Path, FileOpenMode.ReadWrite);
        writer.TryLock(LockRanges.WriterLock, 1, LockKind.Exclusive);
        try
        {
            using EmbeddingCache reader = world.Open(readOnly: true);
            RequireValid(reader, mayHaveTornSlot: true);
            RequireAnswers(reader, scale);
            return new StateFinding(StoreContent.Of(reader), null, null);
        }
        catch (Exception e)
        {
            return new StateFinding(default, null, $"fails: {e}");
        }
    }

    /// <summary>What a crash left of a creation stands in nobody's way: a new store can be put in its place.</summary>
    private static StateFinding Replace(StoreWorld world, Exception refusal)
    {
        try
        {
            using EmbeddingCache cache = world.Create(Durability.Full, overwrite: true);
            cache.Set("anew", s_vector);
            RequireValid(cache, mayHaveTornSlot: false);
            return new StateFinding(default, refusal.Message, null);
        }
        catch (Exception e)
        {
            return new StateFinding(default, null, $"cannot be replaced ({refusal.Message}): {e}");
        }
    }

    private static void RequireAnswers(EmbeddingCache cache, StoreScale scale)
    {
        if (scale.IsSearched)
        {
            SearchCheck.Require(cache);
        }
    }

    private static void RequireValid(EmbeddingCache cache, bool mayHaveTornSlot)
    {
        foreach (VerifyProblem problem in cache.Verify().Problems)
        {
            // A torn slot is no damage but what a crash does; the next commits write it anew.
            Require(mayHaveTornSlot && problem.Description.StartsWith("Commit slot", StringComparison.Ordinal), problem.ToString()!);
        }
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new CrashStateException(problem);
        }
    }
}

/// <summary>A state after a crash that breaks a promise.</summary>
internal sealed class CrashStateException(string message) : Exception(message);
