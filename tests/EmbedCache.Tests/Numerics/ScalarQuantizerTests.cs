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
                (CodeRow row, byte[] coarse, byte[] fine) = Encode(vector, metric, mean);
                int[] codes = Codes(coarse, fine, dimension);

                double length = metric == Metric.Cosine ? Math.Sqrt(vector.Sum(x => (double)x * x)) : 1;
                double error = 0;
                double decoded = 0;
                double coarseError = 0;
                double coarseDecoded = 0;
                for (int i = 0; i < dimension; i++)
                {
                    double y = (vector[i] / length) - (mean.Length == 0 ? 0 : mean[i]);
                    double part = (double)row.Scale * codes[i];
                    double coarsePart = row.Scale * ((16 * ((codes[i] + 128) >> 4)) - 120.5);
                    error += (y - part) * (y - part);
                    decoded += part * part;
                    coarseError += (y - coarsePart) * (y - coarsePart);
                    coarseDecoded += coarsePart * coarsePart;
                    Assert.InRange(codes[i], -127, 127);
                }

                Assert.True(row.Residual >= Math.Sqrt(error) * (1 - 1e-13), $"{kind} {dimension} {metric}: {row.Residual:R} < {Math.Sqrt(error):R}");
                Assert.True(row.Norm >= Math.Sqrt(decoded) * (1 - 1e-13));
                Assert.True(row.Residual <= (Math.Sqrt(error) * (1 + 1e-6)) + 1e-11 + (row.Norm * 1e-12));
                Assert.True(row.CoarseResidual >= Math.Sqrt(coarseError) * (1 - 1e-13), $"{kind} {dimension} {metric}: {row.CoarseResidual:R} < {Math.Sqrt(coarseError):R}");
                Assert.True(row.CoarseNorm >= Math.Sqrt(coarseDecoded) * (1 - 1e-13));
                Assert.True(row.CoarseNorm <= Math.Sqrt(coarseDecoded) * (1 + 1e-6));
                Assert.True(row.CoarseResidual <= (Math.Sqrt(coarseError) + (2 * row.Residual)) * (1 + 1e-6));
                Assert.Equal(codes.Sum(), row.Sum);
                Assert.Equal(row, CodeRow.Read(coarse, fine));
                Assert.Equal(new CoarseFields(row.Scale, row.CoarseResidual, row.CoarseNorm), CodeRow.ReadCoarse(coarse));
                int half = (dimension + 1) / 2;
                Assert.All(coarse.AsSpan(half, coarse.Length - half - CodeRow.CoarseFieldsByteLength).ToArray(), b => Assert.Equal(0, b));
                Assert.All(fine.AsSpan(half, fine.Length - half - CodeRow.FineFieldsByteLength).ToArray(), b => Assert.Equal(0, b));
            }
        }
    }

    [Fact]
    public void CodesArePackedAndUnpackedWhole()
    {
        var random = new Random(1);
        foreach (int dimension in s_dimensions)
        {
            byte[] codes = new byte[dimension];
            random.NextBytes(codes);
            var layout = new CodeLayout(dimension);
            byte[] coarse = new byte[layout.CoarseByteLength];
            byte[] fine = new byte[layout.FineByteLength];
            CodePacker.Pack(codes, coarse, fine);
            Assert.Equal(codes.Select(code => (int)(sbyte)code), Codes(coarse, fine, dimension));

            byte[] query = new byte[layout.QueryByteLength];
            CodePacker.Unpack(coarse, fine, dimension, query);
            Assert.Equal(codes.AsSpan(0, layout.Half).ToArray(), query.AsSpan(0, layout.Half).ToArray());
            Assert.Equal(codes.AsSpan(layout.Half).ToArray(), query.AsSpan(layout.CoarseByteLength, dimension - layout.Half).ToArray());

            int[] halves = [.. coarse.SelectMany(two => new[] { two & 15, two >> 4 })];
            Assert.Equal((halves.Sum(), halves.Sum(half => half * half)), CodePacker.Measure(coarse));
        }
    }

    [Fact]
    public void TheErrorIsThatOf8Bits()
    {
        const int Dimension = 784;
        float[] vector = Vector("normal", Dimension, 1);
        CodeRow row = Encode(vector, Metric.Cosine, []).Row;

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
                (CodeRow row, byte[] coarse, byte[] fine) = Encode(vector, Metric.L2, []);
                Assert.Equal(CodeRow.Unknown, row);
                Assert.Equal(CodeRow.Unknown, CodeRow.Read(coarse, fine));
                Assert.All(coarse.AsSpan(0, 20).ToArray(), b => Assert.Equal(0, b));
                Assert.All(fine.AsSpan(0, 20).ToArray(), b => Assert.Equal(0, b));
            }
        }

        Assert.Equal(CodeRow.Unknown, Encode(new float[40], Metric.Cosine, []).Row);
        Assert.Equal(new CodeRow(0, 0, 0, 0), Encode(new float[40], Metric.Dot, []).Row);
    }

    [Fact]
    public void QueriesAreTwoRunsThatEndInZeros()
    {
        foreach (int dimension in new[] { 1, 33, 100, 784 })
        {
            float[] vector = Vector("normal", dimension, 1);
            var layout = new CodeLayout(dimension);
            byte[] query = new byte[layout.QueryByteLength];
            query.AsSpan().Fill(0xCC);
            CodeRow asQuery = ScalarQuantizer.EncodeQuery(vector, [], query);
            (CodeRow asRow, byte[] coarse, byte[] fine) = Encode(vector, Metric.Dot, []);

            Assert.Equal((asRow.Scale, asRow.Residual, asRow.Sum, asRow.Norm), (asQuery.Scale, asQuery.Residual, asQuery.Sum, asQuery.Norm));
            byte[] unpacked = new byte[query.Length];
            CodePacker.Unpack(coarse, fine, dimension, unpacked);
            Assert.Equal(unpacked, query);
        }
    }

    /// <summary>The bytes of one run, for good: files hold them, and every machine must write the same.</summary>
    [Fact]
    public void TheBytesAreThoseOfTheFormat()
    {
        (_, byte[] coarse, byte[] fine) = Encode([1, -2, 0.5f, 0.25f, -0.125f, 3, 0], Metric.Dot, []);

        Assert.Equal([42, -85, 21, 11, -5, 127, 0], Codes(coarse, fine, 7));
        Assert.Equal([0x7A, 0xF2, 0x89, 0x08], coarse.AsSpan(0, 4).ToArray());
        Assert.Equal([0xBA, 0xFB, 0x05, 0x0B], fine.AsSpan(0, 4).ToArray());
        Assert.Equal(0x3CC18306u, BinaryPrimitives.ReadUInt32LittleEndian(coarse.AsSpan(16)));

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int dimension in s_dimensions)
        {
            (_, coarse, fine) = Encode(Vector("normal", dimension, dimension), Metric.Cosine, Vector("small", dimension, 9));
            hash.AppendData(coarse);
            hash.AppendData(fine);
        }

        Assert.Equal("3A83B3B13004D73D", Convert.ToHexString(hash.GetHashAndReset()).Substring(0, 16));
    }

    private static (CodeRow Row, byte[] Coarse, byte[] Fine) Encode(float[] vector, Metric metric, float[] mean)
    {
        var layout = new CodeLayout(vector.Length);
        byte[] coarse = new byte[layout.CoarseByteLength];
        byte[] fine = new byte[layout.FineByteLength];
        return (ScalarQuantizer.Encode(vector, metric, mean, coarse, fine), coarse, fine);
    }

    /// <summary>The codes of two rows, put together here.</summary>
    private static int[] Codes(byte[] coarse, byte[] fine, int dimension)
    {
        int half = (dimension + 1) / 2;
        return [.. Enumerable.Range(0, dimension).Select(i => i < half
            ? (16 * (coarse[i] & 15)) + (fine[i] & 15) - 128
            : (16 * (coarse[i - half] >> 4)) + (fine[i - half] >> 4) - 128)];
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
