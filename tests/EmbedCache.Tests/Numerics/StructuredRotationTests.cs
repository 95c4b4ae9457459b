using System.Runtime.InteropServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Numerics;

/// <summary>The rotation keeps lengths and angles, goes back, spreads what is concentrated, and has the same bits at every width and in both builds.</summary>
public sealed class StructuredRotationTests
{
    [Fact]
    public void LengthsAndAnglesStayAndTheInverseGoesBack()
    {
        var random = new Random(1);
        foreach (int dimension in new[] { 1, 2, 3, 5, 16, 17, 31, 100, 784, 1536, 4096 })
        {
            var rotation = new StructuredRotation(dimension, 7);
            float[] a = TestData.Random(random, dimension);
            float[] b = TestData.Random(random, dimension);
            double product = WideKernels.Dot(a, b);
            float[] rotatedA = [.. a];
            float[] rotatedB = [.. b];
            rotation.Apply(rotatedA);
            rotation.Apply(rotatedB);
            Assert.Equal(VectorNorm.Norm(a), VectorNorm.Norm(rotatedA), 1e-5 * VectorNorm.Norm(a));
            Assert.Equal(product, WideKernels.Dot(rotatedA, rotatedB), 1e-5 * VectorNorm.Norm(a) * VectorNorm.Norm(b));
            rotation.ApplyInverse(rotatedA);
            Assert.True(WideKernels.SquaredL2(a, rotatedA) < 1e-10 * VectorNorm.SumOfSquares(a));
        }
    }

    [Fact]
    public void WhatIsInOneElementIsSpreadOverAll()
    {
        foreach (int dimension in new[] { 64, 100, 784, 1536 })
        {
            var rotation = new StructuredRotation(dimension, 3);
            foreach (int place in new[] { 0, dimension / 2, dimension - 1 })
            {
                float[] vector = new float[dimension];
                vector[place] = 1;
                rotation.Apply(vector);
                Assert.True(vector.Max(Math.Abs) < 8 / Math.Sqrt(dimension), $"{dimension}: {vector.Max(Math.Abs) * Math.Sqrt(dimension)}");
            }
        }
    }

    [Fact]
    public void EveryWidthGivesTheSameBits()
    {
        var random = new Random(2);
        for (int length = 1; length <= 2048; length *= 2)
        {
            float[] values = TestData.Random(random, length);
            float[] expected = [.. values];
            HadamardKernels.TransformScalar(expected);
            float[] actual = [.. values];
            HadamardKernels.Transform(actual);
            Assert.Equal(expected, actual);
#if !ENGINE_NETSTANDARD
            if (length >= 32)
            {
                float[] wide = [.. values];
                HadamardKernels.Butterfly512(ref wide[0], ref wide[length / 2], length / 2);
                float[] middle = [.. values];
                HadamardKernels.Butterfly256(ref middle[0], ref middle[length / 2], length / 2);
                float[] narrow = [.. values];
                HadamardKernels.Butterfly128(ref narrow[0], ref narrow[length / 2], length / 2);
                float[] reference = [.. values.Select((value, i) => i < length / 2 ? value + values[i + (length / 2)] : values[i - (length / 2)] - value)];
                Assert.Equal(reference, wide);
                Assert.Equal(reference, middle);
                Assert.Equal(reference, narrow);
            }
#endif
        }
    }

    /// <summary>One constant for both builds and every machine: rotations are part of the format.</summary>
    [Fact]
    public void TheBitsAreThoseOfTheFormat()
    {
        float[] vector = [.. Enumerable.Range(0, 100).Select(i => (float)((i * 37 % 101) - 50) / 64)];
        new StructuredRotation(100, 0x0123456789ABCDEF).Apply(vector);
        Assert.Equal(TestData.RotationCrc, Crc32.Compute(MemoryMarshal.AsBytes(vector.AsSpan())));
    }
}
