namespace EmbedCache.Tests.Engine;

/// <summary>How much of a test that could go on for ever is run: a little in each run, more with EMBEDCACHE_LONG=1.</summary>
internal static class LongRun
{
    public static bool IsWanted { get; } = Environment.GetEnvironmentVariable("EMBEDCACHE_LONG") == "1";

    public static int Scale(int usual, int wanted) => IsWanted ? wanted : usual;
}
