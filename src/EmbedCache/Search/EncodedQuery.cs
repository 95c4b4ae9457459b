using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using EmbedCache.Format;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Search;

/// <summary>
/// A query made ready for records that are codes: the tables from which a code is scored without being decoded, and how far such a score may be from that of the decoded
/// vector. What could be among the best by this bound is decoded, so that results are those of the decoded vectors.
/// </summary>
/// <remarks>
/// Let n numbers be added, each rounded to a float: the sum errs by at most n * 2^-24 / (1 - n * 2^-24) times the sum of their magnitudes, which is at most |q| times the length of
/// what the code adds to the centre, which is at most the decoded length plus the centre's. Rotations, 3 rounds of up to 17 additions on either side, and the entries
/// themselves count as <see cref="OtherRoundings"/> more; the float kernel that scores the decoded vector adds its own number of elements.
/// </remarks>
internal sealed class EncodedQuery
{
    private const int OtherRoundings = 256;
    private const double Rounding = 1.0 / (1 << 23); // twice 2^-24: the quotient above is below it

    private readonly float[] _tables;
    private readonly float _start;
    private readonly double _slack;
    private readonly double _centreNorm;

    public EncodedQuery(Codebook codebook, ReadOnlySpan<float> vector)
    {
        Codebook = codebook;
        _tables = new float[codebook.LookUpByteLength * ProductKernels.TableLength];
        _start = codebook.Prepare(vector.ToArray(), _tables);
        _slack = (codebook.LookUpByteLength + vector.Length + OtherRoundings) * Rounding * VectorNorm.Norm(vector);
        _centreNorm = codebook is BinaryQuantizer binary ? VectorNorm.Norm(binary.Centre) : 0;
        VectorByteLength = codebook.CodeByteLength + EncodedFields.ByteLength;
    }

    public Codebook Codebook { get; }

    /// <summary>Bytes of a vector of this codebook.</summary>
    public int VectorByteLength { get; }

    /// <summary>Inner product of the query and a record's decoded vector, and what it may err by.</summary>
    /// <param name="bytes">The vector's bytes.</param>
    /// <param name="norm">The record's norm.</param>
    /// <param name="slack">The product is within this of the right one.</param>
    [MethodImpl(JitOptions.AggressiveOptimization)]
    public double Product(ReadOnlySpan<byte> bytes, float norm, out double slack)
    {
        float scale = BinaryPrimitives.ReadSingleLittleEndian(bytes.Slice(bytes.Length - EncodedFields.ByteLength));
        slack = _slack * (norm + (2 * _centreNorm * Math.Abs(scale)));
        return (double)scale * Codebook.Score(_start, _tables, bytes.Slice(0, bytes.Length - EncodedFields.ByteLength));
    }
}
