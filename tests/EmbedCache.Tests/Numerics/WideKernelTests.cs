using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>The binary64 kernels: bit for bit the order that they document, and right where float arithmetic overflows or vanishes.</summary>
public sealed class WideKernelTests
{
    [Fact]
    public void FollowTheDefinitionBitForBit()
    {
        var random = new Random(5);
        foreach (int length in Enumerable.Range(0, 40).Concat([100, 1536]))
        {
            float[] a = [.. Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5))];
            float[] b = [.. Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5))];
            double[] products = new double[4];
            double[] squares = new double[4];
            for (int index = 0; index < length; index++)
            {
                double product = (double)a[index] * b[index];
                products[index % 4] += product;
                double difference = (double)a[index] - b[index];
                double square = difference * difference;
                squares[index % 4] += square;
            }

            Assert.Equal(Join(products), BitConverter.DoubleToInt64Bits(WideKernels.Dot(a, b)));
            Assert.Equal(Join(squares), BitConverter.DoubleToInt64Bits(WideKernels.SquaredL2(a, b)));
        }
    }

    [Fact]
    public void ExtremesNeitherOverflowNorVanish()
    {
        float[] large = new float[65_536];
        large.AsSpan().Fill(float.MaxValue);
        float[] opposite = new float[65_536];
        opposite.AsSpan().Fill(-float.MaxValue);
        double square = (double)float.MaxValue * float.MaxValue;
        Assert.Equal(-65_536.0, WideKernels.Dot(large, opposite) / square, tolerance: 1e-6);
        Assert.Equal(4 * 65_536.0, WideKernels.SquaredL2(large, opposite) / square, tolerance: 1e-6);

        float[] small = [float.Epsilon, float.Epsilon];
        Assert.Equal(2.0, WideKernels.Dot(small, small) / ((double)float.Epsilon * float.Epsilon));
        Assert.Equal(2.0, WideKernels.SquaredL2(small, [0, 0]) / ((double)float.Epsilon * float.Epsilon));
    }

    [Fact]
    public void LengthsMustBeEqual()
    {
        Assert.Throws<ArgumentException>(() => WideKernels.Dot([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => WideKernels.SquaredL2([1, 2], [1]));
    }

    private static long Join(double[] sums) => BitConverter.DoubleToInt64Bits((sums[0] + sums[1]) + (sums[2] + sums[3]));
}
