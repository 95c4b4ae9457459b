using System.Diagnostics;
using System.Globalization;

namespace EmbedCache.Tests.Engine;

/// <summary>
/// How much of a test that could go on for ever is run: a little in each run, more with EMBEDCACHE_LONG=1, and with EMBEDCACHE_LONG_SECONDS as much of that as
/// so many seconds allow each part.
/// </summary>
internal static class LongRun
{
    public static bool IsWanted { get; } = Environment.GetEnvironmentVariable("EMBEDCACHE_LONG") == "1";

    /// <summary>Seconds for each part of a long run; 0 for as many as it takes.</summary>
    public static int Seconds { get; } = IsWanted && int.TryParse(Environment.GetEnvironmentVariable("EMBEDCACHE_LONG_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : 0;

    /// <summary>Whether a part may end before it has done all that a long run wants.</summary>
    public static bool IsLimited => Seconds > 0;

    public static int Scale(int usual, int wanted) => IsWanted ? wanted : usual;

    /// <summary>What a part asks whether its time is over, beginning now.</summary>
    public static Func<bool> Deadline()
    {
        var clock = Stopwatch.StartNew();
        return () => IsLimited && clock.Elapsed.TotalSeconds >= Seconds;
    }
}
