using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>Signed bytes with a scale: within half a step of what was given, ties to even, and the same bits at every width.</summary>
public sealed class ScaledBytesTests
{
    [Fact]
    public void EachElementIsWithinHalfAStep()
    {
        var random = new Random(1);
        foreach (float magnitude in new[] { 1f, 1e30f, 1e-30f })
        {
            float[] vector = [.. Enumerable.Range(0, 200).Select(_ => (float)((random.NextDouble() - 0.5) * magnitude))];
            byte[] codes = new byte[vector.Length];
            float scale = ScaledBytes.Encode(vector, codes);
            float[] decoded = new float[vector.Length];
            ScaledBytes.Decode(codes, scale, decoded);
            for (int i = 0; i < vector.Length; i++)
            {
                Assert.InRange(decoded[i], vector[i] - (0.501 * scale), vector[i] + (0.501 * scale));
            }

            Assert.Contains(codes, code => Math.Abs((int)(sbyte)code) == ScaledBytes.MaxCode);
        }
    }

    [Fact]
    public void TiesGoToTheEvenCode()
    {
        byte[] codes = new byte[5];
        Assert.Equal(1, ScaledBytes.Encode([127, 0.5f, 1.5f, -2.5f, -3.5f], codes));
        Assert.Equal([127, 0, 2, -2, -4], codes.Select(code => (int)(sbyte)code));
    }

    [Fact]
    public void AZeroVectorHasNoScale()
    {
        byte[] codes = [9, 9];
        Assert.Equal(0, ScaledBytes.Encode([0f, -0f], codes));
        Assert.Equal([0, 0], codes);
    }

    [Fact]
    public void AVectorDecodesAsItsElementsDo()
    {
        var random = new Random(2);
        foreach (int length in Enumerable.Range(0, 70).Append(1536))
        {
            byte[] codes = new byte[length];
            random.NextBytes(codes);
            float[] expected = new float[length];
            float[] actual = new float[length];
            ScaledBytes.DecodeScalar(codes, 0.3f, expected);
            ScaledBytes.Decode(codes, 0.3f, actual);
            Assert.Equal(expected, actual);
#if !ENGINE_NETSTANDARD
            if (length > 0)
            {
                Array.Clear(actual, 0, length);
                int done = ScaledBytes.DecodeVector128(ref codes[0], 0.3f, actual);
                Assert.Equal(expected.Take(done), actual.Take(done));
                Assert.Equal(length & ~15, done);
                Array.Clear(actual, 0, length);
                Assert.Equal(done, ScaledBytes.DecodeVector256(ref codes[0], 0.3f, actual));
                Assert.Equal(expected.Take(done), actual.Take(done));
            }
#endif
        }
    }
}
