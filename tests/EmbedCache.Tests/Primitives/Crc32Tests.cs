using System.Text;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Primitives;

/// <summary>
/// CRC-32/ISO-HDLC. Each implementation is held against published values and, at every length and alignment, against the definition computed bit by bit.
/// An implementation that this processor lacks is passed over.
/// </summary>
public abstract class Crc32Tests
{
    protected const uint ReflectedPolynomial = 0xEDB88320;

    protected virtual bool IsSupported => true;

    protected abstract uint Append(uint crc, ReadOnlySpan<byte> data);

    [Theory]
    [InlineData("", 0x00000000)]
    [InlineData("a", 0xE8B7BE43)]
    [InlineData("123456789", 0xCBF43926)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339)]
    public void GivesThePublishedValues(string text, uint expected)
    {
        if (IsSupported)
        {
            Assert.Equal(expected, Append(0, Encoding.ASCII.GetBytes(text)));
        }
    }

    [Fact]
    public void FollowsTheDefinitionAtEveryLengthAndAlignment()
    {
        if (!IsSupported)
        {
            return;
        }

        byte[] data = RandomBytes(1000);
        for (int length = 0; length <= 600; length++)
        {
            ReadOnlySpan<byte> part = data.AsSpan(length % 67, length);
            Assert.Equal(Define(0, part), Append(0, part));
        }

        foreach (int length in new[] { 4096, 6144, 6145, 65_537 })
        {
            byte[] large = RandomBytes(length);
            Assert.Equal(Define(0, large), Append(0, large));
        }
    }

    [Fact]
    public void ContinuesFromEveryPlace()
    {
        if (!IsSupported)
        {
            return;
        }

        byte[] data = RandomBytes(300);
        uint whole = Define(0, data);
        for (int first = 0; first <= data.Length; first++)
        {
            Assert.Equal(whole, Append(Append(0, data.AsSpan(0, first)), data.AsSpan(first)));
        }
    }

    protected static uint Define(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ ReflectedPolynomial;
            }
        }

        return ~crc;
    }

    private static byte[] RandomBytes(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }
}

/// <summary>What the engine calls.</summary>
public sealed class Crc32DispatchTests : Crc32Tests
{
    protected override uint Append(uint crc, ReadOnlySpan<byte> data) => Crc32.Append(crc, data);

    [Fact]
    public void ComputeIsAppendToNothing()
    {
        byte[] data = [1, 2, 3, 4, 5];
        Assert.Equal(Define(0, data), Crc32.Compute(data));
    }
}

public sealed class Crc32SlicingTests : Crc32Tests
{
    protected override uint Append(uint crc, ReadOnlySpan<byte> data) => Crc32.AppendSlicing(crc, data);
}

#if !ENGINE_NETSTANDARD
public sealed class Crc32ClmulTests : Crc32Tests
{
    protected override bool IsSupported => Crc32.IsClmulSupported;

    protected override uint Append(uint crc, ReadOnlySpan<byte> data) => Crc32.AppendClmul(crc, data);

    /// <summary>The constants are powers of x modulo the polynomial; here they are found by multiplying by x, one bit at a time.</summary>
    [Fact]
    public void ConstantsAreWhatTheirNamesSay()
    {
        Assert.Equal(Crc32.Fold512Low, PowerOfX(512 + 63));
        Assert.Equal(Crc32.Fold512High, PowerOfX(512 - 1));
        Assert.Equal(Crc32.Fold384Low, PowerOfX(384 + 63));
        Assert.Equal(Crc32.Fold384High, PowerOfX(384 - 1));
        Assert.Equal(Crc32.Fold256Low, PowerOfX(256 + 63));
        Assert.Equal(Crc32.Fold256High, PowerOfX(256 - 1));
        Assert.Equal(Crc32.Fold128Low, PowerOfX(128 + 63));
        Assert.Equal(Crc32.Fold128High, PowerOfX(128 - 1));
        Assert.Equal(Crc32.Fold96, PowerOfX(95));
        Assert.Equal(Crc32.BarrettPolynomial, (ulong)ReflectedPolynomial << 1);
        Assert.Equal(Crc32.BarrettQuotient, QuotientOfX95());
    }

    private static ulong PowerOfX(int exponent)
    {
        uint remainder = 0x80000000; // x^0: reflected, the lowest coefficient is the highest bit.
        for (int step = 0; step < exponent; step++)
        {
            remainder = (remainder & 1) == 0 ? remainder >> 1 : (remainder >> 1) ^ ReflectedPolynomial;
        }

        return (ulong)remainder << 32;
    }

    private static ulong QuotientOfX95()
    {
        // Long division of x^95 by G: the first 31 steps only bring the remainder to x^31; each of the next 64 gives one bit of the quotient, the highest first.
        uint remainder = 1;
        ulong quotient = 0;
        for (int bit = 0; bit < 64; bit++)
        {
            ulong overflow = remainder & 1;
            quotient |= overflow << bit;
            remainder = overflow == 0 ? remainder >> 1 : (remainder >> 1) ^ ReflectedPolynomial;
        }

        return quotient;
    }
}

public sealed class Crc32Arm64Tests : Crc32Tests
{
    protected override bool IsSupported => Crc32.IsArm64Supported;

    protected override uint Append(uint crc, ReadOnlySpan<byte> data) => Crc32.AppendArm64(crc, data);
}
#endif
