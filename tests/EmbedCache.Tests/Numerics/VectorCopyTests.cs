using System.Runtime.InteropServices;
using EmbedCache.Numerics;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Numerics;

/// <summary>
/// What a Record takes from a vector in one pass, against the three steps written out: the same bytes, the same bits of the norm, the same CRC, and nothing
/// written past the end.
/// </summary>
public sealed class VectorCopyTests
{
    private delegate double Copy(ReadOnlySpan<float> vector, Span<byte> destination, out uint crc);

    [Fact]
    public void TakesBytesNormAndCrc() => AssertTakesAll(VectorNorm.CopyAndSumSquares, 0);

    [Fact]
    public void ReferenceTakesBytesNormAndCrc() => AssertTakesAll(VectorNorm.CopyInSteps, 0);

#if !ENGINE_NETSTANDARD
    [Fact]
    public void OnePassTakesBytesNormAndCrc()
    {
        if (VectorNorm.IsOnePassSupported)
        {
            AssertTakesAll(VectorNorm.CopyInOnePass, 16);
        }
    }
#endif

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void ElementThatIsNotFiniteShowsInTheSum(float broken)
    {
        foreach (int length in new[] { 1, 16, 17, 40, 1536 })
        {
            float[] vector = new float[length];
            for (int index = 0; index < length; index++)
            {
                vector[index] = broken;
                Assert.False(VectorNorm.IsSumOfFinite(VectorNorm.CopyAndSumSquares(vector, new byte[length * sizeof(float)], out _)));
                vector[index] = 1;
            }
        }
    }

    [Fact]
    public void ShortDestinationIsRefused()
        => Assert.ThrowsAny<ArgumentException>(static () => VectorNorm.CopyAndSumSquares(new float[32], new byte[(32 * sizeof(float)) - 1], out _));

    private static void AssertTakesAll(Copy copy, int minLength)
    {
        const byte Untouched = 0xA5;
        var random = new Random(8);
        foreach (int length in Enumerable.Range(0, 131).Concat([384, 768, 784, 1536, 3072]).Where(length => length >= minLength))
        {
            int before = length % 5;
            float[] vector = new float[before + length + 16];
            for (int index = 0; index < vector.Length; index++)
            {
                vector[index] = (float)((random.NextDouble() * 2) - 1);
            }

            byte[] destination = new byte[3 + (length * sizeof(float)) + 64];
            destination.AsSpan().Fill(Untouched);
            ReadOnlySpan<float> part = vector.AsSpan(before, length);
            double sum = copy(part, destination.AsSpan(3), out uint crc);

            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(part);
            Assert.True(bytes.SequenceEqual(destination.AsSpan(3, bytes.Length)));
            Assert.Equal(Crc32.AppendSlicing(0, bytes), crc);
            Assert.Equal(BitConverter.DoubleToInt64Bits(VectorNorm.SumOfSquaresScalar(part)), BitConverter.DoubleToInt64Bits(sum));
            Assert.All(destination.Take(3).Concat(destination.Skip(3 + bytes.Length)), static value => Assert.Equal(Untouched, value));
        }
    }
}
