using EmbedCache.Primitives;

namespace EmbedCache.Tests.Primitives;

/// <summary>FileOffset and Ordinal are numbers that cannot be mistaken for one another; everything else about them is a number's.</summary>
public sealed class TypedIntegerTests
{
    [Fact]
    public void ConversionsKeepTheValue()
    {
        Assert.Equal(1L << 52, (long)(FileOffset)(1L << 52));
        Assert.Equal(1L << 40, (long)(Ordinal)(1L << 40));
        Assert.Equal(7, (int)(FileOffset)7);
        Assert.Equal(7, (int)(Ordinal)7);
    }

    [Fact]
    public void NarrowingIsChecked()
    {
        Assert.Throws<OverflowException>(() => (int)(FileOffset)(1L << 31));
        Assert.Throws<OverflowException>(() => (int)(Ordinal)(1L << 31));
    }

    [Fact]
    public void OrderIsThatOfTheNumbers()
    {
        var three = new FileOffset(3);
        var four = new FileOffset(4);
        Assert.True(three < four && four > three && three <= four && four >= three && three != four);
        Assert.False(three > four || four < three || three >= four || four <= three || three == four);
        Assert.True(three.CompareTo(four) < 0);
        Assert.Equal(four, three + 1);
        Assert.Equal(-1, three - four);

        var first = new Ordinal(0);
        var second = new Ordinal(1);
        Assert.True(first < second && second > first && first <= second && second >= first && first != second);
        Assert.False(first > second || second < first || first >= second || second <= first || first == second);
        Assert.True(second.CompareTo(first) > 0);
        Assert.Equal(second, first + 1);
        Assert.Equal(1, second - first);
    }

    [Fact]
    public void EqualityIsByValueAndType()
    {
        Assert.True(new FileOffset(5).Equals((object)new FileOffset(5)));
        Assert.False(new FileOffset(5).Equals((object)5L));
        Assert.False(new Ordinal(5).Equals((object)new FileOffset(5)));
        Assert.Equal(new Ordinal(5).GetHashCode(), new Ordinal(5).GetHashCode());
        Assert.Equal("5", new Ordinal(5).ToString());
    }
}
