using System.Runtime.CompilerServices;
using EmbedCache.Primitives;

namespace EmbedCache.Numerics;

/// <summary>
/// A seeded rotation of any dimension, in O(d log d): random signs, then an orthonormal Hadamard transform of the largest power of two that fits, at the front and
/// at the end in turn, so that each element meets every other. Spreads the energy of a vector over all of its elements.
/// </summary>
/// <remarks>
/// After Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform", 2009. Signs come from <see cref="SplitMix64"/>: round by round, element i
/// is bit i mod 64 of draw i / 64, a set bit negates. The result is bit-identical on every machine.
/// </remarks>
internal sealed class StructuredRotation
{
    /// <summary>One round mixes a block; two or three let each element meet every other where blocks overlap.</summary>
    internal const int NumRounds = 3;

    private readonly float[] _signs; // by round, then element: +scale or -scale of the round's blocks
    private readonly int _block;

    /// <param name="dimension">Elements of the vectors, at least 1.</param>
    /// <param name="seed">Decides the signs.</param>
    public StructuredRotation(int dimension, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        Dimension = dimension;
        Seed = seed;
        _block = 1;
        while (_block * 2 <= dimension)
        {
            _block *= 2;
        }

        _signs = new float[NumRounds * dimension];
        var random = new SplitMix64(seed);
        for (int round = 0; round < NumRounds; round++)
        {
            ulong bits = 0;
            for (int i = 0; i < dimension; i++)
            {
                bits = i % 64 == 0 ? random.Next() : bits >> 1;
                _signs[(round * dimension) + i] = (bits & 1) == 0 ? 1f : -1f;
            }
        }
    }

    public int Dimension { get; }

    public ulong Seed { get; }

    /// <summary>Rotates in place.</summary>
    public void Apply(Span<float> vector)
    {
        for (int round = 0; round < NumRounds; round++)
        {
            Multiply(vector, _signs.AsSpan(round * Dimension, Dimension));
            TransformBlock(vector.Slice(0, _block));
            if (_block < Dimension)
            {
                TransformBlock(vector.Slice(Dimension - _block));
            }
        }
    }

    /// <summary>Rotates back, but for rounding.</summary>
    public void ApplyInverse(Span<float> vector)
    {
        for (int round = NumRounds - 1; round >= 0; round--)
        {
            if (_block < Dimension)
            {
                TransformBlock(vector.Slice(Dimension - _block));
            }

            TransformBlock(vector.Slice(0, _block));
            Multiply(vector, _signs.AsSpan(round * Dimension, Dimension));
        }
    }

    private static void TransformBlock(Span<float> block)
    {
        HadamardKernels.Transform(block);
        Scale(block, (float)(1 / Math.Sqrt(block.Length)));
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void Multiply(Span<float> vector, ReadOnlySpan<float> factors)
    {
        factors = factors.Slice(0, vector.Length);
        int i = 0;
        if (System.Numerics.Vector.IsHardwareAccelerated)
        {
            for (; i <= vector.Length - System.Numerics.Vector<float>.Count; i += System.Numerics.Vector<float>.Count)
            {
                Lanes.Store(Lanes.Load(vector, i) * Lanes.Load(factors, i), vector, i);
            }
        }

        for (; i < vector.Length; i++)
        {
            vector[i] *= factors[i];
        }
    }

    [MethodImpl(JitOptions.AggressiveOptimization)]
    private static void Scale(Span<float> vector, float factor)
    {
        int i = 0;
        if (System.Numerics.Vector.IsHardwareAccelerated)
        {
            var factors = new System.Numerics.Vector<float>(factor);
            for (; i <= vector.Length - System.Numerics.Vector<float>.Count; i += System.Numerics.Vector<float>.Count)
            {
                Lanes.Store(Lanes.Load(vector, i) * factors, vector, i);
            }
        }

        for (; i < vector.Length; i++)
        {
            vector[i] *= factor;
        }
    }
}
