using EmbedCache.Engine;

namespace EmbedCache.Tests.Engine;

/// <summary>When background work is to end. Whoever was given the question before the answer changed must hear the new one.</summary>
public sealed class DeadlineTests
{
    /// <summary>
    /// Regression: a close that came while the background was inserting a stretch of nodes waited for all of it, half a second at 1536 dimensions whatever the limit,
    /// since the stretch kept asking what was so before.
    /// </summary>
    [Fact]
    public void WhoAskedBeforeItWasSetHearsOfIt()
    {
        var deadline = new Deadline();
        Func<bool> isOver = deadline.IsOver;
        Assert.False(isOver());

        deadline.Set(TimeSpan.Zero);
        Assert.True(isOver());

        deadline.Lift();
        Assert.False(isOver());
    }

    [Fact]
    public void ALongOneIsNotOverAndAnEndlessOneNeverIs()
    {
        var deadline = new Deadline();
        deadline.Set(TimeSpan.FromDays(1));
        Assert.False(deadline.IsOver());
        deadline.Set(TimeSpan.MaxValue);
        Assert.False(deadline.IsOver());
        deadline.Set(Timeout.InfiniteTimeSpan);
        Assert.False(deadline.IsOver());
    }
}
