using System.Runtime.InteropServices;
using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>
/// One set of tests for every implementation of the 8-bit kernels, against sums in 64 bits. What stands behind a query's codes is zero, and what stands behind
/// a row's codes must count nothing, whatever it is.
/// </summary>
public abstract class Int8KernelTests
{
    private static readonly int[] s_dimensions = [1, 2, 15, 16, 31, 33, 47, 48, 49, 63, 64, 65, 100, 112, 128, 175, 176, 177, 240, 384, 768, 784, 1000, 1536, 3072];

    protected abstract int Dot(ref byte query, ref byte row, int stride);

    protected abstract int DotRows(ref byte a, ref byte b, int stride, int sumOfB);

    [Fact]
    public void QueriesAndRowsMultiplyExactly()
    {
        var random = new Random(1);
        foreach (int dimension in s_dimensions)
        {
            for (int round = 0; round < 8; round++)
            {
                byte[] query = RandomRow(random, dimension, 0);
                byte[] row = RandomRow(random, dimension, round % 3);
                Assert.Equal(Exact(query, row, dimension, isQuery: true), Dot(ref query[0], ref row[0], row.Length));
            }
        }
    }

    [Fact]
    public void RowsMultiplyExactly()
    {
        var random = new Random(2);
        foreach (int dimension in s_dimensions)
        {
            for (int round = 0; round < 8; round++)
            {
                byte[] a = RandomRow(random, dimension, 1);
                byte[] b = RandomRow(random, dimension, 2);
                Assert.Equal(Exact(a, b, dimension, isQuery: false), DotRows(ref a[0], ref b[0], b.Length, SumOf(b, dimension)));
            }
        }
    }

    [Fact]
    public void EachCodeCountsOnce()
    {
        foreach (int dimension in new[] { 48, 112, 130, 176 })
        {
            byte[] query = new byte[CodeRow.Stride(dimension)];
            byte[] row = new byte[query.Length];
            for (int i = 0; i < dimension; i++)
            {
                query[i] = 255;
                row[i] = unchecked((byte)-127);
                Assert.Equal(-255 * 127, Dot(ref query[0], ref row[0], row.Length));
                Assert.Equal(127, DotRows(ref query[0], ref row[0], row.Length, -127));
                query[i] = 0;
                row[i] = 0;
            }
        }
    }

    /// <summary>The largest sum that there can be fits; the forms of 8 by 8 bits that saturate at 16 fail here at once.</summary>
    [Theory]
    [InlineData(127)]
    [InlineData(-127)]
    public void TheLargestSumsFit(int code)
    {
        const int Dimension = 65_536;
        byte[] query = new byte[CodeRow.Stride(Dimension)];
        byte[] row = new byte[query.Length];
        query.AsSpan(0, Dimension).Fill(255);
        row.AsSpan(0, Dimension).Fill(unchecked((byte)code));

        Assert.Equal(255 * code * Dimension, Dot(ref query[0], ref row[0], row.Length));
        Assert.Equal(code * code * Dimension, DotRows(ref row[0], ref row[0], row.Length, code * Dimension));
    }

    private static byte[] RandomRow(Random random, int dimension, int tail)
    {
        byte[] row = new byte[CodeRow.Stride(dimension)];
        for (int i = 0; i < dimension; i++)
        {
            row[i] = unchecked((byte)random.Next(-127, 128));
        }

        // 0: nothing behind the codes; 1: the largest bytes; 2: any.
        Span<byte> fields = row.AsSpan(row.Length - CodeRow.ByteLength);
        if (tail == 1)
        {
            fields.Fill(0x80);
        }
        else if (tail == 2)
        {
            random.NextBytes(fields);
        }

        return row;
    }

    private static int Exact(byte[] a, byte[] b, int dimension, bool isQuery)
    {
        long sum = 0;
        for (int i = 0; i < dimension; i++)
        {
            sum += (isQuery ? a[i] : (sbyte)a[i]) * (sbyte)b[i];
        }

        return checked((int)sum);
    }

    private static int SumOf(byte[] row, int dimension) => MemoryMarshal.Cast<byte, sbyte>(row.AsSpan(0, dimension)).ToArray().Sum(code => code);
}
