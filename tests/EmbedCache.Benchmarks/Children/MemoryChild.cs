using System.Globalization;
using EmbedCache.Benchmarks.Peers;

namespace EmbedCache.Benchmarks.Children;

/// <summary>
/// Memory above what this process had before it touched the store. Keys and the table that keeps the vectors are made before the
/// first reading; code that is loaded and compiled for the store counts, and so do the vectors that are kept.
/// </summary>
internal static class MemoryChild
{
    private const int MaxGets = 1000;
    private static readonly int[] Stops = [0, 100, MaxGets];

    /// <summary>Arguments: system or "empty", path without suffix, dimension, records in the store, scratch directory.</summary>
    public static void Run(string[] arguments)
    {
        int dimension = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        int count = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        var walk = new Walk(count);
        var keys = new string[MaxGets];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = Samples.Key(walk.Next());
        }

        var kept = new float[MaxGets][];
        var readings = new ProcessMemory.Reading[Stops.Length];
        var memory = new ProcessMemory(arguments[4]);
        ProcessMemory.Reading before = memory.Read();
        using IVectorStore? store = arguments[0] == "empty" ? null : StoreKinds.Named(arguments[0]).Open(arguments[1], dimension, ReadPattern.Hot);
        int taken = 0;
        for (int i = 0; i < Stops.Length; i++)
        {
            for (; store is not null && taken < Stops[i]; taken++)
            {
                kept[taken] = new float[dimension];
                store.Copy(keys[taken], kept[taken]);
            }

            readings[i] = memory.Read();
        }

        for (int i = 0; i < Stops.Length; i++)
        {
            string name = Name(Stops[i]);
            ChildProcess.Print(name + ", private", readings[i].Private - before.Private);
            ChildProcess.Print(name + ", anonymous", readings[i].Anonymous - before.Anonymous);
            ChildProcess.Print(name + ", mapped store pages", readings[i].StoreMapped - before.StoreMapped);
        }

        GC.KeepAlive(kept);
    }

    private static string Name(int stop) => stop == 0 ? "open" : string.Create(CultureInfo.InvariantCulture, $"{stop} gets");
}
