using System.Buffers.Binary;
using System.Security.Cryptography;
using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>
/// What the quantiser promises: the same bytes from every implementation, and a residual and a norm that are never too small. The error is measured here
/// in decimal arithmetic or by another order of summation, not by what is under test.
/// </summary>
public sealed class ScalarQuantizerTests
{
    private static readonly int[] s_dimensions = [1, 2, 3, 15, 16, 17, 31, 32, 33, 48, 100, 128, 384, 784, 1536];

    public static TheoryData<string> Kinds => ["normal", "large", "small", "denormal", "one element", "equal", "halves"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryImplementationGivesTheSameBits(string kind)
    {
        foreach (int dimension in s_dimensions)
        {
            float[] vector = Vector(kind, dimension, 3 + dimension);
            foreach (float[] mean in new[] { [], Vector("normal", dimension, 5) })
            {
                byte[] expected = new byte[dimension];
                CodeRow reference = ScalarQuantizer.QuantizeScalar(vector, 0.3, mean, expected);
                foreach ((byte[] codes, CodeRow row) in Others(vector, 0.3, mean))
                {
                    Assert.Equal(expected, codes);
                    Assert.Equal(reference, row);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ResidualAndNormAreNeverTooSmall(string kind)
    {
        foreach (int dimension in s_dimensions)
        {
            float[] vector = Vector(kind, dimension, 7 + dimension);
            foreach (Metric metric in new[] { Metric.Cosine, Metric.Dot, Metric.L2 })
            {
                float[] mean = metric == Metric.Dot ? [] : Vector("normal", dimension, 11);
                byte[] bytes = new byte[CodeRow.Stride(dimension)];
                CodeRow row = ScalarQuantizer.Encode(vector, metric, mean, bytes);

                double length = metric == Metric.Cosine ? Math.Sqrt(vector.Sum(x => (double)x * x)) : 1;
                double error = 0;
                double decoded = 0;
                int sum = 0;
                for (int i = 0; i < dimension; i++)
                {
                    double y = (vector[i] / length) - (mean.Length == 0 ? 0 : mean[i]);
                    double part = (double)row.Scale * (sbyte)bytes[i];
                    error += (y - part) * (y - part);
                    decoded += part * part;
                    sum += (sbyte)bytes[i];
                    Assert.NotEqual(0x80, bytes[i]);
                }

                Assert.True(row.Residual >= Math.Sqrt(error) * (1 - 1e-13), $"{kind} {dimension} {metric}: {row.Residual:R} < {Math.Sqrt(error):R}");
                Assert.True(row.Norm >= Math.Sqrt(decoded) * (1 - 1e-13));
                Assert.True(row.Residual <= (Math.Sqrt(error) * (1 + 1e-6)) + 1e-11 + (row.Norm * 1e-12));
                Assert.Equal(sum, row.Sum);
                Assert.Equal(row, CodeRow.Read(bytes));
                Assert.All(bytes.AsSpan(dimension, bytes.Length - dimension - CodeRow.ByteLength).ToArray(), b => Assert.Equal(0, b));
            }
        }
    }

    [Fact]
    public void TheErrorIsThatOf8Bits()
    {
        const int Dimension = 784;
        float[] vector = Vector("normal", Dimension, 1);
        CodeRow row = ScalarQuantizer.Encode(vector, Metric.Cosine, [], new byte[CodeRow.Stride(Dimension)]);

        // Uniform rounding errs by a twelfth of the step's square per element.
        Assert.InRange(row.Residual, 0.9 * row.Scale * Math.Sqrt(Dimension / 12.0), 1.1 * row.Scale * Math.Sqrt(Dimension / 12.0));
        Assert.InRange(row.Norm, 0.99, 1.01);
    }

    [Fact]
    public void VectorsThatCannotBeBoundedSaySo()
    {
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (int index in new[] { 0, 17, 39 })
            {
                float[] vector = Vector("normal", 40, 1);
                vector[index] = bad;
                byte[] bytes = new byte[CodeRow.Stride(40)];
                Assert.Equal(CodeRow.Unknown, ScalarQuantizer.Encode(vector, Metric.L2, [], bytes));
                Assert.All(bytes.AsSpan(0, 40).ToArray(), b => Assert.Equal(0, b));
            }
        }

        Assert.Equal(CodeRow.Unknown, ScalarQuantizer.Encode(new float[40], Metric.Cosine, [], new byte[CodeRow.Stride(40)]));
        CodeRow zero = ScalarQuantizer.Encode(new float[40], Metric.Dot, [], new byte[CodeRow.Stride(40)]);
        Assert.Equal(new CodeRow(0, 0, 0, 0), zero);
    }

    [Fact]
    public void QueriesAreUnsignedAndEndInZeros()
    {
        float[] vector = Vector("normal", 100, 1);
        byte[] query = new byte[CodeRow.Stride(100)];
        byte[] row = new byte[query.Length];
        query.AsSpan().Fill(0xCC);
        CodeRow asQuery = ScalarQuantizer.EncodeQuery(vector, [], query);
        CodeRow asRow = ScalarQuantizer.Encode(vector, Metric.Dot, [], row);

        Assert.Equal(asRow, asQuery);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal((sbyte)row[i] + 128, query[i]);
        }

        Assert.All(query.AsSpan(100).ToArray(), b => Assert.Equal(0, b));
    }

    /// <summary>The bytes of one run, for good: files hold them, and every machine must write the same.</summary>
    [Fact]
    public void TheBytesAreThoseOfTheFormat()
    {
        byte[] row = new byte[CodeRow.Stride(7)];
        ScalarQuantizer.Encode([1, -2, 0.5f, 0.25f, -0.125f, 3, 0], Metric.Dot, [], row);

        Assert.Equal([42, unchecked((byte)-85), 21, 11, unchecked((byte)-5), 127, 0], row.AsSpan(0, 7).ToArray());
        Assert.Equal(0x3CC18306u, BinaryPrimitives.ReadUInt32LittleEndian(row.AsSpan(48)));

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int dimension in s_dimensions)
        {
            byte[] bytes = new byte[CodeRow.Stride(dimension)];
            ScalarQuantizer.Encode(Vector("normal", dimension, dimension), Metric.Cosine, Vector("small", dimension, 9), bytes);
            hash.AppendData(bytes);
        }

        Assert.Equal("8304139988D35856", Convert.ToHexString(hash.GetHashAndReset()).Substring(0, 16));
    }

    private static IEnumerable<(byte[] Codes, CodeRow Row)> Others(float[] vector, double multiplier, float[] mean)
    {
        byte[] codes = new byte[vector.Length];
#if ENGINE_NETSTANDARD
        yield return (codes, ScalarQuantizer.QuantizeScalar(vector, multiplier, mean, codes));
#else
        yield return (codes, ScalarQuantizer.QuantizeVector256(vector, multiplier, mean, codes));
        codes = new byte[vector.Length];
        yield return (codes, ScalarQuantizer.QuantizeVector512(vector, multiplier, mean, codes));
#endif
    }

    private static float[] Vector(string kind, int dimension, int seed)
    {
        var random = new Random(seed);
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++)
        {
            double value = random.NextDouble() + random.NextDouble() - 1;
            vector[i] = kind switch
            {
                "large" => (float)(value * 1e37),
                "small" => (float)(value * 1e-24),
                "denormal" => (float)(value * 1e-42),
                "one element" => i == dimension / 2 ? 1 : 0,
                "equal" => 0.25f,

                // With a scale of exactly 2, every odd number lies half way between two codes.
                "halves" => i == 0 ? 254 : random.Next(-127, 128),
                _ => (float)value,
            };
        }

        return vector;
    }
}
