using System.Management.Automation;
using PowerShellEngine = System.Management.Automation.PowerShell;

namespace EmbedCache.Ps.Tests;

/// <summary>What the Tab key offers.</summary>
public sealed class CompletionTests : ModuleTest
{
    public CompletionTests()
    {
        NewCache();
        Run("'apple', 'a red apple', \"it's ripe\", 'banana' | Set-Embedding $path -Vector { $vector }; $global:cache = Open-EmbedCache $path");
    }

    [Fact]
    public void MetricsAreOffered()
    {
        Assert.Equal(["Cosine", "Dot", "L2"], Complete("New-EmbedCache x.edb 4 -Metric "));
        Assert.Equal(["Dot"], Complete("New-EmbedCache x.edb 4 -Metric d"));
    }

    [Theory]
    [InlineData("Get-Embedding -Path {0} -Key ")]
    [InlineData("Remove-Embedding -Path {0} -Key ")]
    [InlineData("Find-SimilarEmbedding -LiteralPath {0} -Key ")]
    [InlineData("Get-Embedding -Cache $cache -Key ")]
    public void KeysAreOfferedNewestFirst(string line)
    {
        Assert.Equal(["banana", "'it''s ripe'", "'a red apple'", "apple"], Complete(string.Format(null, line, FilePath)));
    }

    [Fact]
    public void KeysAreOfferedByTheirBeginning()
    {
        Assert.Equal(["'a red apple'", "apple"], Complete($"Get-Embedding -Path {FilePath} -Key a"));
        Assert.Equal(["'a red apple'"], Complete($"Get-Embedding -Path {FilePath} -Key 'a r"));
    }

    [Fact]
    public void RemovedKeysAreNotOffered()
    {
        Run("Remove-Embedding $path banana");
        Assert.DoesNotContain("banana", Complete($"Get-Embedding -Path {FilePath} -Key "));
    }

    [Fact]
    public void DigestFilesOfferNothing()
    {
        Run("New-EmbedCache $dir/private.edb 4 -KeyStorage Digest | Close-EmbedCache; Set-Embedding $dir/private.edb secret $vector");
        Assert.DoesNotContain(Complete($"Get-Embedding -Path {Folder}/private.edb -Key s"), static text => text.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void MissingFileOffersNothingAndFailsNothing()
    {
        Assert.DoesNotContain("apple", Complete($"Get-Embedding -Path {Folder}/none.edb -Key a"));
    }

    /// <summary>Somebody who types does not wait: the budget is 50 ms, given here some room for a busy machine.</summary>
    [Fact]
    public void ManyKeysAreNotWaitedFor()
    {
        Run("1..20000 | ForEach-Object { @{ Key = \"key $_\"; Vector = $vector } } | Set-Embedding $path");
        string line = $"Get-Embedding -Path {FilePath} -Key nothing-begins-like-this";
        Complete(line);
        var best = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            Complete(line);
            best = watch.Elapsed < best ? watch.Elapsed : best;
        }

        Assert.InRange(best.TotalMilliseconds, 0, 250);
    }

    private List<string> Complete(string line)
    {
        using PowerShellEngine shell = Session.CreatePowerShell();
        CommandCompletion completion = CommandCompletion.CompleteInput(line, line.Length, null, shell);
        return [.. completion.CompletionMatches.Where(static match => match.ResultType == CompletionResultType.ParameterValue).Select(static match => match.CompletionText)];
    }
}
