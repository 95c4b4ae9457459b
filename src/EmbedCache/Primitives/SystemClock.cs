namespace EmbedCache.Primitives;

/// <summary>The one place that asks the machine for the time.</summary>
internal static class SystemClock
{
    private const long UnixEpochMilliseconds = 62_135_596_800_000;

    /// <summary>Milliseconds since 1970, UTC.</summary>
    public static long UnixMilliseconds() => (DateTime.UtcNow.Ticks / TimeSpan.TicksPerMillisecond) - UnixEpochMilliseconds;
}
