using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>Remove-Embedding: by key, by digest, by record.</summary>
public sealed class RemoveEmbeddingTests : ModuleTest
{
    public RemoveEmbeddingTests()
    {
        NewCache();
        Run("1..5 | ForEach-Object { @{ Key = \"k$_\"; Vector = [float[]]($_, 1, 0, 0) } } | Set-Embedding $path");
    }

    [Theory]
    [InlineData("Remove-Embedding $path k2, k4")]
    [InlineData("'k2', 'k4' | Remove-Embedding -Path $path")]
    [InlineData("Get-Embedding $path k2, k4 | Remove-Embedding $path")]
    [InlineData("[pscustomobject]@{ Text = 'k2' }, [pscustomobject]@{ Id = 'k4' } | Remove-Embedding $path")]
    [InlineData("$cache = Open-EmbedCache $path; Remove-Embedding $cache -Key k2, k4; $cache | Close-EmbedCache")]
    [InlineData("Find-SimilarEmbedding $path -Key k3 -Top 5 | Where-Object Key -In k2, k4 | Remove-Embedding $path")]
    public void RecordsAreRemoved(string script)
    {
        Run(script);
        Assert.Equal("k1,k3,k5", Keys());
    }

    [Fact]
    public void RoleOfAPipedRecordIsItsOwn()
    {
        Run("Set-Embedding $path k1 $vector -Role Query; Get-Embedding $path k1 -Role Query | Remove-Embedding $path");
        Assert.Equal("k1,k2,k3,k4,k5", Keys());
        Run("Set-Embedding $path k1 $vector -Role Query; Remove-Embedding $path k1 -Role Query");
        Assert.Equal("k1,k2,k3,k4,k5", Keys());
    }

    [Fact]
    public void DigestsAreRemoved()
    {
        Run("New-EmbedCache $dir/private.edb 4 -KeyStorage Digest | Close-EmbedCache; 'a', 'b', 'c' | Set-Embedding $dir/private.edb -Vector { $vector }");
        Run("Get-Embedding $dir/private.edb | & { process { if (-not $script:done) { $script:done = $true; $_ } } } | Remove-Embedding $dir/private.edb");
        Run("Remove-Embedding $dir/private.edb -Digest (Get-Embedding $dir/private.edb b).Digest; Remove-Embedding $dir/private.edb c");
        Assert.Empty(Run("Get-Embedding $dir/private.edb"));
    }

    [Fact]
    public void MissingKeyIsAnErrorAndTheOthersAreRemoved()
    {
        ErrorRecord error = Error("Remove-Embedding $path k1, none, k2");
        ErrorAssert.Is(error, "EmbeddingNotFound", "RemoveEmbeddingCommand", ErrorCategory.ObjectNotFound, "'none'");
        Assert.Equal("none", error.TargetObject);
        Assert.Equal("k3,k4,k5", Keys());
    }

    [Fact]
    public void PassThruGivesTheRecordsAsTheyWere()
    {
        PSObject removed = Assert.Single(Run("Remove-Embedding $path k3 -PassThru"));
        Assert.Equal([3f, 1f, 0f, 0f], (float[])removed.Properties["Vector"].Value);
        Run("$removed = Remove-Embedding $path k4 -PassThru; $removed | Set-Embedding $path");
        Assert.Equal("k1,k2,k5,k4", Keys());
    }

    [Fact]
    public void WhatIfAndConfirmRemoveNothing()
    {
        Run("Remove-Embedding $path k1 -WhatIf");
        Session.UI.Answer = static (_, choices) => choices.ToList().FindIndex(static label => label.StartsWith('N'));
        Run("'k1', 'k2' | Remove-Embedding $path -Confirm");
        Assert.Equal(2, Session.UI.Questions.Count);
        Assert.Equal("k1,k2,k3,k4,k5", Keys());
    }

    [Fact]
    public void NothingToRemoveIsReported()
    {
        ErrorAssert.Is(Error("Remove-Embedding $path"), "MissingKey", "RemoveEmbeddingCommand", ErrorCategory.InvalidData, "-Key");
        ErrorAssert.Is(Error("Remove-Embedding $path ''"), "EmptyKey", "RemoveEmbeddingCommand", ErrorCategory.InvalidArgument);
        Assert.Empty(Try("@() | Remove-Embedding $path").Errors);
    }
}
