using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>Find-SimilarEmbedding: the nearest records, best first.</summary>
public sealed class FindSimilarEmbeddingTests : ModuleTest
{
    public FindSimilarEmbeddingTests()
    {
        NewCache();
        Run("0..9 | ForEach-Object { $angle = $_ / 10.0; @{ Key = \"k$_\"; Vector = [float[]]([Math]::Cos($angle), [Math]::Sin($angle), 0, 0); Metadata = @{ n = $_ } } } | Set-Embedding $path");
    }

    [Theory]
    [InlineData("Find-SimilarEmbedding $path $vector -Top 3")]
    [InlineData("Find-SimilarEmbedding -Path $path -Vector 1, 0, 0, 0 -First 3")]
    [InlineData("Find-SimilarEmbedding -LiteralPath $path -Embedding 'AACAPwAAAAAAAAAAAAAAAA==' -Top 3")]
    [InlineData(",$vector | Find-SimilarEmbedding $path -Top 3")]
    [InlineData("[pscustomobject]@{ Embedding = $vector } | Find-SimilarEmbedding $path -Top 3")]
    [InlineData("@{ Vector = $vector } | Find-SimilarEmbedding $path -Top 3")]
    public void VectorFindsTheNearest(string script)
    {
        Assert.Equal(["k0", "k1", "k2"], Run(script).Select(static hit => hit.Properties["Key"].Value));
    }

    [Theory]
    [InlineData("Find-SimilarEmbedding $path -Key k5 -Top 2")]
    [InlineData("'k5' | Find-SimilarEmbedding $path -Top 2")]
    [InlineData("Get-Embedding $path k5 | Find-SimilarEmbedding $path -Top 2")]
    [InlineData("@{ Key = 'k5' } | Find-SimilarEmbedding $path -Top 2")]
    [InlineData("[pscustomobject]@{ Key = 'k5'; Note = 1 } | Find-SimilarEmbedding $path -Top 2")]
    [InlineData("[pscustomobject]@{ Text = 'k5' } | Find-SimilarEmbedding $path -Top 2")]
    public void MoreLikeARecordLeavesItselfOut(string script)
    {
        Assert.Equal(["k4", "k6"], Run(script).Select(static hit => hit.Properties["Key"].Value).Order());
    }

    [Fact]
    public void MoreLikeARecordOfADigestFileLeavesItselfOut()
    {
        Run("New-EmbedCache $dir/private.edb 4 -KeyStorage Digest | Close-EmbedCache; 'a', 'b' | Set-Embedding $dir/private.edb -Vector { $vector }");
        Assert.Equal(Value("(Get-Embedding $dir/private.edb b).Digest"), Value("(Find-SimilarEmbedding $dir/private.edb -Key a).Digest"));
    }

    [Fact]
    public void HitIsOneObjectWithScoreAndDistance()
    {
        PSObject hit = Run("Find-SimilarEmbedding $path $vector -Top 2")[1];
        Assert.Equal("EmbedCache.PowerShell.SimilarEmbeddingRecord", hit.TypeNames[0]);
        double score = (double)hit.Properties["Score"].Value;
        Assert.Equal(Math.Cos(0.1), score, 1e-6);
        Assert.Equal(1 - score, (double)hit.Properties["Distance"].Value, 1e-9);
        Assert.Equal(4, Assert.IsType<float[]>(hit.Properties["Vector"].Value).Length);
        Assert.Equal("k3", Value("(Find-SimilarEmbedding $path -Key k3 -Top 1).Query"));
    }

    [Fact]
    public void MinimumScoreCutsOff()
    {
        IReadOnlyList<PSObject> hits = Run("Find-SimilarEmbedding $path $vector -Top 100 -MinimumScore 0.95");
        Assert.Equal(["k0", "k1", "k2", "k3"], hits.Select(static hit => hit.Properties["Key"].Value));
    }

    [Fact]
    public void BadQueriesAreReported()
    {
        ErrorAssert.Is(TerminatingError("Find-SimilarEmbedding $path"), "MissingQuery", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidArgument, "-Vector", "-Key");
        ErrorAssert.Is(TerminatingError("Find-SimilarEmbedding $path $vector -Key k1"), "TwoQueries", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidArgument);
        ErrorAssert.Is(Error("Find-SimilarEmbedding $path 1, 2"), "WrongDimension", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidData, "2", "4");
        ErrorAssert.Is(Error("Find-SimilarEmbedding $path ([float[]](0, 0, 0, 0))"), "ZeroVector", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidData);
        ErrorAssert.Is(Error("Find-SimilarEmbedding $path ([float]::NaN, 0, 0, 0)"), "NotFinite", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidData);
        ErrorAssert.Is(Error("Find-SimilarEmbedding $path -Key none"), "EmbeddingNotFound", "FindSimilarEmbeddingCommand", ErrorCategory.ObjectNotFound, "'none'");
        ErrorAssert.Is(Error("Find-SimilarEmbedding $path ([datetime]::Now)"), "InvalidVector", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidData, "DateTime");
    }

    [Fact]
    public void ExactAndEfSearchReachTheEngine()
    {
        Assert.Equal("k0", Value("(Find-SimilarEmbedding $path $vector -Top 1 -Exact -EfSearch 50).Key"));
        ErrorAssert.Is(TerminatingError("Find-SimilarEmbedding $path $vector -EfSearch 0"), "ParameterArgumentValidationError", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidData, "EfSearch");
    }

    [Fact]
    public void BareVectorInThePipelineIsOneError()
    {
        ErrorAssert.Is(Error("$vector | Find-SimilarEmbedding $path"), "BareVector", "FindSimilarEmbeddingCommand", ErrorCategory.InvalidArgument, "-Vector");
    }
}
