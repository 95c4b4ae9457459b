using System.Globalization;

namespace EmbedCache.Tests.Child;

/// <summary>What tests of the engine do in another process. Each says on a line of its own what happened, after it happened.</summary>
internal static class EngineVerbs
{
    /// <summary>PATH PREFIX COUNT [checkpoint]: sets COUNT records one by one, and says the number of each once it is acknowledged; now and then a checkpoint.</summary>
    public static int WriteLoop(string[] args)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { BusyTimeout = TimeSpan.FromSeconds(60) });
        int count = int.Parse(args[2], CultureInfo.InvariantCulture);
        int checkpointEach = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 0;
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true, NewLine = "\n" };
        for (int i = 0; i < count; i++)
        {
            cache.Set($"{args[1]} {i}", [i, 1]);
            if (i % 5 == 4)
            {
                cache.Remove($"{args[1]} {i - 1}");
            }

            output.WriteLine(i.ToString(CultureInfo.InvariantCulture));
            if (checkpointEach > 0 && i % checkpointEach == checkpointEach - 1)
            {
                cache.Checkpoint();
            }
        }

        return 0;
    }

    /// <summary>PATH SIZE: until its input ends, reads all records over and over: there must be SIZE of them with one value, which never falls. Says the last value.</summary>
    public static int ReadLoop(string[] args)
    {
        int size = int.Parse(args[1], CultureInfo.InvariantCulture);
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { ReadOnly = true, PositionalReads = args.Length > 2 && args[2] == "positional" });
        Console.WriteLine("ready");
        // In a thread of its own: the console reads synchronously whatever one asks.
        Task<string?> end = Task.Run(Console.In.ReadLine);
        float last = -1;
        int rounds = 0;
        bool isLast;
        do
        {
            isLast = end.IsCompleted;
            float[] values = [.. cache.Enumerate().Select(static record => record.Vector.Span[0])];
            float[] found = [.. cache.FindSimilar([1, 0], size * 2).Select(static hit => hit.Embedding.Vector.Span[0])];
            if (values.Length != size || values.Distinct().Count() != 1 || values[0] < last || found.Length != size || found.Distinct().Count() != 1 || found[0] < values[0])
            {
                Console.WriteLine($"torn: {values.Length} and {found.Length} records, values {string.Join(' ', values.Concat(found).Distinct())}, before {last}");
                return 1;
            }

            last = found[0];
            rounds++;
        }
        while (!isLast);

        Console.WriteLine(last.ToString(CultureInfo.InvariantCulture));
        Console.WriteLine(rounds.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>PATH: for each line of input (a key) says its first element, or "none".</summary>
    public static int Answer(string[] args)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { ReadOnly = true });
        while (Console.ReadLine() is { } key)
        {
            Console.WriteLine(cache.Get(key)?.Vector.Span[0].ToString(CultureInfo.InvariantCulture) ?? "none");
        }

        return 0;
    }

    /// <summary>PATH: takes a snapshot by an enumeration, says "pinned", and after a line of input reads the rest of it and says how many records there were.</summary>
    public static int Pin(string[] args)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { ReadOnly = true });
        int count = 0;
        foreach (Embedding record in cache.Enumerate())
        {
            if (count++ == 0)
            {
                Console.WriteLine("pinned");
                Console.ReadLine();
            }
        }

        Console.WriteLine(count.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>PATH COUNT: compacts so often.</summary>
    public static int Compact(string[] args)
    {
        using EmbeddingCache cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { BusyTimeout = TimeSpan.FromSeconds(60) });
        for (int i = 0; i < int.Parse(args[1], CultureInfo.InvariantCulture); i++)
        {
            cache.Compact();
            Console.WriteLine(cache.GetInfo().Generation.ToString(CultureInfo.InvariantCulture));
        }

        return 0;
    }
}
