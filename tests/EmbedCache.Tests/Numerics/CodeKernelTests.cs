using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>
/// One set of tests for every implementation of the kernels over half-bytes, against sums in 64 bits. What stands behind a query's codes is zero, and what stands
/// behind a row's half-bytes must count nothing, whatever it is.
/// </summary>
public abstract class CodeKernelTests
{
    private static readonly int[] s_dimensions = [1, 2, 15, 16, 31, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97, 100, 112, 128, 175, 176, 177, 240, 384, 768, 784, 1000, 1001, 1536, 3072];

    protected abstract int Dot(ref byte query, int half, ref byte row, int length);

    [Fact]
    public void QueriesAndRowsMultiplyExactly()
    {
        var random = new Random(1);
        foreach (int dimension in s_dimensions)
        {
            var layout = new CodeLayout(dimension);
            for (int round = 0; round < 8; round++)
            {
                int[] codes = [.. Enumerable.Range(0, dimension).Select(_ => random.Next(-127, 128))];
                int[] halves = [.. Enumerable.Range(0, dimension).Select(_ => random.Next(16))];
                byte[] query = Query(codes, layout);
                foreach (int length in new[] { layout.CoarseByteLength, layout.FineByteLength })
                {
                    byte[] row = Row(halves, length, random, round % 3);
                    Assert.Equal(codes.Zip(halves, static (code, half) => code * half).Sum(), Dot(ref query[0], layout.CoarseByteLength, ref row[0], length));
                }
            }
        }
    }

    [Fact]
    public void EachCodeCountsOnce()
    {
        foreach (int dimension in new[] { 1, 48, 112, 131, 176 })
        {
            var layout = new CodeLayout(dimension);
            for (int i = 0; i < dimension; i++)
            {
                int[] codes = new int[dimension];
                int[] halves = new int[dimension];
                codes[i] = -127;
                halves[i] = 15;
                byte[] query = Query(codes, layout);
                byte[] row = Row(halves, layout.CoarseByteLength, new Random(i), 1);
                Assert.Equal(-127 * 15, Dot(ref query[0], layout.CoarseByteLength, ref row[0], row.Length));
            }
        }
    }

    /// <summary>The largest sum that there can be fits.</summary>
    [Theory]
    [InlineData(127)]
    [InlineData(-127)]
    public void TheLargestSumsFit(int code)
    {
        const int Dimension = 65_536;
        var layout = new CodeLayout(Dimension);
        byte[] query = Query([.. Enumerable.Repeat(code, Dimension)], layout);
        byte[] row = Row([.. Enumerable.Repeat(15, Dimension)], layout.CoarseByteLength, new Random(1), 2);

        Assert.Equal(15 * code * Dimension, Dot(ref query[0], layout.CoarseByteLength, ref row[0], row.Length));
    }

    private static byte[] Query(int[] codes, CodeLayout layout)
    {
        byte[] query = new byte[layout.QueryByteLength];
        for (int i = 0; i < codes.Length; i++)
        {
            query[i < layout.Half ? i : layout.CoarseByteLength + i - layout.Half] = unchecked((byte)codes[i]);
        }

        return query;
    }

    /// <param name="tail">What stands behind the half-bytes. 0: zeros; 1: the largest bytes; 2: any.</param>
    private static byte[] Row(int[] halves, int length, Random random, int tail)
    {
        byte[] row = new byte[length];
        int half = (halves.Length + 1) / 2;
        for (int i = 0; i < halves.Length; i++)
        {
            row[i % half] |= (byte)(i < half ? halves[i] : halves[i] << 4);
        }

        Span<byte> rest = row.AsSpan(half);
        if (tail == 1)
        {
            rest.Fill(0xFF);
        }
        else if (tail == 2)
        {
            random.NextBytes(rest);
        }

        return row;
    }
}
