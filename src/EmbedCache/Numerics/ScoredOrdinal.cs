using System.Globalization;
using System.Runtime.CompilerServices;

namespace EmbedCache.Numerics;

/// <summary>A record, by its ordinal, and how well it matches: higher is better, and of equal scores the lower ordinal, the older record, comes first.</summary>
internal readonly struct ScoredOrdinal(double score, long ordinal) : IEquatable<ScoredOrdinal>
{
    public double Score { get; } = score;

    public long Ordinal { get; } = ordinal;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsBetterThan(in ScoredOrdinal other) => Score > other.Score || (Score == other.Score && Ordinal < other.Ordinal);

    public bool Equals(ScoredOrdinal other) => Score.Equals(other.Score) && Ordinal == other.Ordinal;

    public override bool Equals(object? obj) => obj is ScoredOrdinal other && Equals(other);

    public override int GetHashCode() => (Score, Ordinal).GetHashCode();

    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "{0}: {1:R}", Ordinal, Score);
}
