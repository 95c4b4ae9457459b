using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>
/// One set of tests for every implementation of the kernels. Vectors of small whole numbers have exact results in any order of summation, so that a lost or
/// doubled element cannot hide in a tolerance; random ones are held within the error bound of a float sum around the binary64 result.
/// The wide implementations run everywhere: where the processor lacks them the runtime emulates them.
/// </summary>
public abstract class VectorKernelTests
{
    private static readonly int[] s_lengths = [.. Enumerable.Range(0, 131), 255, 256, 257, 768, 784, 1536, 3071, 3072];

    protected abstract float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b);

    protected abstract float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b);

    [Fact]
    public void WholeNumbersAreExactAtEveryLengthAndAlignment()
    {
        var random = new Random(1);
        foreach (int length in s_lengths)
        {
            // What surrounds the rows must not matter, not even when it is NaN.
            float[] a = Surrounded(length, 1 + (length % 5), () => random.Next(-16, 17));
            float[] b = Surrounded(length, 1 + (length % 3), () => random.Next(-16, 17));
            Span<float> left = a.AsSpan(1 + (length % 5), length);
            Span<float> right = b.AsSpan(1 + (length % 3), length);

            Assert.Equal(ExactDot(left, right, out _), Dot(left, right));
            Assert.Equal(ExactSquaredL2(left, right), SquaredL2(left, right));
        }
    }

    [Fact]
    public void EachElementCountsOnce()
    {
        foreach (int length in s_lengths.Where(length => length <= 260))
        {
            float[] a = new float[length];
            float[] b = new float[length];
            for (int index = 0; index < length; index++)
            {
                a[index] = 3;
                b[index] = -2;
                Assert.Equal(-6, Dot(a, b));
                Assert.Equal(25, SquaredL2(a, b));
                a[index] = 0;
                b[index] = 0;
            }
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(1e15f)]
    [InlineData(1e-15f)]
    public void RandomVectorsStayWithinTheErrorBound(float scale)
    {
        var random = new Random(2);
        foreach (int length in s_lengths)
        {
            float[] a = Filled(length, () => (float)((random.NextDouble() - 0.5) * scale));
            float[] b = Filled(length, () => (float)((random.NextDouble() - 0.5) * scale));

            // A float sum of n products errs by at most (n + 1)·2^-24·sum|a·b|, in any order, with fused multiply-add or without.
            double exact = ExactDot(a, b, out double magnitude);
            Assert.InRange(Dot(a, b), exact - Bound(length, magnitude), exact + Bound(length, magnitude));

            // The difference rounds too, before it is squared.
            double distance = ExactSquaredL2(a, b);
            Assert.InRange(SquaredL2(a, b), distance - Bound(length + 3, distance), distance + Bound(length + 3, distance));
        }
    }

    [Fact]
    public void DenormalsAreNotFlushed()
    {
        foreach (int length in new[] { 1, 7, 16, 33, 100, 1536 })
        {
            float[] tiny = Filled(length, () => float.Epsilon * 3);
            float[] large = Filled(length, () => 1e30f);
            Assert.Equal((float)ExactDot(tiny, large, out double magnitude), Dot(tiny, large), Bound(length, magnitude));

            float[] zero = new float[length];
            float[] small = Filled(length, () => 1e-20f);
            double distance = ExactSquaredL2(small, zero);
            Assert.True(SquaredL2(small, zero) > 0);
            Assert.Equal(distance, SquaredL2(small, zero), (length + 3) * (double)float.Epsilon);
        }
    }

    [Fact]
    public void WhatIsTooLargeForAFloatIsInfinite()
    {
        foreach (int length in new[] { 1, 5, 17, 64, 1536 })
        {
            float[] huge = Filled(length, () => 1e20f);
            float[] opposite = Filled(length, () => -1e20f);
            Assert.Equal(float.PositiveInfinity, Dot(huge, huge));
            Assert.Equal(float.NegativeInfinity, Dot(huge, opposite));
            Assert.Equal(float.PositiveInfinity, SquaredL2(huge, opposite));
            Assert.Equal(0, SquaredL2(huge, huge));
        }
    }

    [Fact]
    public void InfinityStaysInfinityWhereLastVectorsOverlap()
    {
        // Where a length is no multiple of a vector's, elements that were counted are read again; infinity times a cleared lane would be NaN.
        foreach (int length in new[] { 5, 31, 101 })
        {
            float[] ones = Filled(length, () => 1);
            for (int index = 0; index < length; index++)
            {
                float[] infinite = Filled(length, () => 1);
                infinite[index] = float.PositiveInfinity;
                Assert.Equal(float.PositiveInfinity, Dot(infinite, ones));
                Assert.Equal(float.PositiveInfinity, Dot(ones, infinite));
                Assert.Equal(float.PositiveInfinity, SquaredL2(infinite, ones));
                Assert.Equal(float.PositiveInfinity, SquaredL2(ones, infinite));
            }
        }
    }

    [Fact]
    public void NotANumberIsNotLost()
    {
        foreach (int length in new[] { 1, 15, 16, 17, 100 })
        {
            float[] ones = Filled(length, () => 1);
            for (int index = 0; index < length; index++)
            {
                float[] broken = Filled(length, () => 1);
                broken[index] = float.NaN;
                Assert.True(float.IsNaN(Dot(broken, ones)));
                Assert.True(float.IsNaN(SquaredL2(ones, broken)));
            }
        }
    }

    private static double Bound(int length, double magnitude) =>
        ((length + 1) * Math.Pow(2, -24) * magnitude * 1.001) + ((length + 1) * (double)float.Epsilon);

    private static double ExactDot(ReadOnlySpan<float> a, ReadOnlySpan<float> b, out double magnitude)
    {
        double sum = 0;
        magnitude = 0;
        for (int index = 0; index < a.Length; index++)
        {
            double product = (double)a[index] * b[index];
            sum += product;
            magnitude += Math.Abs(product);
        }

        return sum;
    }

    private static double ExactSquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int index = 0; index < a.Length; index++)
        {
            double difference = (double)a[index] - b[index];
            sum += difference * difference;
        }

        return sum;
    }

    private static float[] Filled(int length, Func<float> next)
    {
        float[] vector = new float[length];
        for (int index = 0; index < length; index++)
        {
            vector[index] = next();
        }

        return vector;
    }

    private static float[] Surrounded(int length, int before, Func<float> next)
    {
        float[] surrounded = new float[before + length + 16];
        surrounded.AsSpan().Fill(float.NaN);
        Filled(length, next).CopyTo(surrounded, before);
        return surrounded;
    }
}

/// <summary>What the engine calls.</summary>
public sealed class VectorKernelDispatchTests : VectorKernelTests
{
    protected override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => VectorKernels.Dot(a, b);

    protected override float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => VectorKernels.SquaredL2(a, b);

    [Fact]
    public void LengthsMustBeEqual()
    {
        float[] two = new float[2];
        float[] three = new float[3];
        Assert.Throws<ArgumentException>(() => VectorKernels.Dot(two, three));
        Assert.Throws<ArgumentException>(() => VectorKernels.SquaredL2(three, two));
    }
}

public sealed class VectorKernelBodyTests : VectorKernelTests
{
    protected override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => VectorKernels.DotBody(a, b);

    protected override float SquaredL2(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => VectorKernels.SquaredL2Body(a, b);
}
