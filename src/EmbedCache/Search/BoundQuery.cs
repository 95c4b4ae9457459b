using EmbedCache.Numerics;
using EmbedCache.Vectors;

namespace EmbedCache.Search;

/// <summary>
/// A query made ready for <see cref="BoundScan"/>: its code, and what turns inner products of codes into bounds of the very score that
/// <see cref="RecordScorer"/> computes, rounding included. The derivation stands in FORMAT.md, "Search by bounds".
/// </summary>
internal sealed class BoundQuery
{
    private const double UnitRoundoff = 1.0 / (1 << 24);

    /// <summary>Far more than what binary64 itself errs by in these few operations.</summary>
    private const double Slack = 1e-10;

    /// <summary>A stored norm was rounded up, by 2^-23 of itself at most; its square is at most this much too large.</summary>
    private const double NormSquaredSlack = 2.5e-7;

    /// <summary>Differences below it vanish when they are squared in floats: no more than this is lost of a distance.</summary>
    private const double VanishingDistance = 1e-20;

    private readonly double _offset;
    private readonly double _margin;
    private readonly double _residual;
    private readonly double _rounding;
    private readonly double _normSquared;
    private readonly bool _isCosine;
    private readonly byte[] _codes;
    private readonly int _codesStart;

    public BoundQuery(Query query, CodeRuns codes)
    {
        Query = query;
        _codes = new byte[codes.Layout.QueryByteLength + Prefetch.LineByteLength];
        _codesStart = CodeKernels.LineStart(_codes);
        bool isL2 = query.Metric == Metric.L2;
        _isCosine = query.Metric == Metric.Cosine;
        float[] mean = codes.Codebook.Mean;
        CodeRow code = ScalarQuantizer.EncodeQuery(query.Vector, isL2 ? mean : [], Codes);

        // A query further from the mean than a float can say has no bounds.
        _residual = code.IsSound ? code.Residual : double.PositiveInfinity;
        double terms = (query.Vector.Length + 4) * UnitRoundoff;
        _rounding = terms / (1 - terms);
        if (isL2)
        {
            _normSquared = (double)code.Norm * code.Norm;
            Terms = new BoundTerms(true, code.Scale, 1, 1 - NormSquaredSlack, _normSquared * (1 - NormSquaredSlack), code.Sum);
            return;
        }

        double length = VectorNorm.Norm(query.Vector);
        if (_isCosine)
        {
            // The record has length 1: the kernel's rounding is the same for all.
            _offset = mean.Length == 0 ? 0 : WideKernels.Dot(query.Vector, mean);
            _margin = (length * _rounding) + Slack;
            Terms = new BoundTerms(false, code.Scale, length * (1 + Slack), _residual * (1 + Slack), 0, code.Sum);
            return;
        }

        // |x| is at most residual + norm. Scores are of the query as it was given.
        double rounding = length * _rounding;
        Terms = new BoundTerms(false, code.Scale * query.Norm, (length + rounding) * (1 + Slack) * query.Norm, (_residual + rounding) * (1 + Slack) * query.Norm, 0, code.Sum);
    }

    public Query Query { get; }

    /// <summary>Signed codes as <see cref="CodeKernels"/> takes them.</summary>
    public Span<byte> Codes => _codes.AsSpan(_codesStart, _codes.Length - Prefetch.LineByteLength);

    public BoundTerms Terms { get; }

    /// <summary>The cut for <see cref="BoundKernels"/> that leaves out no row whose score may reach a floor.</summary>
    public double Cut(double floor)
    {
        if (Terms.IsL2)
        {
            return ((-floor * (1 + _rounding)) + VanishingDistance + _residual) * (1 + Slack);
        }

        // What is below -1 by rounding scores -1.
        return _isCosine && floor <= -1 ? double.NegativeInfinity : floor - _offset - _margin - (Math.Abs(floor) * Slack);
    }

    /// <summary>Inner product of the codes of the query and of a row, from those of the query and the row's two halves.</summary>
    public int Product(int coarse, int fine) => (CodeRow.CoarseStep * coarse) + fine - (CodeRow.Offset * Terms.Sum);

    /// <summary>No score of a vector with this coarse row is higher.</summary>
    /// <param name="row">The coarse row.</param>
    /// <param name="product">Inner product of the query's codes and its half-bytes.</param>
    public double CoarseUpperBound(ReadOnlySpan<byte> row, int product)
    {
        CoarseFields fields = CodeRow.ReadCoarse(row);
        return UpperBound(Terms.Scale * fields.Scale * ((CodeRow.CoarseStep * (double)product) - (CodeRow.CoarseMiddle * Terms.Sum)), fields.Residual, fields.Norm);
    }

    /// <summary>Between which scores that of a vector with this code is.</summary>
    public ScoreBounds Bounds(in CodeRow row, int product) => new(LowerBound(row, product), UpperBound(row, product));

    /// <summary>No score of a vector with this code is higher.</summary>
    public double UpperBound(in CodeRow row, int product) => UpperBound(Terms.Scale * row.Scale * product, row.Residual, row.Norm);

    /// <summary>No score of a vector with this code is lower.</summary>
    public double LowerBound(in CodeRow row, int product)
    {
        double inner = Terms.Scale * row.Scale * product;
        if (Terms.IsL2)
        {
            double squared = _normSquared + ((double)row.Norm * row.Norm) - (2 * inner);
            double distance = Math.Sqrt(Math.Max(squared, 0)) + row.Residual + _residual;
            return -((distance * (1 + _rounding) * (1 + Slack)) + VanishingDistance);
        }

        double bound = _offset + inner - Error(row.Residual, row.Norm) - _margin;
        return _isCosine ? Math.Min(bound, 1) : bound - (Math.Abs(bound) * Slack);
    }

    private double UpperBound(double inner, float residual, float norm)
    {
        if (Terms.IsL2)
        {
            double squared = Terms.NormSquared + ((double)norm * norm * Terms.Norm) - (2 * inner);
            double distance = (Math.Sqrt(Math.Max(squared, 0)) * (1 - Slack)) - ((residual + _residual) * (1 + Slack));
            return -Math.Max(0, (distance * (1 - _rounding)) - VanishingDistance);
        }

        double bound = _offset + inner + Error(residual, norm) + _margin;
        return _isCosine ? Math.Max(bound, -1) : bound + (Math.Abs(bound) * Slack);
    }

    private double Error(float residual, float norm) => (Terms.Residual * residual) + (Terms.Norm * norm);
}
