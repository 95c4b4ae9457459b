using System.Globalization;

namespace EmbedCache.Primitives;

/// <summary>The number of a Record or Touch frame in its log: 0 for the first, one more for each after it. Dense, and it never changes while the log lives.</summary>
internal readonly struct Ordinal(long value) : IEquatable<Ordinal>, IComparable<Ordinal>
{
    /// <summary>The number itself.</summary>
    public long Value { get; } = value;

    public static explicit operator Ordinal(long value) => new(value);

    public static explicit operator long(Ordinal value) => value.Value;

    /// <exception cref="OverflowException">The number does not fit into 32 bits.</exception>
    public static explicit operator int(Ordinal value) => checked((int)value.Value);

    /// <summary>The one that stands <paramref name="count"/> ordinals further.</summary>
    public static Ordinal operator +(Ordinal left, long count) => new(left.Value + count);

    /// <summary>How many ordinals lie between two.</summary>
    public static long operator -(Ordinal left, Ordinal right) => left.Value - right.Value;

    public static bool operator ==(Ordinal left, Ordinal right) => left.Value == right.Value;

    public static bool operator !=(Ordinal left, Ordinal right) => left.Value != right.Value;

    public static bool operator <(Ordinal left, Ordinal right) => left.Value < right.Value;

    public static bool operator >(Ordinal left, Ordinal right) => left.Value > right.Value;

    public static bool operator <=(Ordinal left, Ordinal right) => left.Value <= right.Value;

    public static bool operator >=(Ordinal left, Ordinal right) => left.Value >= right.Value;

    public int CompareTo(Ordinal other) => Value.CompareTo(other.Value);

    public bool Equals(Ordinal other) => Value == other.Value;

    public override bool Equals(object? obj) => obj is Ordinal other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
