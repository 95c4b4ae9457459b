namespace EmbedCache.Format;

/// <summary>Times of the file: Unix milliseconds, UTC, in 48 bits. 0 stands for "never" where a time is optional.</summary>
internal static class UnixTime
{
    /// <summary>9999-12-31T23:59:59.999Z, the last millisecond that <see cref="DateTimeOffset"/> holds; below 2^48.</summary>
    public const long MaxMilliseconds = 253_402_300_799_999;

    /// <summary>0001-01-01T00:00:00.000Z. Only metadata dates go below 1970.</summary>
    public const long MinDateMilliseconds = -62_135_596_800_000;

    /// <summary>True for a time that a header, slot or frame can hold.</summary>
    public static bool IsValid(long milliseconds) => milliseconds is >= 0 and <= MaxMilliseconds;

    /// <summary>True for a time that a metadata date can hold.</summary>
    public static bool IsValidDate(long milliseconds) => milliseconds is >= MinDateMilliseconds and <= MaxMilliseconds;

    /// <summary>Milliseconds since 1970, rounded down; negative before.</summary>
    public static long FromDateTimeOffset(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    /// <summary>The time in UTC.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a valid date.</exception>
    public static DateTimeOffset ToDateTimeOffset(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    /// <summary>The time in UTC, or null for 0.</summary>
    public static DateTimeOffset? ToOptional(long milliseconds) => milliseconds == 0 ? null : ToDateTimeOffset(milliseconds);
}
