using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;
using EmbedCache.Storage;

namespace EmbedCache.Search;

/// <summary>Scores one record against a query from its vector in the file: the one definition of a score that every search agrees with.</summary>
internal static class RecordScorer
{
    /// <summary>A float kernel's result past these is recomputed in binary64: products may have overflowed or vanished.</summary>
    private const float SafeNormLow = 1e-15f;
    private const float SafeNormHigh = 1e15f;

    /// <summary>What the float kernel of squared distances errs by for each element, as a part of the squared lengths, with room to spare.</summary>
    private const double RoundingPerElement = 1.0 / (1 << 22);

    /// <summary>Scores a live record; false when it has expired, or is certain to score below <paramref name="floor"/> (one above may be scored all the same). Inlined, so that a whole scan is one optimised body from the first call.</summary>
    /// <exception cref="CorruptFileException">The record is damaged.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryScore(ScanSet set, Query query, long offset, double floor, out double score)
    {
        int byteLength = query.Vector.Length * sizeof(float);
        if ((ulong)offset > (ulong)(set.Tail - FormatConstants.FrameHeaderByteLength - byteLength) || !set.Log.Checked.Contains(offset))
        {
            return TryScoreSlowly(set, query, offset, out score);
        }

        ReadOnlySpan<byte> frame = set.Log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength + byteLength);
        if (frame[0] != (byte)FrameKind.Record)
        {
            return TryScoreSlowly(set, query, offset, out score);
        }

        long expires = BinaryPrimitives.ReadUInt32LittleEndian(frame.Slice(RecordFrame.ExpiresOffset))
            | ((long)BinaryPrimitives.ReadUInt16LittleEndian(frame.Slice(RecordFrame.ExpiresOffset + sizeof(uint))) << 32);
        if (expires != 0 && expires <= set.Now)
        {
            score = 0;
            return false;
        }

        float norm = MemoryMarshal.Read<float>(frame.Slice(RecordFrame.NormOffset));
        ReadOnlySpan<float> vector = MemoryMarshal.Cast<byte, float>(frame.Slice(RecordFrame.VectorOffset));
        bool isFloat = frame[RecordFrame.EncodingOffset] == (byte)RecordEncoding.Float32;
        if (!isFloat || norm is < SafeNormLow or > SafeNormHigh)
        {
            score = 0;
            return (isFloat || !IsBelow(set, query, frame, norm, floor)) && TryScoreSlowly(set, query, offset, out score);
        }

        float kernel = query.Metric == Metric.L2
            ? VectorKernels.SquaredL2Body(query.Vector, vector)
            : VectorKernels.DotBody(query.Vector, vector);
        score = query.Metric == Metric.L2 && !float.IsFinite(kernel)
            ? ScoreInDouble(query, frame.Slice(RecordFrame.VectorOffset), norm)
            : Scores.FromKernel(query.Metric, kernel, norm, query.Norm);
        return true;
    }

    /// <summary>
    /// The same for the few candidates of a walk: calls the kernels, which are compiled for the first record of a process anyway. Inlined they would be compiled once more,
    /// and that takes longer than the query.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool TryScoreOne(ScanSet set, Query query, long offset, out double score)
    {
        int byteLength = query.Vector.Length * sizeof(float);
        if ((ulong)offset <= (ulong)(set.Tail - FormatConstants.FrameHeaderByteLength - byteLength) && set.Log.Checked.Contains(offset))
        {
            ReadOnlySpan<byte> frame = set.Log.Source.Slice(offset, FormatConstants.FrameHeaderByteLength + byteLength);
            float norm = MemoryMarshal.Read<float>(frame.Slice(RecordFrame.NormOffset));
            bool isPlain = frame[0] == (byte)FrameKind.Record
                && frame[RecordFrame.EncodingOffset] == (byte)RecordEncoding.Float32
                && BinaryPrimitives.ReadUInt32LittleEndian(frame.Slice(RecordFrame.ExpiresOffset)) == 0
                && BinaryPrimitives.ReadUInt16LittleEndian(frame.Slice(RecordFrame.ExpiresOffset + sizeof(uint))) == 0;
            if (isPlain)
            {
                score = ScoreVector(query, MemoryMarshal.Cast<byte, float>(frame.Slice(RecordFrame.VectorOffset)), norm);
                return true;
            }
        }

        return TryScoreSlowly(set, query, offset, out score);
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
    private static bool TryScoreSlowly(ScanSet set, Query query, long offset, out double score)
    {
        score = 0;
        RecordFrame frame = RecordReader.Read(set.Log, offset, set.Tail);
        if (!frame.Header.Kind.TakesOrdinal())
        {
            throw new CorruptFileException("An ordinal names a frame that is not a record; compact the file, which rebuilds its indexes", set.Log.Path, offset);
        }

        if (frame.IsExpired(set.Now))
        {
            return false;
        }

        long vectorOffset = offset;
        RecordFrame record = RecordReader.ReadVectorFrame(set.Log, frame, ref vectorOffset);
        if (record.Encoding == RecordEncoding.Float32)
        {
            score = ScoreVector(query, RecordReader.Vector(set.Log, vectorOffset, record), record.Norm);
            return true;
        }

        float[] decoded = ArrayPool<float>.Shared.Rent(query.Vector.Length);
        try
        {
            score = ScoreVector(query, RecordReader.Vector(set.Log, vectorOffset, record, decoded), record.Norm);
            return true;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(decoded);
        }
    }

    private static double ScoreVector(Query query, ReadOnlySpan<float> vector, float norm)
    {
        if (norm is < SafeNormLow or > SafeNormHigh)
        {
            return ScoreInDouble(query, MemoryMarshal.AsBytes(vector), norm);
        }

        float kernel = query.Metric == Metric.L2 ? VectorKernels.SquaredL2(query.Vector, vector) : VectorKernels.Dot(query.Vector, vector);
        return query.Metric == Metric.L2 && !float.IsFinite(kernel)
            ? ScoreInDouble(query, MemoryMarshal.AsBytes(vector), norm)
            : Scores.FromKernel(query.Metric, kernel, norm, query.Norm);
    }

    /// <summary>The same score in binary64, for vectors whose products leave the range of a float.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double ScoreInDouble(Query query, ReadOnlySpan<byte> vectorBytes, float norm)
    {
        ReadOnlySpan<float> vector = MemoryMarshal.Cast<byte, float>(vectorBytes).Slice(0, query.Vector.Length);
        double kernel = query.Metric == Metric.L2 ? WideKernels.SquaredL2(query.Vector, vector) : WideKernels.Dot(query.Vector, vector);
        return Scores.FromKernel(query.Metric, kernel, query.Metric == Metric.Cosine ? VectorNorm.Norm(vector) : norm, query.Norm);
    }
}
