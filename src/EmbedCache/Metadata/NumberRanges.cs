namespace EmbedCache.Metadata;

/// <summary>A closed range of 64-bit integers: of integers, or of dates in milliseconds.</summary>
internal readonly record struct LongRange(long Low, long High)
{
    public static LongRange None => new(long.MaxValue, long.MinValue);

    public bool IsEmpty => Low > High;

    public bool Holds(long value) => value >= Low && value <= High;
}

/// <summary>A closed range of binary64. NaN is in none; 0 and -0 are one number.</summary>
internal readonly record struct DoubleRange(double Low, double High)
{
    public static DoubleRange None => new(double.PositiveInfinity, double.NegativeInfinity);

    public bool IsEmpty => !(Low <= High);

    public bool Holds(double value) => value >= Low && value <= High;
}

/// <summary>
/// What a comparison with a number means for integers and for reals. Both are numbers: 2 equals 2.0, and 2^53 + 1 is above the real 2^53, so a
/// constant of one type becomes a closed range of the other, exactly.
/// </summary>
internal static class NumberRanges
{
    // 2^63, the first real above every long.
    private const double LongLimit = 9_223_372_036_854_775_808.0;

    /// <summary>Integers that compare so with an integer.</summary>
    public static LongRange LongsAgainst(FilterOperator comparison, long constant) => comparison switch
    {
        FilterOperator.Less => constant == long.MinValue ? LongRange.None : new LongRange(long.MinValue, constant - 1),
        FilterOperator.LessOrEqual => new LongRange(long.MinValue, constant),
        FilterOperator.Greater => constant == long.MaxValue ? LongRange.None : new LongRange(constant + 1, long.MaxValue),
        FilterOperator.GreaterOrEqual => new LongRange(constant, long.MaxValue),
        _ => new LongRange(constant, constant),
    };

    /// <summary>Integers that compare so with a finite real.</summary>
    public static LongRange LongsAgainst(FilterOperator comparison, double constant)
    {
        double floor = Math.Floor(constant);
        double ceiling = Math.Ceiling(constant);
        return comparison switch
        {
            FilterOperator.Less => ceiling >= LongLimit ? All : ceiling <= -LongLimit ? LongRange.None : new LongRange(long.MinValue, (long)ceiling - 1),
            FilterOperator.LessOrEqual => floor >= LongLimit ? All : floor < -LongLimit ? LongRange.None : new LongRange(long.MinValue, (long)floor),
            FilterOperator.Greater => floor >= LongLimit ? LongRange.None : floor < -LongLimit ? All : new LongRange((long)floor + 1, long.MaxValue),
            FilterOperator.GreaterOrEqual => ceiling >= LongLimit ? LongRange.None : ceiling < -LongLimit ? All : new LongRange((long)ceiling, long.MaxValue),
            _ => floor != constant || constant >= LongLimit || constant < -LongLimit ? LongRange.None : new LongRange((long)constant, (long)constant),
        };
    }

    /// <summary>Reals that compare so with a finite real.</summary>
    public static DoubleRange DoublesAgainst(FilterOperator comparison, double constant) => comparison switch
    {
        FilterOperator.Less => new DoubleRange(double.NegativeInfinity, Before(constant)),
        FilterOperator.LessOrEqual => new DoubleRange(double.NegativeInfinity, constant),
        FilterOperator.Greater => new DoubleRange(After(constant), double.PositiveInfinity),
        FilterOperator.GreaterOrEqual => new DoubleRange(constant, double.PositiveInfinity),
        _ => new DoubleRange(constant, constant),
    };

    /// <summary>Reals that compare so with an integer.</summary>
    public static DoubleRange DoublesAgainst(FilterOperator comparison, long constant)
    {
        double nearest = constant;
        int side = nearest >= LongLimit ? 1 : ((long)nearest).CompareTo(constant);
        return side == 0 ? DoublesAgainst(comparison, nearest) : comparison switch
        {
            // The constant lies between two neighbouring reals, so with or without equality is the same.
            FilterOperator.Less or FilterOperator.LessOrEqual => new DoubleRange(double.NegativeInfinity, side > 0 ? Before(nearest) : nearest),
            FilterOperator.Greater or FilterOperator.GreaterOrEqual => new DoubleRange(side > 0 ? nearest : After(nearest), double.PositiveInfinity),
            _ => DoubleRange.None,
        };
    }

    private static LongRange All => new(long.MinValue, long.MaxValue);

    /// <summary>The next real below.</summary>
    private static double Before(double value) => -After(-value);

    /// <summary>The next real above a finite one.</summary>
    private static double After(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        return value == 0 ? double.Epsilon : BitConverter.Int64BitsToDouble(bits < 0 ? bits - 1 : bits + 1);
    }
}
