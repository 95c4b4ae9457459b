using System.Runtime.InteropServices;
using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>
/// The norm is persisted, so every implementation must give the same bits: those of the definition, written out here, and those that a program in another
/// language computed from it.
/// </summary>
public abstract class VectorNormTests
{
    protected abstract double SumOfSquares(ReadOnlySpan<float> vector);

    /// <summary>Expected bits from an independent Python program; at 3,072 elements eight lanes or a plain sum give others.</summary>
    [Theory]
    [InlineData(0, 0x0000000000000000)]
    [InlineData(1, 0x3FEEB1B900000000)]
    [InlineData(3, 0x3FF5D5D07B00CBD2)]
    [InlineData(17, 0x400457103CBE38BB)]
    [InlineData(100, 0x40165C353DA193D3)]
    [InlineData(784, 0x402F99B0EABE6C2A)]
    [InlineData(1536, 0x403673E1B7D93860)]
    [InlineData(3072, 0x403FE7AF563C59EF)]
    public void GivesTheBitsOfAnotherProgram(int length, long expected)
    {
        float[] vector = new float[length];
        uint state = 12345;
        for (int index = 0; index < length; index++)
        {
            state = unchecked((state * 1664525) + 1013904223);
            vector[index] = ((int)(state >> 8) - (1 << 23)) / (float)(1 << 23);
        }

        Assert.Equal(expected, BitConverter.DoubleToInt64Bits(Math.Sqrt(SumOfSquares(vector))));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(3e38)]
    [InlineData(1e-38)]
    [InlineData(1e-44)]
    public void FollowsTheDefinitionBitForBit(double scale)
    {
        var random = new Random(3);
        foreach (int length in Enumerable.Range(0, 131).Concat([768, 784, 1536, 3072]))
        {
            int before = length % 7;
            float[] vector = new float[before + length + 16];
            vector.AsSpan().Fill(float.NaN);
            for (int index = 0; index < length; index++)
            {
                vector[before + index] = (float)(((random.NextDouble() * 2) - 1) * scale);
            }

            ReadOnlySpan<float> part = vector.AsSpan(before, length);
            Assert.Equal(BitConverter.DoubleToInt64Bits(Define(part)), BitConverter.DoubleToInt64Bits(SumOfSquares(part)));
        }
    }

    private static double Define(ReadOnlySpan<float> vector)
    {
        double[] lanes = new double[16];
        for (int index = 0; index < vector.Length; index++)
        {
            double element = vector[index];
            double square = element * element;
            lanes[index % 16] += square;
        }

        for (int half = 8; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++)
            {
                lanes[lane] += lanes[lane + half];
            }
        }

        return lanes[0];
    }
}

/// <summary>What the engine calls.</summary>
public sealed class VectorNormDispatchTests : VectorNormTests
{
    protected override double SumOfSquares(ReadOnlySpan<float> vector) => VectorNorm.SumOfSquares(vector);

    [Fact]
    public void NormIsTheRoot()
    {
        Assert.Equal(5.0, VectorNorm.Norm([3f, -4f]));
        Assert.Equal(0.0, VectorNorm.Norm([]));
    }

    [Fact]
    public void ExtremesNeitherOverflowNorVanish()
    {
        float[] large = new float[65_536];
        large.AsSpan().Fill(float.MaxValue);
        Assert.True(VectorNorm.TryMeasure(large, out double norm));
        Assert.Equal(256.0, norm / float.MaxValue, tolerance: 1e-12);

        float[] small = new float[65_536];
        small.AsSpan().Fill(float.Epsilon);
        Assert.True(VectorNorm.TryMeasure(small, out norm));
        Assert.Equal(256.0, norm / float.Epsilon, tolerance: 1e-12);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void OneElementThatIsNotFiniteIsFound(float broken)
    {
        foreach (int length in new[] { 1, 15, 16, 17, 40, 1536 })
        {
            float[] vector = new float[length];
            for (int index = 0; index < length; index++)
            {
                vector[index] = broken;
                Assert.False(VectorNorm.TryMeasure(vector, out _));
                vector[index] = 1;
            }

            Assert.True(VectorNorm.TryMeasure(vector, out double norm));
            Assert.Equal(Math.Sqrt(length), norm);
        }
    }

    [Fact]
    public void InfinityAndNaNTogetherAreFound() =>
        Assert.False(VectorNorm.TryMeasure([float.PositiveInfinity, float.NegativeInfinity, float.NaN], out _));

    [Fact]
    public void ScalingRoundsEachProductOnce()
    {
        var random = new Random(3);
        foreach (int length in new[] { 0, 1, 7, 8, 9, 64, 100, 783, 784 })
        {
            float[] source = [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-140, 120))))];
            double multiplier = 1 / (random.NextDouble() + 0.1);
            float[] target = new float[length + 1];

            VectorNorm.Scale(source, multiplier, target);

            Assert.Equal(source.Select(element => (float)(element * multiplier)).Append(0), target);
        }
    }
}

public sealed class VectorNormScalarTests : VectorNormTests
{
    protected override double SumOfSquares(ReadOnlySpan<float> vector) => VectorNorm.SumOfSquaresScalar(vector);
}

#if !ENGINE_NETSTANDARD
public sealed class VectorNormVector128Tests : VectorNormTests
{
    protected override double SumOfSquares(ReadOnlySpan<float> vector) =>
        VectorNorm.SumOfSquaresVector128(ref MemoryMarshal.GetReference(vector), vector.Length);
}

public sealed class VectorNormVector256Tests : VectorNormTests
{
    protected override double SumOfSquares(ReadOnlySpan<float> vector) =>
        VectorNorm.SumOfSquaresVector256(ref MemoryMarshal.GetReference(vector), vector.Length);
}

public sealed class VectorNormVector512Tests : VectorNormTests
{
    protected override double SumOfSquares(ReadOnlySpan<float> vector) =>
        VectorNorm.SumOfSquaresVector512(ref MemoryMarshal.GetReference(vector), vector.Length);
}
#endif
