namespace EmbedCache.Ps.Tests;

/// <summary>What the screen shows: float[n], never the numbers.</summary>
public sealed class FormatTests : ModuleTest
{
    public FormatTests()
    {
        NewCache("-Model m");
        Run("Set-Embedding $path 'a red apple' ([float[]](0.125, 0.25, 0.5, 1)) -Metadata @{ kind = 'fruit'; year = 2024 }");
    }

    [Theory]
    [InlineData("Get-Embedding $path")]
    [InlineData("Find-SimilarEmbedding $path $vector")]
    [InlineData("Get-EmbedCacheInfo $path; Get-Embedding $path")]
    [InlineData("1; Find-SimilarEmbedding $path $vector")]
    [InlineData("Remove-Embedding $path 'a red apple' -PassThru")]
    public void NumbersOfAVectorAreNeverShown(string script)
    {
        string text = Session.InvokeToText(script);
        Assert.Contains("a red apple", text, StringComparison.Ordinal);
        Assert.DoesNotContain("0.125", text, StringComparison.Ordinal);
        Assert.DoesNotContain("0.25", text, StringComparison.Ordinal);
    }

    [Fact]
    public void RecordIsARowWithTheLengthOfItsVector()
    {
        string text = Session.InvokeToText("Get-Embedding $path");
        Assert.Matches(@"Key +Vector +Created +Metadata", text);
        Assert.Matches(@"a red apple +float\[4\] +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +kind=fruit; year=2024", text);
    }

    [Fact]
    public void HitIsARowWithItsScore()
    {
        string text = Session.InvokeToText("Find-SimilarEmbedding $path 1, 2, 4, 8");
        Assert.Matches(@"Score +Key +Metadata", text);
        Assert.Matches(@"1\.0000 a red apple +kind=fruit; year=2024", text);
    }

    [Fact]
    public void InfoIsAList()
    {
        string text = Session.InvokeToText("Get-EmbedCacheInfo $path");
        Assert.Matches(@"Dimension +: 4", text);
        Assert.Matches(@"Count +: 1", text);
        Assert.Matches(@"Model +: m", text);
    }

    [Fact]
    public void HandleIsARow() => Assert.Matches(@"4 +Cosine +Text +True +m +.*cache\.edb", Session.InvokeToText("$cache = Open-EmbedCache $path; $cache | Out-Host; Close-EmbedCache $cache"));

    [Fact]
    public void DigestStandsInForAKey()
    {
        Run("New-EmbedCache $dir/private.edb 4 -KeyStorage Digest | Close-EmbedCache; Set-Embedding $dir/private.edb secret $vector");
        Assert.Matches("[0-9a-f]{16}", Session.InvokeToText("Get-Embedding $dir/private.edb"));
    }
}
