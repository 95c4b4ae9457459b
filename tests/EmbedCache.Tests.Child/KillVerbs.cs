using System.Globalization;
using EmbedCache.Engine;

namespace EmbedCache.Tests.Child;

/// <summary>Processes that are there to be killed. Each says what it has done once it is done, on a line written at once.</summary>
internal static class KillVerbs
{
    /// <summary>PATH FROM COUNT full|normal: carries out operations FROM, FROM + 1, ..., and says the number of each when it is acknowledged.</summary>
    public static int Work(string[] args)
    {
        int from = int.Parse(args[1], CultureInfo.InvariantCulture);
        int count = int.Parse(args[2], CultureInfo.InvariantCulture);
        using Stream output = Console.OpenStandardOutput();
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions
        {
            Durability = args[3] == "full" ? Durability.Full : Durability.Normal,
            PositionalReads = from % 2 == 1,
        });
        for (int number = from; number < from + count; number++)
        {
            KillWorkload.Run(cache, number);
            Say(output, number);
        }

        return 0;
    }

    /// <summary>PATH FROM SIZE: sets all SIZE keys to FROM, then to FROM + 1, ..., each time in one transaction, and says the number; checkpoints and compacts now and then. A line of input asks for one more.</summary>
    public static int WriteVersions(string[] args)
    {
        int size = int.Parse(args[2], CultureInfo.InvariantCulture);
        using Stream output = Console.OpenStandardOutput();
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { BusyTimeout = TimeSpan.FromSeconds(60) });
        for (int number = int.Parse(args[1], CultureInfo.InvariantCulture); Console.In.ReadLine() is not null; number++)
        {
            cache.Set(Enumerable.Range(0, size).Select(i => new EmbeddingEntry($"key {i}", new float[] { number, 1 })));
            if (number % 40 == 39)
            {
                cache.Compact();
            }
            else if (number % 7 == 6)
            {
                cache.Checkpoint();
            }

            Say(output, number);
        }

        return 0;
    }

    /// <summary>
    /// PATH SIZE mapped|positional: for each line of input looks at everything some times: there must be SIZE records of one version, that never falls, nor may the
    /// transaction's sequence in one generation. Says the version that it saw last, or what was wrong.
    /// </summary>
    public static int ReadVersions(string[] args)
    {
        int size = int.Parse(args[1], CultureInfo.InvariantCulture);
        using Stream output = Console.OpenStandardOutput();
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { ReadOnly = true, PositionalReads = args[2] == "positional" });
        float last = -1;
        long generation = 0;
        long sequence = 0;
        while (Console.In.ReadLine() is { } rounds)
        {
            for (int round = int.Parse(rounds, CultureInfo.InvariantCulture); round > 0; round--)
            {
                EmbeddingCacheInfo info = cache.GetInfo();
                float[] all = [.. cache.Enumerate().Select(static record => record.Vector.Span[0])];
                float[] found = [.. cache.FindSimilar([1, 0], size * 2).Select(static hit => hit.Embedding.Vector.Span[0])];
                float one = cache.Get($"key {round % size}")?.Vector.Span[0] ?? -1;
                bool isTorn = all.Length != size || found.Length != size || all.Distinct().Count() != 1 || found.Distinct().Count() != 1;
                bool isBackward = isTorn || all[0] < last || found[0] < all[0] || one < found[0] || info.Generation < generation || (info.Generation == generation && info.Sequence < sequence);
                if (isTorn || isBackward)
                {
                    Say(output, $"{(isTorn ? "torn" : "backward")}: {all.Length} and {found.Length} records of versions {string.Join(' ', all.Concat(found).Append(one).Distinct())} after {last}, generation {info.Generation} after {generation}, sequence {info.Sequence} after {sequence}");
                    return 1;
                }

                (last, generation, sequence) = (one, info.Generation, info.Sequence);
            }

            Say(output, last);
        }

        return 0;
    }

    /// <summary>PATH: compacts, and is killed between the rename and all that comes after it. Says nothing.</summary>
    public static int CompactHalf(string[] args)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions(), new EngineEnvironment { FileSystem = new DyingFileSystem() });
        cache.Compact();
        return 1;
    }

    private static void Say(Stream output, IFormattable what) => Say(output, what.ToString(null, CultureInfo.InvariantCulture));

    private static void Say(Stream output, string line) => output.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
}
