using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Storage;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>
/// Exact search: reads every live vector once, in file order. Bound by memory bandwidth, so it goes to a second thread only where there is
/// enough to read.
/// </summary>
internal static class ExactScan
{
    private const long BytesWorthAThread = 8 << 20;
    private const int MostThreads = 8;

    /// <summary>What a thread takes at a time: enough to keep the hardware's read-ahead going, little enough that no thread waits long for another at the end.</summary>
    private const long BytesPerShare = 1 << 20;

    private const int EntriesPerBlock = FormatConstants.SectionBlockByteLength / FormatConstants.OrdinalsEntryByteLength;

    /// <summary>A float kernel's result past these is recomputed in binary64: products may have overflowed or vanished.</summary>
    private const float SafeNormLow = 1e-15f;
    private const float SafeNormHigh = 1e15f;

    /// <summary>What the float kernel of squared distances errs by for each element, as a part of the squared lengths, with room to spare.</summary>
    private const double RoundingPerElement = 1.0 / (1 << 22);

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
        int parts = (int)Math.Max(1, Math.Min(threads > 0 ? threads : ChooseThreads(count * byteLength), count));
        var shares = new Shares(count, Math.Max(1, BytesPerShare / byteLength));
        if (parts == 1)
        {
            return ScanShares(set, query, top, minimumScore, shares);
        }

        var others = new Task<ScoredOrdinal[]>[parts - 1];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = Task.Run(() => ScanShares(set, query, top, minimumScore, shares));
        }

        ScoredOrdinal[] own;
        try
        {
            own = ScanShares(set, query, top, minimumScore, shares);
        }
        finally
        {
            // The snapshot must outlive every part, whatever becomes of this one.
            foreach (Task<ScoredOrdinal[]> other in others)
            {
                WaitQuietly(other);
            }
        }

        var best = new TopK(top, default, minimumScore);
        try
        {
            best.Merge(own);
            foreach (Task<ScoredOrdinal[]> other in others)
            {
                best.Merge(other.GetAwaiter().GetResult());
            }

            return best.SortBestFirst().ToArray();
        }
        finally
        {
            best.Dispose();
        }
    }

    /// <summary>Waits; runs the part here where no other thread has begun it. Its failure is told when its result is asked for.</summary>
    private static void WaitQuietly(Task part)
    {
        try
        {
            part.Wait();
        }
        catch (AggregateException)
        {
        }
    }

    private static int ChooseThreads(long byteLength)
        => byteLength < 2 * BytesWorthAThread ? 1 : (int)Math.Min(Math.Min(Environment.ProcessorCount, MostThreads), byteLength / BytesWorthAThread);

    private static ScoredOrdinal[] ScanShares(ScanSet set, Query query, int top, double minimumScore, Shares shares)
    {
        var best = new TopK(top, default, minimumScore);
        try
        {
            while (shares.TryTake(out long from, out long to))
            {
                ScanOrdinals(set, query, from, to, ref best);
            }

            return best.SortBestFirst().ToArray();
        }
        finally
        {
            best.Dispose();
        }
    }

    private static void ScanOrdinals(ScanSet set, Query query, long from, long to, ref TopK best)
    {
        foreach (ScanRun run in set.Runs)
        {
            long first = run.Ordinals.FirstOrdinal;
            long start = Math.Max(from - first, 0);
            long end = Math.Min(to - first, run.Ordinals.Count);
            while (start < end)
            {
                long blockEnd = Math.Min(end, ((start / EntriesPerBlock) + 1) * EntriesPerBlock);
                ScanBlock(set, query, run, start, blockEnd, ref best);
                start = blockEnd;
            }
        }

        long tailStart = Math.Max(from, set.TailFirstOrdinal);
        if (tailStart < to)
        {
            ScanTail(set, query, (int)(tailStart - set.TailFirstOrdinal), (int)(to - set.TailFirstOrdinal), ref best);
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void ScanTail(ScanSet set, Query query, int start, int end, ref TopK best)
    {
        for (int index = start; index < end; index++)
        {
            long offset = set.TailOffsets[index];
            if (offset != 0)
            {
                ScoreRecord(set, query, offset, set.TailFirstOrdinal + index, ref best);
            }
        }
    }

    /// <summary>Scans the ordinals of one checked block of offsets.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void ScanBlock(ScanSet set, Query query, in ScanRun run, long start, long end, ref TopK best)
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
            if (hasReplaced && set.Replaced.Contains(ordinal))
            {
                continue;
            }

            long offset = BinaryPrimitives.ReadInt64LittleEndian(offsets.Slice(inBlock * FormatConstants.OrdinalsEntryByteLength));
            ScoreRecord(set, query, offset, ordinal, ref best);
        }
    }

    /// <summary>Scores one record and offers it. Inlined, so that the whole scan is one optimised body from the first call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoreRecord(ScanSet set, Query query, long offset, long ordinal, ref TopK best)
    {
        int byteLength = query.Vector.Length * sizeof(float);
        if ((ulong)offset > (ulong)(set.Tail - FormatConstants.FrameHeaderByteLength - byteLength) || !set.Log.Checked.Contains(offset))
        {
            ScoreSlowly(set, query, offset, ordinal, ref best);
            return;
        }

        ReadOnlySpan<byte> frame = set.Log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength + byteLength);
        if (frame[0] != (byte)FrameKind.Record)
        {
            ScoreSlowly(set, query, offset, ordinal, ref best);
            return;
        }

        long expires = BinaryPrimitives.ReadUInt32LittleEndian(frame.Slice(RecordFrame.ExpiresOffset))
            | ((long)BinaryPrimitives.ReadUInt16LittleEndian(frame.Slice(RecordFrame.ExpiresOffset + sizeof(uint))) << 32);
        if (expires != 0 && expires <= set.Now)
        {
            return;
        }

        float norm = MemoryMarshal.Read<float>(frame.Slice(RecordFrame.NormOffset));
        ReadOnlySpan<float> vector = MemoryMarshal.Cast<byte, float>(frame.Slice(RecordFrame.VectorOffset));
        bool isFloat = frame[RecordFrame.EncodingOffset] == (byte)RecordEncoding.Float32;
        if (!isFloat || norm is < SafeNormLow or > SafeNormHigh)
        {
            if (isFloat || !IsBelow(set, query, frame, norm, best.Threshold))
            {
                ScoreSlowly(set, query, offset, ordinal, ref best);
            }

            return;
        }

        float kernel = query.Metric == Metric.L2
            ? VectorKernels.SquaredL2Body(query.Vector, vector)
            : VectorKernels.DotBody(query.Vector, vector);
        double score = query.Metric == Metric.L2 && !float.IsFinite(kernel)
            ? ScoreInDouble(query, frame.Slice(RecordFrame.VectorOffset), norm)
            : Scores.FromKernel(query.Metric, kernel, norm, query.Norm);
        best.Offer(score, ordinal);
    }

    /// <summary>True where a record is a code, and its greatest possible score is below a threshold.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | JitOptions.AggressiveOptimization)]
    private static bool IsBelow(ScanSet set, Query query, ReadOnlySpan<byte> frame, float norm, double threshold)
    {
        uint byteLength = BinaryPrimitives.ReadUInt32LittleEndian(frame.Slice(RecordFrame.VectorLengthOffset));
        if (frame[RecordFrame.EncodingOffset] != (byte)RecordEncoding.Code
            || norm is < SafeNormLow or > SafeNormHigh
            || byteLength > (uint)(frame.Length - RecordFrame.VectorOffset))
        {
            return false;
        }

        EncodedQuery encoded = query.Encoded(set.Log.Codebook);
        if (byteLength != encoded.VectorByteLength)
        {
            return false;
        }

        double product = encoded.Product(frame.Slice(RecordFrame.VectorOffset, (int)byteLength), norm, out double slack);
        if (query.Metric != Metric.L2)
        {
            return Scores.FromKernel(query.Metric, product + slack, norm, query.Norm) < threshold;
        }

        double squares = (query.Norm * query.Norm) + ((double)norm * norm);
        double least = squares - (2 * (product + slack)) - (squares * RoundingPerElement * query.Vector.Length);
        return Scores.FromKernel(query.Metric, Math.Max(0, least), norm, query.Norm) < threshold;
    }

    /// <summary>A frame's first use in this process (its CRCs are checked), a Touch, a vector that must be decoded, or one of extreme length.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ScoreSlowly(ScanSet set, Query query, long offset, long ordinal, ref TopK best)
    {
        RecordFrame frame = RecordReader.Read(set.Log, offset, set.Tail);
        if (!frame.Header.Kind.TakesOrdinal())
        {
            throw new CorruptFileException("An ordinal names a frame that is not a record; compact the file, which rebuilds its indexes", set.Log.Path, offset);
        }

        if (frame.IsExpired(set.Now))
        {
            return;
        }

        long vectorOffset = offset;
        RecordFrame record = RecordReader.ReadVectorFrame(set.Log, frame, ref vectorOffset);
        if (record.Encoding == RecordEncoding.Float32)
        {
            OfferSlowly(query, RecordReader.Vector(set.Log, vectorOffset, record), record.Norm, ordinal, ref best);
            return;
        }

        float[] decoded = ArrayPool<float>.Shared.Rent(query.Vector.Length);
        try
        {
            OfferSlowly(query, RecordReader.Vector(set.Log, vectorOffset, record, decoded), record.Norm, ordinal, ref best);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(decoded);
        }
    }

    private static void OfferSlowly(Query query, ReadOnlySpan<float> vector, float norm, long ordinal, ref TopK best)
    {
        double score;
        if (norm is < SafeNormLow or > SafeNormHigh)
        {
            score = ScoreInDouble(query, MemoryMarshal.AsBytes(vector), norm);
        }
        else
        {
            float kernel = query.Metric == Metric.L2 ? VectorKernels.SquaredL2(query.Vector, vector) : VectorKernels.Dot(query.Vector, vector);
            score = query.Metric == Metric.L2 && !float.IsFinite(kernel)
                ? ScoreInDouble(query, MemoryMarshal.AsBytes(vector), norm)
                : Scores.FromKernel(query.Metric, kernel, norm, query.Norm);
        }

        best.Offer(score, ordinal);
    }

    /// <summary>The same score in binary64, for vectors whose products leave the range of a float.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double ScoreInDouble(Query query, ReadOnlySpan<byte> vectorBytes, float norm)
    {
        ReadOnlySpan<float> vector = MemoryMarshal.Cast<byte, float>(vectorBytes).Slice(0, query.Vector.Length);
        double kernel = query.Metric == Metric.L2 ? WideKernels.SquaredL2(query.Vector, vector) : WideKernels.Dot(query.Vector, vector);
        return Scores.FromKernel(query.Metric, kernel, query.Metric == Metric.Cosine ? VectorNorm.Norm(vector) : norm, query.Norm);
    }

    /// <summary>Hands out ranges of ordinals. A thread that is held up takes fewer; what is found does not depend on who took what.</summary>
    private sealed class Shares(long count, long share)
    {
        private long _next;

        public bool TryTake(out long from, out long to)
        {
            from = Interlocked.Add(ref _next, share) - share;
            to = Math.Min(from + share, count);
            return from < count;
        }
    }
}
