using System.Runtime.CompilerServices;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>A run of ordinals with its liveness.</summary>
internal readonly record struct ScanRun(OrdinalRun Ordinals, LiveBitmap Live);

/// <summary>What a scan goes over: the live records of one snapshot.</summary>
/// <param name="Log">Where the records are.</param>
/// <param name="Tail">End of what the snapshot sees.</param>
/// <param name="Runs">Indexed records, oldest first.</param>
/// <param name="Replaced">Ordinals in the runs that the tail has replaced or removed since.</param>
/// <param name="TailOffsets">Frame offsets of the tail's live records; 0 for those that are not.</param>
/// <param name="TailFirstOrdinal">Ordinal of the first of <paramref name="TailOffsets"/>.</param>
/// <param name="Now">The time that expiry is held against, Unix milliseconds.</param>
/// <param name="Matching">One bit for each ordinal, the lowest first: set where a filter lets the record through. Null lets all through.</param>
internal sealed record ScanSet(
    LogFile Log,
    long Tail,
    ScanRun[] Runs,
    HashSet<long> Replaced,
    long[] TailOffsets,
    long TailFirstOrdinal,
    long Now,
    ulong[]? Matching = null)
{
    private const int BitsPerWord = 64;

    /// <summary>Liveness as one bitmap. Copies of this record that differ in time or filter share it.</summary>
    public LiveMarks Live { get; } = new();

    /// <summary>Ordinals in all.</summary>
    public long OrdinalCount => TailFirstOrdinal + TailOffsets.Length;

    /// <summary>Short codes of the first ordinals, or null.</summary>
    public ShortCodes? ShortCodes { get; init; }

    /// <summary>Live records of the tail; counted once, and copied with the set.</summary>
    public long LiveTailCount { get; } = CountLive(TailOffsets);

    /// <summary>Whether the filter lets an ordinal through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsMatch(long ordinal) => Matching is not { } matching || ((matching[ordinal / BitsPerWord] >> (int)(ordinal % BitsPerWord)) & 1) != 0;

    /// <summary>Whether an ordinal's record is the newest of its key and passes the filter. Expiry is not looked at.</summary>
    public bool IsLive(long ordinal)
    {
        if (!IsMatch(ordinal))
        {
            return false;
        }

        if (ordinal >= TailFirstOrdinal)
        {
            return TailOffsets[ordinal - TailFirstOrdinal] != 0;
        }

        foreach (ScanRun run in Runs)
        {
            long index = ordinal - run.Ordinals.FirstOrdinal;
            if (index < run.Ordinals.Count)
            {
                return run.Live.IsLive(index) && !Replaced.Contains(ordinal);
            }
        }

        return false;
    }

    /// <summary>Frame offset of an ordinal.</summary>
    public long OffsetOf(long ordinal)
    {
        if (ordinal >= TailFirstOrdinal)
        {
            return TailOffsets[ordinal - TailFirstOrdinal];
        }

        foreach (ScanRun run in Runs)
        {
            long index = ordinal - run.Ordinals.FirstOrdinal;
            if (index < run.Ordinals.Count)
            {
                return run.Ordinals.OffsetAt(index);
            }
        }

        throw new ArgumentOutOfRangeException(nameof(ordinal));
    }

    private static long CountLive(long[] offsets)
    {
        long count = 0;
        foreach (long offset in offsets)
        {
            count += offset != 0 ? 1 : 0;
        }

        return count;
    }
}
