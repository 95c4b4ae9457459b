using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>
/// Exact search: reads every live vector once, in file order. Bound by memory bandwidth, so it goes to a second thread only where there is
/// enough to read.
/// </summary>
internal static class ExactScan
{
    /// <summary>What a thread takes at a time: enough to keep the hardware's read-ahead going, little enough that no thread waits long for another at the end.</summary>
    private const long BytesPerShare = 1 << 20;

    private const int EntriesPerBlock = FormatConstants.SectionBlockByteLength / FormatConstants.OrdinalsEntryByteLength;

    /// <summary>The best <paramref name="top"/> records, best first, none below <paramref name="minimumScore"/>.</summary>
    /// <param name="set">What to scan.</param>
    /// <param name="query">The query.</param>
    /// <param name="top">How many at most.</param>
    /// <param name="minimumScore">Lowest score to return.</param>
    /// <param name="threads">Threads to use; 0 decides by the amount to read.</param>
    public static ScoredOrdinal[] Run(ScanSet set, Query query, int top, double minimumScore, int threads)
    {
        long count = set.OrdinalCount;
        long byteLength = query.Vector.Length * sizeof(float);
        int parts = (int)Math.Max(1, Math.Min(SearchParts.Count(threads, count * byteLength), count));
        var shares = new Shares(count, Math.Max(1, BytesPerShare / byteLength));
        ScoredOrdinal[][] found = SearchParts.Run(parts, () => ScanShares(set, query, top, minimumScore, shares));
        return found.Length == 1 ? found[0] : Merge(found, top, minimumScore);
    }

    /// <summary>The best of several threads' best.</summary>
    public static ScoredOrdinal[] Merge(ScoredOrdinal[][] found, int top, double minimumScore)
    {
        var best = new TopK(top, null, minimumScore);
        try
        {
            foreach (ScoredOrdinal[] part in found)
            {
                best.Merge(part);
            }

            return best.SortBestFirst();
        }
        finally
        {
            best.Dispose();
        }
    }

    /// <summary>Offers the live records of a range of ordinals.</summary>
    public static void ScanOrdinals(ScanSet set, Query query, long from, long to, ref TopK best)
    {
        foreach (ScanRun run in set.Runs)
        {
            long first = run.Ordinals.FirstOrdinal;
            long start = Math.Max(from - first, 0);
            long end = Math.Min(to - first, run.Ordinals.Count);
            long free = start > 0 && start < end ? run.Ordinals.OffsetAt(start - 1) + FormatConstants.Unit : run.Ordinals.Section.Frame.CoversFrom;
            while (start < end)
            {
                long blockEnd = Math.Min(end, ((start / EntriesPerBlock) + 1) * EntriesPerBlock);
                ScanBlock(set, query, run, start, blockEnd, ref free, ref best);
                start = blockEnd;
            }
        }

        long tailStart = Math.Max(from, set.TailFirstOrdinal);
        if (tailStart < to)
        {
            ScanTail(set, query, (int)(tailStart - set.TailFirstOrdinal), (int)(to - set.TailFirstOrdinal), ref best);
        }
    }

    private static ScoredOrdinal[] ScanShares(ScanSet set, Query query, int top, double minimumScore, Shares shares)
    {
        var best = new TopK(top, null, minimumScore);
        try
        {
            while (shares.TryTake(out long from, out long to))
            {
                ScanOrdinals(set, query, from, to, ref best);
            }

            return best.SortBestFirst();
        }
        finally
        {
            best.Dispose();
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void ScanTail(ScanSet set, Query query, int start, int end, ref TopK best)
    {
        for (int index = start; index < end; index++)
        {
            long offset = set.TailOffsets[index];
            long ordinal = set.TailFirstOrdinal + index;
            if (offset != 0 && set.IsMatch(ordinal) && RecordScorer.TryScore(set, query, offset, best.Threshold, out double score))
            {
                best.Offer(score, ordinal);
            }
        }
    }

    /// <summary>Scans the ordinals of one checked block of offsets.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void ScanBlock(ScanSet set, Query query, in ScanRun run, long start, long end, ref long free, ref TopK best)
    {
        ReadOnlySpan<byte> offsets = run.Ordinals.Section.Block(start / EntriesPerBlock);
        int inBlock = (int)(start % EntriesPerBlock);
        bool hasReplaced = set.Replaced.Count > 0;
        for (long index = start; index < end; index++, inBlock++)
        {
            ulong live = run.Live.Word(index / LiveBitmap.BitsPerWord) >> (int)(index % LiveBitmap.BitsPerWord);
            if ((live & 1) == 0)
            {
                continue;
            }

            long ordinal = run.Ordinals.FirstOrdinal + index;
            if ((hasReplaced && set.Replaced.Contains(ordinal)) || !set.IsMatch(ordinal))
            {
                continue;
            }

            long offset = BinaryPrimitives.ReadInt64LittleEndian(offsets.Slice(inBlock * FormatConstants.OrdinalsEntryByteLength));
            if (offset < free)
            {
                throw Overlap(set, offset);
            }

            if (RecordScorer.TryScore(set, query, offset, best.Threshold, out double score))
            {
                best.Offer(score, ordinal);
            }

            free = offset + (BinaryPrimitives.ReadUInt32LittleEndian(set.Log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength).Slice(FrameHeader.FrameLengthOffset)) * (long)FormatConstants.Unit);
        }
    }

    /// <summary>Without this, entries that all name one long record, or records inside records, would make a small file as much work as a large one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static CorruptFileException Overlap(ScanSet set, long offset)
        => new("An index names frames that overlap or are out of order; compact the file, which rebuilds its indexes", set.Log.Path, offset);
}
