using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>The cmdlets that look after a file: Optimize-EmbedCache.</summary>
public sealed class MaintenanceTests : ModuleTest
{
    [Fact]
    public void OptimizeDropsWhatIsDead()
    {
        Fill();
        PSObject report = Assert.Single(Run("Optimize-EmbedCache $path -PassThru"));
        Assert.Equal("EmbedCache.OptimizeReport", report.TypeNames[0]);
        Assert.Equal(40L, report.Properties["RecordCount"].Value);
        Assert.True((long)report.Properties["ByteLengthAfter"].Value < (long)report.Properties["ByteLengthBefore"].Value);
        Assert.Empty(Run("Test-EmbedCache $path"));
        Assert.Contains("40 records", Assert.Single(Try("Optimize-EmbedCache $path -Verbose").Verbose, static line => line.Contains("records", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void OptimizeAsksFirst()
    {
        Fill();
        Assert.Empty(Run("Optimize-EmbedCache $path -WhatIf"));
        Assert.Equal(1L, Value("(Get-EmbedCacheInfo $path).Generation"));
    }

    [Fact]
    public void OptimizeTakesHandlesButNoReadOnlyOnes()
    {
        Fill();
        Run("$cache = Open-EmbedCache $path; $cache | Optimize-EmbedCache; $reader = Open-EmbedCache $path -ReadOnly");
        Assert.Equal(2L, Value("(Get-EmbedCacheInfo $cache).Generation"));
        ErrorAssert.Is(Error("Optimize-EmbedCache $reader"), "ReadOnlyHandle", "OptimizeEmbedCacheCommand", ErrorCategory.InvalidOperation, "-ReadOnly");
        Run("Close-EmbedCache $cache; Close-EmbedCache $reader");
    }

    [Fact]
    public void OptimizeNamesTheFileThatIsMissingAndGoesOn()
    {
        Fill();
        SessionResult result = Try("\"$dir/none.edb\", $path | Optimize-EmbedCache");
        ErrorAssert.Is(Assert.Single(result.Errors), "FileNotFound", "OptimizeEmbedCacheCommand", ErrorCategory.ObjectNotFound, "none.edb");
        Assert.Equal(2L, Value("(Get-EmbedCacheInfo $path).Generation"));
    }

    [Fact]
    public void OptimizeWaitsForAnotherWriterAsLongAsItIsTold()
    {
        Fill();
        using var writer = new OtherWriter(FilePath);
        ErrorAssert.Is(TerminatingError("Optimize-EmbedCache $path -TimeoutSec 0.2"), "FileBusy", "OptimizeEmbedCacheCommand", ErrorCategory.ResourceBusy, "0.2 s");
    }

    [Fact]
    public void ReportIsAList()
    {
        Fill();
        Assert.Matches(@"RecordCount +: 40", Session.InvokeToText("Optimize-EmbedCache $path -PassThru"));
    }

    private void Fill()
    {
        NewCache();
        Run("1..100 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path; 1..60 | ForEach-Object { \"k$_\" } | Remove-Embedding $path");
    }
}
