using System.Diagnostics;

namespace EmbedCache.Engine;

/// <summary>
/// When work is to end: never, until somebody says by when. Who was given <see cref="IsOver"/> before that learns of it too, in the middle of its work.
/// </summary>
internal sealed class Deadline
{
    private const long Never = long.MaxValue;

    private long _end = Never;

    /// <summary>Ends the work after so long, counted from now.</summary>
    public void Set(TimeSpan limit) => Volatile.Write(ref _end, limit == Timeout.InfiniteTimeSpan ? Never : Stopwatch.GetTimestamp() + (long)Math.Min(limit.TotalSeconds * Stopwatch.Frequency, Never / 2));

    /// <summary>Lets work go on without an end.</summary>
    public void Lift() => Volatile.Write(ref _end, Never);

    public bool IsOver() => Stopwatch.GetTimestamp() >= Volatile.Read(ref _end);
}
