using EmbedCache.Format;

namespace EmbedCache.Tests.Format;

/// <summary>48-bit integers and times.</summary>
public sealed class SmallTypesTests
{
    [Theory]
    [InlineData(0L, "000000000000")]
    [InlineData(0x0102_0304_0506L, "060504030201")]
    [InlineData((1L << 48) - 1, "FFFFFFFFFFFF")]
    public void A_48_bit_integer_reads_back(long value, string hex)
    {
        byte[] bytes = new byte[6];
        UInt48.Write(bytes, value);
        Assert.Equal(hex, Convert.ToHexString(bytes));
        Assert.Equal(value, UInt48.Read(bytes));
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(1L << 48)]
    public void What_does_not_fit_in_48_bits_is_refused(long value)
        => Assert.Throws<ArgumentOutOfRangeException>(() => UInt48.Write(new byte[6], value));

    [Fact]
    public void The_range_of_times_is_that_of_dates()
    {
        Assert.Equal(UnixTime.MaxMilliseconds, UnixTime.FromDateTimeOffset(DateTimeOffset.MaxValue));
        Assert.Equal(UnixTime.MinDateMilliseconds, UnixTime.FromDateTimeOffset(DateTimeOffset.MinValue));
        Assert.Equal(DateTimeOffset.MinValue, UnixTime.ToDateTimeOffset(UnixTime.MinDateMilliseconds));
        Assert.True(UnixTime.IsValid(UnixTime.MaxMilliseconds));
        Assert.False(UnixTime.IsValid(UnixTime.MaxMilliseconds + 1));
        Assert.False(UnixTime.IsValid(-1));
        Assert.True(UnixTime.MaxMilliseconds <= UInt48.MaxValue);
        Assert.Null(UnixTime.ToOptional(0));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddMilliseconds(1), UnixTime.ToOptional(1));
    }

    [Fact]
    public void A_salt_reads_back_in_byte_order()
    {
        byte[] bytes = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        FileSalt salt = FileSalt.Read(bytes);
        Assert.Equal(0x0807060504030201u, salt.K0);
        byte[] written = new byte[16];
        salt.Write(written);
        Assert.Equal(bytes, written);
        Assert.DoesNotContain("8", salt.ToString(), StringComparison.Ordinal);
    }
}
