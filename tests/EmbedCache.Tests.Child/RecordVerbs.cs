using System.Globalization;
using EmbedCache.Engine;
using EmbedCache.Faults.Disk;
using EmbedCache.Storage;

namespace EmbedCache.Tests.Child;

/// <summary>A process whose calls are written down twice: at the engine's file-system seam, by the recorder that crash tests rest on, and by whoever traces the process.</summary>
internal static class RecordVerbs
{
    private const int KeyCount = 530;
    private const int Rounds = 3;

    /// <summary>PATH: does a little of everything to a new store, and says every call that changed the disk, one a line.</summary>
    public static int Record(string[] args)
    {
        var recorder = new RecordingFileSystem(PlatformFileSystem.Instance);
        var environment = new EngineEnvironment { FileSystem = recorder, Limits = EngineLimits.Default with { CloseReleaseThreshold = 1, AppendBufferByteLength = 16 * 1024 } };
        using (var cache = EmbeddingCache.Create(args[0], new EmbeddingCacheCreateOptions { Dimension = 2, Metric = Metric.Dot }, environment))
        {
            Change(cache);
        }

        using (var cache = EmbeddingCache.Open(args[0], new EmbeddingCacheOptions { Durability = Durability.Normal }, environment))
        {
            Change(cache);
            cache.Compact();
            cache.Set("after", [1, 2]);
        }

        using var output = new StreamWriter(Console.OpenStandardOutput()) { NewLine = "\n" };
        foreach (DiskEvent call in recorder.Trace)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{call.Operation}|{call.Path}|{call.File}|{call.Offset}|{call.Length}|{call.Source}|{(call.GrowsFile ? 1 : 0)}"));
        }

        return 0;
    }

    private static void Change(EmbeddingCache cache)
    {
        cache.Set("one", [1, 2]);
        cache.Set("two", [2, 3]);
        cache.Remove("one");
        for (int round = 0; round < Rounds; round++)
        {
            cache.Set(Enumerable.Range(0, KeyCount).Select(i => new EmbeddingEntry($"{i}", new float[] { i, round })));
            cache.Checkpoint();
        }

        using EmbeddingTransaction transaction = cache.BeginTransaction();
        transaction.Set("undone", [1, 1]);
        transaction.Get("undone");
    }
}
