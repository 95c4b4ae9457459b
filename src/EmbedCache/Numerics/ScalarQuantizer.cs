using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EmbedCache.Primitives;
#if NET
using System.Runtime.Intrinsics;
#endif

namespace EmbedCache.Numerics;

/// <summary>
/// Scalar quantisation to 8 bits, with one scale for each vector. What is quantised is y: under cosine the vector at length 1 less the codebook's mean, under L2
/// the vector less the mean, under dot the vector. Codes and what stands beside them are persisted, and the same on every machine.
/// </summary>
/// <remarks>
/// In binary64, without fused multiply-add: y(i) = x(i) * (1 / norm) - mean(i); scale = (float)(max |y| / 127); code(i) = y(i) * (1 / scale), rounded half to
/// even and held within -127..127. A scale below the smallest normal float is 0, and all codes with it. The residual sums (y(i) - scale * code(i))²
/// in 16 lanes, element i in lane i mod 16, in ascending i, joined as in <see cref="VectorNorm"/>. scale * code is exact; the rest errs by less than what is added
/// before the residual is rounded up to a float (see <see cref="RoundUp"/> and FORMAT.md), so that it is never too small.
/// </remarks>
internal static partial class ScalarQuantizer
{
    private const int NumLanes = 16;
    private const int MaxStackByteLength = 4096;
    private const double MaxCode = 127;
    private const double SmallestScale = 1.1754943508222875e-38;

    /// <summary>Adding and subtracting it rounds half to even, and leaves the whole number in the low bits of the sum.</summary>
    private const double Rounder = 6755399441055744.0;

    /// <summary>2^-40: more than the relative error of a residual's 65,536 additions.</summary>
    private const double RelativeSlack = 9.094947017729282e-13;

    /// <summary>2^-39: more than binary64 errs when it brings a vector to length 1 and takes the mean off it.</summary>
    private const double UnitSlack = 1.8189894035458565e-12;

    /// <summary>2^-50: more than the relative error of a subtraction and of a root.</summary>
    private const double RoundingSlack = 8.881784197001252e-16;

    /// <summary>2^-49: more than the relative error of a root, a product and an addition.</summary>
    private const double CoarseSlack = 1.7763568394002505e-15;

    /// <summary>Writes the rows of a record's vector.</summary>
    /// <param name="vector">The vector as it is stored, any floats; empty where it could not be read.</param>
    /// <param name="metric">The file's metric.</param>
    /// <param name="mean">The codebook's mean, or empty for none.</param>
    /// <param name="coarse">Receives the coarse row, <see cref="CodeLayout.CoarseByteLength"/> bytes.</param>
    /// <param name="fine">Receives the fine row, <see cref="CodeLayout.FineByteLength"/> bytes.</param>
    /// <returns>What the rows' fields say; <see cref="CodeRow.Unknown"/> for a vector that is not finite, has no direction where one is needed, or is further from the mean than a float can say.</returns>
    public static CodeRow Encode(ReadOnlySpan<float> vector, Metric metric, ReadOnlySpan<float> mean, Span<byte> coarse, Span<byte> fine)
    {
        bool isFinite = VectorNorm.TryMeasure(vector, out double norm) && !vector.IsEmpty;
        return Encode(vector, isFinite ? norm : double.NaN, metric, mean, coarse, fine);
    }

    /// <summary>The same where the norm is known.</summary>
    /// <param name="vector">The vector as it is stored, any floats.</param>
    /// <param name="norm">Its norm as <see cref="VectorNorm.TryMeasure"/> gives it; NaN where that gives none.</param>
    /// <param name="metric">The file's metric.</param>
    /// <param name="mean">The codebook's mean, or empty for none.</param>
    /// <param name="coarse">Receives the coarse row, <see cref="CodeLayout.CoarseByteLength"/> bytes.</param>
    /// <param name="fine">Receives the fine row, <see cref="CodeLayout.FineByteLength"/> bytes.</param>
    public static CodeRow Encode(ReadOnlySpan<float> vector, double norm, Metric metric, ReadOnlySpan<float> mean, Span<byte> coarse, Span<byte> fine)
    {
        coarse.Clear();
        fine.Clear();
        bool isKnown = metric == Metric.Cosine ? norm > 0 : norm >= 0;
        double scale = metric == Metric.Cosine ? 1 / norm : 1;
        CodeRow fields = CodeRow.Unknown;
        if (isKnown)
        {
            Span<byte> codes = vector.Length <= MaxStackByteLength ? stackalloc byte[vector.Length] : new byte[vector.Length];
            fields = Quantize(vector, scale, mean, codes);
            double slack = metric == Metric.Cosine ? UnitSlack : fields.Norm * RoundingSlack;
            fields = fields with { Residual = RoundUp(fields.Residual + slack) };
            CodePacker.Pack(codes, coarse, fine);
            fields = AddCoarse(fields, vector.Length, coarse, fine);
            if (!fields.IsSound)
            {
                coarse.Clear();
                fine.Clear();
                fields = CodeRow.Unknown;
            }
        }

        fields.Write(coarse, fine);
        return fields;
    }

    /// <summary>
    /// What a coarse row by itself says and lacks. With q = 16 u + l - 128 an element's code, it lacks l - 7.5 of q and decodes to 16 u - 120.5: sums of their squares
    /// are whole numbers over four, so that all but the last roundings are exact.
    /// </summary>
    private static CodeRow AddCoarse(CodeRow fields, int dimension, ReadOnlySpan<byte> coarse, ReadOnlySpan<byte> fine)
    {
        (int upperSum, int upperSquares) = CodePacker.Measure(coarse);
        (int lowerSum, int lowerSquares) = CodePacker.Measure(fine);
        long lacking = (4L * lowerSquares) - (60L * lowerSum) + (225L * dimension);
        long decoded = (1024L * upperSquares) - (15_424L * upperSum) + (58_081L * dimension);
        double residual = fields.Residual + (fields.Scale * Math.Sqrt(lacking) / 2);
        double norm = fields.Scale * Math.Sqrt(decoded) / 2;
        return fields with
        {
            CoarseResidual = RoundUp(residual + (residual * CoarseSlack)),
            CoarseNorm = RoundUp(norm + (norm * CoarseSlack)),
        };
    }

    /// <summary>Makes a query that the kernels of <see cref="CodeKernels"/> hold against rows: signed codes in two runs, and zeros behind each.</summary>
    /// <param name="vector">The prepared query: at length 1 under cosine and dot.</param>
    /// <param name="mean">Under L2 the codebook's mean; else empty, since the mean's share of a score is the same for every row.</param>
    /// <param name="query">Receives the codes, <see cref="CodeLayout.QueryByteLength"/> bytes.</param>
    /// <returns>Scale, residual, sum and norm of the decoded query, as for rows.</returns>
    public static CodeRow EncodeQuery(ReadOnlySpan<float> vector, ReadOnlySpan<float> mean, Span<byte> query)
    {
        CodeRow fields = FirstQueries.ArePast ? Quantize(vector, 1, mean, query) : QuantizeScalar(vector, 1, Checked(mean, vector.Length), query.Slice(0, vector.Length));
        int half = (vector.Length + 1) / 2;
        Span<byte> upper = query.Slice(query.Length / 2);
        query.Slice(half, vector.Length - half).CopyTo(upper);
        upper.Slice(vector.Length - half).Clear();
        query.Slice(half, (query.Length / 2) - half).Clear();
        return fields with { Residual = RoundUp(fields.Residual + (fields.Norm * RoundingSlack)) };
    }

    /// <summary>sums += vector * multiplier, element by element: for means.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public static void AddScaled(Span<double> sums, ReadOnlySpan<float> vector, double multiplier)
    {
        for (int i = 0; i < sums.Length && i < vector.Length; i++)
        {
            sums[i] += vector[i] * multiplier;
        }
    }

    /// <summary>Scale, codes and error of scale * vector - mean.</summary>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static CodeRow Quantize(ReadOnlySpan<float> vector, double multiplier, ReadOnlySpan<float> mean, Span<byte> codes)
    {
        Checked(mean, vector.Length);
        Span<byte> used = codes.Slice(0, vector.Length);
#if NET
        if (Vector512.IsHardwareAccelerated)
        {
            return QuantizeVector512(vector, multiplier, mean, used);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            return QuantizeVector256(vector, multiplier, mean, used);
        }
#endif
        return QuantizeScalar(vector, multiplier, mean, used);
    }

    /// <summary>The mean, which is as long as the vector or empty.</summary>
    private static ReadOnlySpan<float> Checked(ReadOnlySpan<float> mean, int length)
    {
        if (!mean.IsEmpty && mean.Length != length)
        {
            Throw.LengthsDiffer(mean.Length, length);
        }

        return mean;
    }

    /// <summary>The reference.</summary>
    internal static CodeRow QuantizeScalar(ReadOnlySpan<float> vector, double multiplier, ReadOnlySpan<float> mean, Span<byte> codes)
    {
        double largest = 0;
        for (int i = 0; i < vector.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(Centred(vector, multiplier, mean, i)));
        }

        float scale = ScaleOf(largest, out double inverse);
        Span<double> lanes = stackalloc double[NumLanes];
        lanes.Clear();
        int sum = 0;
        int sumOfSquares = 0;
        QuantizeRest(vector, multiplier, mean, codes, 0, scale, inverse, lanes, ref sum, ref sumOfSquares);
        return Finish(scale, lanes, sum, sumOfSquares);
    }

    /// <summary>Elements from <paramref name="start"/> on, a multiple of the number of lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuantizeRest(
        ReadOnlySpan<float> vector,
        double multiplier,
        ReadOnlySpan<float> mean,
        Span<byte> codes,
        int start,
        float scale,
        double inverse,
        Span<double> lanes,
        ref int sum,
        ref int sumOfSquares)
    {
        for (int i = start; i < vector.Length; i++)
        {
            double element = Centred(vector, multiplier, mean, i);
            double rounded = ((element * inverse) + Rounder) - Rounder;
            rounded = Math.Min(Math.Max(rounded, -MaxCode), MaxCode);
            double error = element - (rounded * scale);
            lanes[i % NumLanes] += error * error;
            int code = (int)rounded;
            codes[i] = (byte)code;
            sum += code;
            sumOfSquares += code * code;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Centred(ReadOnlySpan<float> vector, double multiplier, ReadOnlySpan<float> mean, int index)
    {
        double scaled = vector[index] * multiplier;
        return mean.IsEmpty ? scaled : scaled - mean[index];
    }

    private static float ScaleOf(double largest, out double inverse)
    {
        float scale = (float)(largest / MaxCode);
        if (scale < SmallestScale)
        {
            // In a denormal scale whole bits of the vector would be lost; the residual tells all of it instead.
            inverse = 0;
            return 0;
        }

        inverse = 1.0 / scale;
        return scale;
    }

    private static CodeRow Finish(float scale, Span<double> lanes, int sum, int sumOfSquares)
    {
        for (int half = NumLanes / 2; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++)
            {
                lanes[lane] += lanes[lane + half];
            }
        }

        double residual = Math.Sqrt(lanes[0]);
        double norm = scale * Math.Sqrt(sumOfSquares);
        return new CodeRow(scale, RoundUp(residual + (residual * RelativeSlack)), sum, RoundUp(norm + (norm * RoundingSlack)));
    }

    /// <summary>The least float that is not below a number that is not negative.</summary>
    internal static float RoundUp(double value)
    {
        float rounded = (float)value;

        // Of two neighbouring floats of one sign the bits are neighbouring whole numbers.
        return rounded < value ? BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(rounded) + 1) : rounded;
    }
}
