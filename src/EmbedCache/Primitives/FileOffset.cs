using System.Globalization;

namespace EmbedCache.Primitives;

/// <summary>A place in the .edb file, in bytes from its start.</summary>
internal readonly struct FileOffset(long value) : IEquatable<FileOffset>, IComparable<FileOffset>
{
    /// <summary>The number itself.</summary>
    public long Value { get; } = value;

    public static explicit operator FileOffset(long value) => new(value);

    public static explicit operator long(FileOffset value) => value.Value;

    /// <exception cref="OverflowException">The number does not fit into 32 bits.</exception>
    public static explicit operator int(FileOffset value) => checked((int)value.Value);

    /// <summary>The one that stands <paramref name="count"/> bytes further.</summary>
    public static FileOffset operator +(FileOffset left, long count) => new(left.Value + count);

    /// <summary>How many bytes lie between two.</summary>
    public static long operator -(FileOffset left, FileOffset right) => left.Value - right.Value;

    public static bool operator ==(FileOffset left, FileOffset right) => left.Value == right.Value;

    public static bool operator !=(FileOffset left, FileOffset right) => left.Value != right.Value;

    public static bool operator <(FileOffset left, FileOffset right) => left.Value < right.Value;

    public static bool operator >(FileOffset left, FileOffset right) => left.Value > right.Value;

    public static bool operator <=(FileOffset left, FileOffset right) => left.Value <= right.Value;

    public static bool operator >=(FileOffset left, FileOffset right) => left.Value >= right.Value;

    public int CompareTo(FileOffset other) => Value.CompareTo(other.Value);

    public bool Equals(FileOffset other) => Value == other.Value;

    public override bool Equals(object? obj) => obj is FileOffset other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
