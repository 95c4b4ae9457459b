using System.Runtime.CompilerServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// Product quantisation (Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", 2011): the elements are cut into subspaces, and of each the code
/// names the nearest of 256 or 16 centroids. Subspace m has the elements m * Dimension / SubspaceCount to (m + 1) * Dimension / SubspaceCount, so that any
/// dimension can be cut into any number of them.
/// </summary>
internal sealed class ProductQuantizer : Codebook
{
    private readonly float[] _centroids; // by subspace; within one, element by element
    private readonly float[] _negativeHalfSquares; // -|centroid|² / 2, by subspace and centroid

    /// <param name="dimension">Elements of a vector.</param>
    /// <param name="subspaceCount">1 to dimension.</param>
    /// <param name="bitsPerCode">8 or 4; with 4, the code of an even subspace is the low half of a byte.</param>
    /// <param name="centroids">By subspace, transposed within each: element j of centroid c of subspace m at CentroidCount * Start(m) + j * CentroidCount + c. All finite.</param>
    public ProductQuantizer(int dimension, int subspaceCount, int bitsPerCode, float[] centroids)
        : base(dimension)
    {
        CheckShape(dimension, subspaceCount, bitsPerCode);
        SubspaceCount = subspaceCount;
        BitsPerCode = bitsPerCode;
        CentroidCount = 1 << bitsPerCode;
        if (centroids.Length != (long)CentroidCount * dimension)
        {
            throw new ArgumentException($"{CentroidCount} centroids of {dimension} elements are {(long)CentroidCount * dimension} numbers; there are {centroids.Length}", nameof(centroids));
        }

        _centroids = centroids;
        _negativeHalfSquares = new float[CentroidCount * subspaceCount];
        for (int m = 0; m < subspaceCount; m++)
        {
            NegativeHalfSquares(Transposed(m), Width(m), _negativeHalfSquares.AsSpan(m * CentroidCount, CentroidCount));
        }
    }

    public int SubspaceCount { get; }

    /// <summary>8 or 4.</summary>
    public int BitsPerCode { get; }

    /// <summary>256 or 16.</summary>
    public int CentroidCount { get; }

    public override int CodeByteLength => CodeLengthOf(SubspaceCount, BitsPerCode);

    public override int LookUpByteLength => CodeByteLength;

    /// <summary>First element of a subspace.</summary>
    public int Start(int subspace) => StartOf(Dimension, SubspaceCount, subspace);

    /// <summary>Elements of a subspace.</summary>
    public int Width(int subspace) => Start(subspace + 1) - Start(subspace);

    /// <summary>One element of a centroid.</summary>
    public float Element(int subspace, int centroid, int index) => _centroids[(CentroidCount * (Start(subspace) + index)) + centroid];

    public static int StartOf(int dimension, int subspaceCount, int subspace) => (int)((long)subspace * dimension / subspaceCount);

    /// <summary>Bytes of a code of so many subspaces.</summary>
    public static int CodeLengthOf(int subspaceCount, int bitsPerCode) => ((subspaceCount * bitsPerCode) + 7) / 8;

    /// <exception cref="ArgumentOutOfRangeException">There is no such quantiser.</exception>
    public static void CheckShape(int dimension, int subspaceCount, int bitsPerCode)
    {
        if (bitsPerCode is not (4 or 8))
        {
            throw new ArgumentOutOfRangeException(nameof(bitsPerCode), bitsPerCode, "A code of a product quantiser has 4 or 8 bits");
        }

        if (subspaceCount < 1 || subspaceCount > dimension)
        {
            throw new ArgumentOutOfRangeException(nameof(subspaceCount), subspaceCount, $"Vectors of {dimension} elements can be cut into 1 to {dimension} subspaces");
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    public override void Encode(Span<float> direction, Span<byte> code)
    {
        Span<float> scores = stackalloc float[CentroidCount];
        code = code.Slice(0, CodeByteLength);
        code.Clear();
        for (int m = 0; m < SubspaceCount; m++)
        {
            // |x - c|² is least where x·c - |c|²/2 is greatest.
            ProductKernels.Products(direction.Slice(Start(m), Width(m)), Transposed(m), _negativeHalfSquares.AsSpan(m * CentroidCount, CentroidCount), scores);
            int nearest = ProductKernels.IndexOfMax(scores);
            if (BitsPerCode == 8)
            {
                code[m] = (byte)nearest;
            }
            else
            {
                code[m / 2] |= (byte)(nearest << (m % 2 * 4));
            }
        }
    }

    public override void Decode(ReadOnlySpan<byte> code, Span<float> direction)
    {
        for (int m = 0; m < SubspaceCount; m++)
        {
            int centroid = CodeAt(code, m);
            int end = Start(m + 1);
            for (int i = Start(m); i < end; i++)
            {
                direction[i] = _centroids[(CentroidCount * i) + centroid];
            }
        }
    }

    public override float Prepare(Span<float> query, Span<float> tables)
    {
        if (BitsPerCode == 8)
        {
            for (int m = 0; m < SubspaceCount; m++)
            {
                Products(query, m, tables.Slice(m * ProductKernels.TableLength, CentroidCount));
            }

            return 0;
        }

        Span<float> halves = stackalloc float[2 * CentroidCount];
        for (int m = 0; m < SubspaceCount; m += 2)
        {
            halves.Clear();
            Products(query, m, halves.Slice(0, CentroidCount));
            if (m + 1 < SubspaceCount)
            {
                Products(query, m + 1, halves.Slice(CentroidCount));
            }

            Span<float> table = tables.Slice(m / 2 * ProductKernels.TableLength, ProductKernels.TableLength);
            for (int value = 0; value < table.Length; value++)
            {
                table[value] = halves[value & 15] + halves[CentroidCount + (value >> 4)];
            }
        }

        return 0;
    }

    public override float Score(float start, ReadOnlySpan<float> tables, ReadOnlySpan<byte> code) => start + ProductKernels.LookUp(tables, code);

    /// <summary>Inner products of a query's sub-vector with the centroids of a subspace.</summary>
    public void Products(ReadOnlySpan<float> query, int subspace, Span<float> products)
        => ProductKernels.Products(query.Slice(Start(subspace), Width(subspace)), Transposed(subspace), default, products);

    /// <summary>The code of one subspace.</summary>
    public int CodeAt(ReadOnlySpan<byte> code, int subspace) => BitsPerCode == 8 ? code[subspace] : (code[subspace / 2] >> (subspace % 2 * 4)) & 15;

    /// <summary>-|centroid|² / 2 of the centroids of one subspace, in the order of their elements.</summary>
    internal static void NegativeHalfSquares(ReadOnlySpan<float> transposed, int width, Span<float> result)
    {
        for (int c = 0; c < result.Length; c++)
        {
            float sum = 0;
            for (int j = 0; j < width; j++)
            {
                float element = transposed[(j * result.Length) + c];
                float square = element * element;
                sum += square;
            }

            result[c] = -0.5f * sum;
        }
    }

    private ReadOnlySpan<float> Transposed(int subspace) => _centroids.AsSpan(CentroidCount * Start(subspace), CentroidCount * Width(subspace));
}
