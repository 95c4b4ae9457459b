using EmbedCache.Numerics;

namespace EmbedCache.Tests.Numerics;

/// <summary>Every half is held against the base library's own; of floats, those around each half and each tie between two, and random bits.</summary>
public sealed class Float16Tests
{
    [Fact]
    public void EveryFiniteHalfIsReadAsTheBaseLibraryReadsIt()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            Half half = BitConverter.UInt16BitsToHalf((ushort)bits);
            if (Half.IsFinite(half))
            {
                Assert.Equal(Bits((float)half), Bits(Float16.ToSingle((ushort)bits)));
                Assert.Equal((ushort)bits, Float16.FromSingle((float)half));
            }
        }
    }

    [Fact]
    public void FloatsRoundToNearestTiesToEven()
    {
        for (int bits = 0; bits < Float16.MaxValueBits; bits++)
        {
            float low = Float16.ToSingle((ushort)bits);
            float high = Float16.ToSingle((ushort)(bits + 1));
            float middle = low + ((high - low) / 2);
            foreach (float value in new[] { middle, MathF.BitDecrement(middle), MathF.BitIncrement(middle), MathF.BitDecrement(high), MathF.BitIncrement(low) })
            {
                Assert.Equal(BitConverter.HalfToUInt16Bits((Half)value), Float16.FromSingle(value));
                Assert.Equal(BitConverter.HalfToUInt16Bits((Half)(-value)), Float16.FromSingle(-value));
            }
        }

        var random = new Random(1);
        for (int i = 0; i < 200_000; i++)
        {
            float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (float.IsFinite(value))
            {
                ushort expected = BitConverter.HalfToUInt16Bits((Half)value);
                Assert.Equal((expected & 0x7FFF) == 0x7C00 ? (ushort)(expected - 1) : expected, Float16.FromSingle(value));
            }
        }
    }

    [Fact]
    public void AVectorDecodesAsItsElementsDo()
    {
        var random = new Random(2);
        foreach (int length in Enumerable.Range(0, 70).Append(1536))
        {
            byte[] halves = new byte[length * 2];
            random.NextBytes(halves);
            foreach (float scale in new[] { 1f, 0.25f, 1e-30f, float.Epsilon })
            {
                float[] expected = new float[length];
                float[] actual = new float[length];
                Float16.DecodeScalar(halves, scale, expected);
                Float16.Decode(halves, scale, actual);
                AssertSameBits(expected, actual);
#if !ENGINE_NETSTANDARD
                if (length >= 16)
                {
                    Assert.Equal(length & ~7, Float16.DecodeVector128(ref halves[0], scale, actual));
                    AssertSameBits(expected.AsSpan(0, length & ~7), actual.AsSpan(0, length & ~7));
                    Assert.Equal(length & ~15, Float16.DecodeVector256(ref halves[0], scale, actual));
                    AssertSameBits(expected.AsSpan(0, length & ~15), actual.AsSpan(0, length & ~15));
                }
#endif
            }
        }
    }

    private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
        => Assert.Equal(Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(expected)), Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(actual)));
}
