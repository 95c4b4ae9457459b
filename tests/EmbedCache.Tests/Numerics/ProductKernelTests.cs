using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>Every width of the product quantiser's kernels against the reference, bit for bit; the widest is emulated where the processor lacks it.</summary>
public sealed class ProductKernelTests
{
    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public void ProductsHaveTheSameBitsAtEveryWidth(int count)
    {
        var random = new Random(1);
        for (int width = 1; width <= 9; width++)
        {
            float[] vector = TestData.Random(random, width);
            float[] centroids = TestData.Random(random, width * count);
            float[] start = TestData.Random(random, count);
            float[] expected = [.. start];
            ProductKernels.ProductsScalar(vector, centroids, expected);
            for (int c = 0; c < count; c++)
            {
                double exact = start[c];
                for (int j = 0; j < width; j++)
                {
                    exact += (double)vector[j] * centroids[(j * count) + c];
                }

                Assert.Equal(exact, expected[c], 1e-5);
            }

            float[] actual = new float[count];
            ProductKernels.Products(vector, centroids, start, actual);
            Assert.Equal(expected, actual);
            actual = [.. start];
            ProductKernels.ProductsVector(vector, centroids, actual);
            Assert.Equal(expected, actual);
#if !ENGINE_NETSTANDARD
            actual = [.. start];
            ProductKernels.ProductsVector512(vector, ref centroids[0], actual);
            Assert.Equal(expected, actual);
#endif
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public void TheFirstOfTheGreatestIsFoundAtEveryWidth(int count)
    {
        var random = new Random(2);
        for (int round = 0; round < 200; round++)
        {
            float[] values = [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-3, 4))];
            int expected = Array.IndexOf(values, values.Max());
            Assert.Equal(expected, ProductKernels.IndexOfMaxScalar(values));
            Assert.Equal(expected, ProductKernels.IndexOfMax(values));
            Assert.Equal(expected, ProductKernels.IndexOfMaxVector(values));
#if !ENGINE_NETSTANDARD
            Assert.Equal(expected, ProductKernels.IndexOfMaxVector512(ref values[0], count));
#endif
        }
    }

    [Fact]
    public void LookUpAddsOneEntryForEachByte()
    {
        var random = new Random(3);
        foreach (int length in new[] { 0, 1, 2, 3, 4, 5, 7, 8, 49, 196 })
        {
            float[] tables = [.. Enumerable.Range(0, length * 256).Select(_ => (float)random.Next(-100, 101))];
            byte[] code = new byte[length];
            random.NextBytes(code);
            Assert.Equal(code.Select((value, i) => tables[(i * 256) + value]).Sum(), ProductKernels.LookUp(tables, code));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(300)]
    public void NibblesAddUpTheSameAtEveryWidth(int pairCount)
    {
        var random = new Random(4);
        byte[] block = new byte[pairCount * NibbleScan.BlockCount];
        byte[] tables = new byte[block.Length];
        random.NextBytes(block);
        foreach (bool isFull in new[] { false, true })
        {
            random.NextBytes(tables);
            if (isFull)
            {
                // The greatest sums that there can be.
                tables.AsSpan().Fill(byte.MaxValue);
            }

            int[] expected = new int[NibbleScan.BlockCount];
            for (int v = 0; v < expected.Length; v++)
            {
                for (int pair = 0; pair < pairCount; pair++)
                {
                    byte code = block[(pair * 32) + v];
                    expected[v] += tables[(pair * 32) + (code & 15)] + tables[(pair * 32) + 16 + (code >> 4)];
                }
            }

            int[] actual = new int[NibbleScan.BlockCount];
            NibbleScan.SumScalar(block, tables, actual);
            Assert.Equal(expected, actual);
            actual.AsSpan().Fill(-1);
            NibbleScan.Sum(block, tables, actual);
            Assert.Equal(expected, actual);
#if !ENGINE_NETSTANDARD
            actual.AsSpan().Fill(-1);
            NibbleScan.SumVector128(ref block[0], ref tables[0], pairCount, actual);
            Assert.Equal(expected, actual);
            if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
            {
                actual.AsSpan().Fill(-1);
                NibbleScan.SumAvx2(ref block[0], ref tables[0], pairCount, actual);
                Assert.Equal(expected, actual);
            }
#endif
        }
    }
}
