#if ENGINE_NETSTANDARD
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using EmbedCache.Primitives;

namespace EmbedCache.Tests.Primitives;

/// <summary>
/// What the netstandard2.0 build brings along must answer as modern .NET does. A test compiled on modern .NET binds such a name to the framework, so the polyfills are
/// called as what they compile to: static methods of <see cref="Polyfills"/>, and types that only reflection can see.
/// </summary>
public sealed class PolyfillTests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    [InlineData(0x8000000000000000UL)]
    [InlineData(0x8000000000000001UL)]
    [InlineData(0xFFFFFFFFFFFFFFFFUL)]
    [InlineData(0x00000000FFFFFFFFUL)]
    [InlineData(0x123456789ABCDEF0UL)]
    public void BitOperationsAgree(ulong value)
    {
        Assert.Equal(System.Numerics.BitOperations.PopCount(value), Bits<int>("PopCount", value));
        Assert.Equal(System.Numerics.BitOperations.TrailingZeroCount(value), Bits<int>("TrailingZeroCount", value));
        Assert.Equal(System.Numerics.BitOperations.LeadingZeroCount(value), Bits<int>("LeadingZeroCount", value));
        Assert.Equal(System.Numerics.BitOperations.Log2(value), Bits<int>("Log2", value));
        Assert.Equal(System.Numerics.BitOperations.RoundUpToPowerOf2(value), Bits<ulong>("RoundUpToPowerOf2", value));

        uint low = (uint)value;
        Assert.Equal(System.Numerics.BitOperations.PopCount(low), Bits<int>("PopCount", low));
        Assert.Equal(System.Numerics.BitOperations.TrailingZeroCount(low), Bits<int>("TrailingZeroCount", low));
        Assert.Equal(System.Numerics.BitOperations.LeadingZeroCount(low), Bits<int>("LeadingZeroCount", low));
        Assert.Equal(System.Numerics.BitOperations.Log2(low), Bits<int>("Log2", low));
        Assert.Equal(System.Numerics.BitOperations.RoundUpToPowerOf2(low), Bits<uint>("RoundUpToPowerOf2", low));
        Assert.Equal(System.Numerics.BitOperations.IsPow2((int)low), Bits<bool>("IsPow2", (int)low));
    }

    [Fact]
    public void BigMulAgrees()
    {
        var random = new Random(4);
        byte[] bytes = new byte[16];
        for (int round = 0; round < 1000; round++)
        {
            random.NextBytes(bytes);
            ulong a = BitConverter.ToUInt64(bytes, 0) | (round % 3 == 0 ? ulong.MaxValue << 20 : 0);
            ulong b = BitConverter.ToUInt64(bytes, 8) | (round % 5 == 0 ? ulong.MaxValue >> 3 : 0);
            ulong high = Math.BigMul(a, b, out ulong low);
            Assert.Equal(high, Polyfills.BigMul(a, b, out ulong ours));
            Assert.Equal(low, ours);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("Grüße, 世界 \U0001F600")]
    public void EncodingAgrees(string text)
    {
        byte[] expected = Encoding.UTF8.GetBytes(text);
        byte[] encoded = new byte[expected.Length];
        Assert.Equal(expected.Length, Polyfills.GetByteCount(Encoding.UTF8, text.AsSpan()));
        Assert.Equal(expected.Length, Polyfills.GetBytes(Encoding.UTF8, text.AsSpan(), encoded));
        Assert.Equal(expected, encoded);
        Assert.Equal(text.Length, Polyfills.GetCharCount(Encoding.UTF8, encoded));
        Assert.Equal(text, Polyfills.GetString(Encoding.UTF8, encoded));
    }

    [Fact]
    public void StrictEncodingRefusesLoneSurrogates()
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        Assert.Throws<EncoderFallbackException>(() => Polyfills.GetByteCount(strict, "\uD800x".AsSpan()));
        Assert.Throws<EncoderFallbackException>(() => Polyfills.GetBytes(strict, "x\uDC00".AsSpan(), new byte[16]));
        Assert.Throws<DecoderFallbackException>(() => Polyfills.GetString(strict, [0xC0, 0x80]));
    }

    [Fact]
    public void TooSmallADestinationIsRefused()
    {
        Assert.Throws<ArgumentException>(() => Polyfills.GetBytes(Encoding.UTF8, "four".AsSpan(), new byte[3]));
        Assert.Throws<ArgumentException>(() => Polyfills.HashData([1, 2, 3], new byte[31]));
    }

    [Fact]
    public void HashDataAgrees()
    {
        byte[] digest = new byte[32];
        Assert.Equal(32, Polyfills.HashData([1, 2, 3], digest));
        Assert.Equal(SHA256.HashData([1, 2, 3]), digest);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.25e-300)]
    [InlineData(1.5)]
    [InlineData(double.MaxValue)]
    [InlineData(double.Epsilon)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void FloatsAreWrittenAndReadBitForBit(double value)
    {
        byte[] bytes = new byte[8];
        Polyfills.WriteDoubleLittleEndian(bytes, value);
        Assert.Equal(BitConverter.DoubleToInt64Bits(value), System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(bytes));
        Assert.Equal(value, Polyfills.ReadDoubleLittleEndian(bytes));

        float single = (float)value;
        Polyfills.WriteSingleLittleEndian(bytes, single);
        Assert.Equal(BitConverter.SingleToInt32Bits(single), System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(bytes));
        Assert.Equal(single, Polyfills.ReadSingleLittleEndian(bytes));

        Assert.Equal(double.IsFinite(value), Polyfills.IsFinite(value));
        Assert.Equal(float.IsFinite(single), Polyfills.IsFinite(single));
    }

    [Fact]
    public void GuardsThrowWhatTheFrameworkThrows()
    {
        Assert.Equal("name", Assert.Throws<ArgumentNullException>(() => Polyfills.ThrowIfNull(null, "name")).ParamName);
        Polyfills.ThrowIfNull("", "name");
        Assert.Equal("name", Assert.Throws<ArgumentException>(() => Polyfills.ThrowIfNullOrEmpty("", "name")).ParamName);
        Assert.Throws<ArgumentNullException>(() => Polyfills.ThrowIfNullOrEmpty(null, "name"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Polyfills.ThrowIfNegative(-1, "name"));
        Polyfills.ThrowIfNegative(0, "name");
        Assert.Throws<ArgumentOutOfRangeException>(() => Polyfills.ThrowIfNegativeOrZero(0, "name"));
        Polyfills.ThrowIfNegativeOrZero(1, "name");
        Assert.Throws<ArgumentOutOfRangeException>(() => Polyfills.ThrowIfGreaterThan(3, 2, "name"));
        Polyfills.ThrowIfGreaterThan(2, 2, "name");
        Assert.Throws<ArgumentOutOfRangeException>(() => Polyfills.ThrowIfLessThan(1, 2, "name"));
        Polyfills.ThrowIfLessThan(2, 2, "name");
        Assert.Throws<ObjectDisposedException>(() => Polyfills.ThrowIf(true, this));
        Polyfills.ThrowIf(false, this);
    }

    [Fact]
    public void SmallHelpersAgree()
    {
        Assert.Equal(2, Polyfills.Clamp(1, 2, 3));
        Assert.Equal(3L, Polyfills.Clamp(4L, 2L, 3L));
        Assert.True(double.IsNaN(Polyfills.Clamp(double.NaN, 2.0, 3.0)));
        Assert.True(Polyfills.StartsWith("abc", 'a') && !Polyfills.StartsWith("", 'a'));
        Assert.True(Polyfills.EndsWith("abc", 'c') && !Polyfills.EndsWith("", 'c'));
        Assert.True(Polyfills.Contains("abc", 'b') && !Polyfills.Contains("abc", 'd'));
        Assert.True(Polyfills.Contains("abc", "BC", StringComparison.OrdinalIgnoreCase));

        var dictionary = new Dictionary<int, int>();
        Assert.True(Polyfills.TryAdd(dictionary, 1, 2));
        Assert.False(Polyfills.TryAdd(dictionary, 1, 3));
        Assert.Equal(2, dictionary[1]);

        byte[] random = new byte[32];
        Polyfills.Fill(random);
        Assert.NotEqual(new byte[32], random);
    }

    private static T Bits<T>(string name, object value)
    {
        Type type = typeof(Polyfills).Assembly.GetType("System.Numerics.BitOperations", throwOnError: true)!;
        MethodInfo method = type.GetMethod(name, [value.GetType()])!;
        return (T)method.Invoke(null, [value])!;
    }
}
#endif
