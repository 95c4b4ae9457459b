using System.Runtime.InteropServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Numerics;

/// <summary>
/// Product and binary quantisers: what they decode is near what they encoded, more bytes bring it nearer, the tables score a code as its decoded vector would be scored,
/// training gives the same bits for any number of threads, in both builds, on every machine.
/// </summary>
public sealed class CodebookTests
{
    private const int Dimension = 50; // divisible by none of the numbers of subspaces below

    private static readonly float[] s_sample = TestData.Directions(2000, Dimension, 1);

    public static TheoryData<string> Names => ["product 8x7", "product 4x7", "product 8x25", "product 4x50", "rotated 8x7", "rotated 4x50", "binary 1", "binary 2", "binary 4"];

    [Theory]
    [MemberData(nameof(Names))]
    public void TablesScoreACodeAsItsDecodedVector(string name)
    {
        Codebook codebook = Create(name);
        var random = new Random(1);
        float[] tables = new float[codebook.LookUpByteLength * ProductKernels.TableLength];
        byte[] code = new byte[codebook.CodeByteLength];
        for (int i = 0; i < 100; i++)
        {
            float[] query = TestData.Random(random, Dimension);
            float[] decoded = RoundTrip(codebook, Row(i), code);
            float start = codebook.Prepare([.. query], tables);
            Assert.Equal(WideKernels.Dot(query, decoded), codebook.Score(start, tables, code), 1e-4);
        }
    }

    [Fact]
    public void MoreBytesBringItNearer()
    {
        Assert.True(MeanError("product 8x25") < MeanError("product 4x25") * 0.95);
        Assert.True(MeanError("product 8x25") < MeanError("product 8x7") * 0.95);
        Assert.True(MeanError("binary 4") < MeanError("binary 2") * 0.6);
        Assert.True(MeanError("binary 2") < MeanError("binary 1") * 0.8);
        Assert.True(MeanError("binary 4") < 0.12);
        Assert.True(MeanError("product 8x25") < 0.2);
    }

    [Fact]
    public void TrainingIsTheSameForAnyNumberOfThreads()
    {
        float[] one = CentroidsOf(new ProductTrainer(Dimension, 7, 8, 5).Train(s_sample));
        Assert.Equal(one, CentroidsOf(new ProductTrainer(Dimension, 7, 8, 5).Train(s_sample, threads: 4)));
        Assert.NotEqual(one, CentroidsOf(new ProductTrainer(Dimension, 7, 8, 6).Train(s_sample)));
    }

    /// <summary>One set of constants for both builds and every machine: codes are persisted.</summary>
    [Fact]
    public void CodesHaveTheSameBitsEverywhere()
    {
        var product = (ProductQuantizer)Create("product 8x7");
        Assert.Equal(
            (TestData.CentroidsCrc, TestData.ProductCodesCrc, TestData.BinaryCodesCrc),
            (Crc32.Compute(MemoryMarshal.AsBytes(CentroidsOf(product).AsSpan())), CrcOfCodes(product), CrcOfCodes(Create("binary 2"))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AnyBytesDecodeToFiniteElements(string name)
    {
        Codebook codebook = Create(name);
        byte[] code = new byte[codebook.CodeByteLength];
        float[] decoded = new float[Dimension];
        var random = new Random(2);
        for (int i = 0; i < 100; i++)
        {
            random.NextBytes(code);
            if (codebook is BinaryQuantizer)
            {
                code[3] = i % 2 == 0 ? (byte)0x7F : code[3];
                code[2] |= i % 2 == 0 ? (byte)0x80 : (byte)0;
                code[3] &= i % 2 == 0 ? (byte)0xFF : (byte)0x3F;
            }

            codebook.Decode(code, decoded);
            Assert.All(decoded, element => Assert.True(float.IsFinite(element)));
        }
    }

    [Fact]
    public void IdenticalVectorsAreLearnedExactly()
    {
        float[] row = TestData.Directions(1, Dimension, 9);
        float[] sample = [.. Enumerable.Repeat(row, 1100).SelectMany(r => r)];
        ProductQuantizer product = new ProductTrainer(Dimension, 6, 8, 1).Train(sample);
        float[] decoded = RoundTrip(product, row, new byte[product.CodeByteLength]);
        Assert.Equal(0, WideKernels.SquaredL2(row, decoded), 1e-12);

        var binary = new BinaryQuantizer(BinaryQuantizer.MeanOf(sample, Dimension), 1, 1);
        decoded = RoundTrip(binary, row, new byte[binary.CodeByteLength]);
        Assert.Equal(0, WideKernels.SquaredL2(row, decoded), 1e-12);
    }

    [Fact]
    public void FewerVectorsThanCentroidsAreKeptAsTheyAre()
    {
        float[] sample = TestData.Directions(10, Dimension, 3);
        ProductQuantizer product = new ProductTrainer(Dimension, 5, 8, 1).Train(sample);
        for (int r = 0; r < 10; r++)
        {
            float[] row = sample.AsSpan(r * Dimension, Dimension).ToArray();
            Assert.Equal(row, RoundTrip(product, row, new byte[product.CodeByteLength]));
        }
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(Dimension + 1, 8)]
    [InlineData(5, 5)]
    public void ShapesThatCannotBeAreRefused(int subspaces, int bits)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new ProductTrainer(Dimension, subspaces, bits, 1).Train(s_sample));

    [Fact]
    public void OneDimensionIsEnough()
    {
        float[] sample = [.. Enumerable.Range(0, 1100).Select(i => i % 2 == 0 ? 1f : -1f)];
        ProductQuantizer product = new ProductTrainer(1, 1, 8, 1).Train(sample);
        Assert.Equal([-1f], RoundTrip(product, [-1f], new byte[1]));
        var binary = new BinaryQuantizer([0f], 1, 1);
        Assert.Equal([-1f], RoundTrip(binary, [-1f], new byte[binary.CodeByteLength]));
    }

    [Fact]
    public void TrainingCanBeCancelled()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => new ProductTrainer(Dimension, 5, 8, 1).Train(s_sample, cancellationToken: source.Token));
    }

    private static Codebook Create(string name)
    {
        string[] parts = name.Split(' ', 'x');
        if (parts[0] == "rotated")
        {
            float[] rotated = [.. s_sample];
            var rotation = new StructuredRotation(Dimension, 5);
            for (int at = 0; at < rotated.Length; at += Dimension)
            {
                rotation.Apply(rotated.AsSpan(at, Dimension));
            }

            return new RotatedQuantizer(new ProductTrainer(Dimension, int.Parse(parts[2]), int.Parse(parts[1]), 5).Train(rotated), 5);
        }

        return parts[0] == "product"
            ? new ProductTrainer(Dimension, int.Parse(parts[2]), int.Parse(parts[1]), 5).Train(s_sample)
            : new BinaryQuantizer(BinaryQuantizer.MeanOf(s_sample, Dimension), int.Parse(parts[1]), 5);
    }

    private static float[] Row(int index) => s_sample.AsSpan(index * Dimension, Dimension).ToArray();

    private static float[] RoundTrip(Codebook codebook, float[] direction, byte[] code)
    {
        float[] decoded = new float[direction.Length];
        codebook.Encode([.. direction], code);
        codebook.Decode(code, decoded);
        return decoded;
    }

    private static double MeanError(string name)
    {
        Codebook codebook = Create(name);
        byte[] code = new byte[codebook.CodeByteLength];
        double sum = 0;
        for (int i = 0; i < 500; i++)
        {
            sum += Math.Sqrt(WideKernels.SquaredL2(Row(i), RoundTrip(codebook, Row(i), code)));
        }

        return sum / 500;
    }

    private static uint CrcOfCodes(Codebook codebook)
    {
        byte[] code = new byte[codebook.CodeByteLength];
        uint crc = 0;
        for (int i = 0; i < 500; i++)
        {
            codebook.Encode(Row(i), code);
            crc = Crc32.Append(crc, code);
        }

        return crc;
    }

    private static float[] CentroidsOf(ProductQuantizer product)
        => [.. Enumerable.Range(0, product.SubspaceCount).SelectMany(m => Enumerable.Range(0, product.CentroidCount).SelectMany(c => Enumerable.Range(0, product.Width(m)).Select(j => product.Element(m, c, j))))];
}
