using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>The cmdlets that look after a file: Optimize-, Backup-, Repair- and Test-EmbedCache.</summary>
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

    [Theory]
    [InlineData("Float16")]
    [InlineData("Int8")]
    [InlineData("Binary -BitsPerElement 4")]
    public void OptimizeCompressesAndTellsWhatItCost(string compression)
    {
        Fill();
        SessionResult result = Try($"Optimize-EmbedCache $path -Compression {compression} -PassThru");
        PSObject report = Assert.Single(result.Output);
        Assert.Equal(compression.Split(' ')[0], report.Properties["Compression"].Value!.ToString());
        Assert.Contains("keeps less than was given: residual", Assert.Single(result.Information), StringComparison.Ordinal);
        Assert.Equal(compression.Split(' ')[0], Value("(Get-EmbedCacheInfo $path).Compression")!.ToString());
        Assert.Equal(40L, Value("(Get-EmbedCacheInfo $path).Loss.Count"));
        Assert.Matches(@"Loss +: residual .* vectors", Session.InvokeToText("Get-EmbedCacheInfo $path"));
        Assert.Empty(Run("Test-EmbedCache $path"));
        Assert.Equal(5, Run("Find-SimilarEmbedding $path -Vector $vector -Top 5").Count);
        Assert.Equal("None", Value("(Optimize-EmbedCache $path -Compression None -PassThru).Compression")!.ToString());
    }

    [Fact]
    public void OptimizeKeepsShortCodesUntilToldOtherwise()
    {
        Fill();
        Run("1..60 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path; Optimize-EmbedCache $path -ShortCodes");
        Assert.Equal(96L, Value("(Get-EmbedCacheInfo $path).ShortCodeCount"));
        Run("Optimize-EmbedCache $path");
        Assert.Equal(96L, Value("(Get-EmbedCacheInfo $path).ShortCodeCount"));
        Run("Optimize-EmbedCache $path -ShortCodes:$false");
        Assert.Equal(0L, Value("(Get-EmbedCacheInfo $path).ShortCodeCount"));
    }

    [Fact]
    public void OptimizeRotatesUntilToldOtherwise()
    {
        Fill();
        Run("1..60 | ForEach-Object { @{ Key = \"k$_\"; Vector = $_, 1, 2, 3 } } | Set-Embedding $path; Optimize-EmbedCache $path -Compression PQ -Rotate");
        Assert.Equal(true, Value("(Get-EmbedCacheInfo $path).IsRotated"));
        Run("Optimize-EmbedCache $path -BitsPerElement 4");
        Assert.Equal(true, Value("(Get-EmbedCacheInfo $path).IsRotated"));
        Run("Optimize-EmbedCache $path -Rotate:$false");
        Assert.Equal(false, Value("(Get-EmbedCacheInfo $path).IsRotated"));
        Assert.Equal(4.0, Value("(Get-EmbedCacheInfo $path).BitsPerElement"));
        ErrorAssert.Is(Error("Optimize-EmbedCache $path -Compression Int8 -Rotate"), "InvalidArgument", "OptimizeEmbedCacheCommand", ErrorCategory.InvalidArgument, "Only PQ");
    }

    [Fact]
    public void OptimizeSaysWhatItCannotCompress()
    {
        Fill();
        ErrorAssert.Is(Error("Optimize-EmbedCache $path -Compression PQ"), "CannotCompress", "OptimizeEmbedCacheCommand", ErrorCategory.InvalidOperation, "has 40");
        ErrorAssert.Is(Error("Optimize-EmbedCache $path -Compression Int8 -BitsPerElement 4"), "InvalidArgument", "OptimizeEmbedCacheCommand", ErrorCategory.InvalidArgument, "PQ and Binary");
        Assert.Equal(1L, Value("(Get-EmbedCacheInfo $path).Generation"));
    }

    [Fact]
    public void ReportIsAList()
    {
        Fill();
        Assert.Matches(@"RecordCount +: 40", Session.InvokeToText("Optimize-EmbedCache $path -PassThru"));
    }

    [Fact]
    public void BackupCopiesWhileAHandleIsOpen()
    {
        Fill();
        Run("$cache = Open-EmbedCache $path; Set-Embedding $cache more $vector; Backup-EmbedCache $cache $dir/copy.edb; Close-EmbedCache $cache");
        Assert.Equal(41L, Value("(Get-EmbedCacheInfo $dir/copy.edb).Count"));
        Assert.Equal(true, Value("Test-EmbedCache $dir/copy.edb -Quiet"));
    }

    [Fact]
    public void BackupProtectsWhatIsThere()
    {
        Fill();
        Run("Backup-EmbedCache $path $dir/copy.edb; Set-Embedding $path more $vector");
        ErrorAssert.Is(TerminatingError("Backup-EmbedCache $path $dir/copy.edb"), "FileExists", "BackupEmbedCacheCommand", ErrorCategory.ResourceExists, "-Force");
        PSObject report = Assert.Single(Run("Get-EmbedCacheInfo $dir/copy.edb > $null; Backup-EmbedCache $path $dir/copy.edb -Force -Verify -PassThru"));
        Assert.Equal(41L, report.Properties["RecordCount"].Value);
        Assert.Equal(true, report.Properties["IsVerified"].Value);
        Assert.Equal(41L, Value("(Get-EmbedCacheInfo $dir/copy.edb).Count"));
        ErrorAssert.Is(TerminatingError("Backup-EmbedCache $path $path -Force"), "InvalidArgument", "BackupEmbedCacheCommand", ErrorCategory.InvalidArgument);
        ErrorAssert.Is(TerminatingError("Backup-EmbedCache $path $dir/none/copy.edb"), "FolderNotFound", "BackupEmbedCacheCommand", ErrorCategory.ObjectNotFound);
        ErrorAssert.Is(TerminatingError("Backup-EmbedCache $dir/none.edb $dir/new.edb"), "FileNotFound", "BackupEmbedCacheCommand", ErrorCategory.ObjectNotFound);
    }

    [Fact]
    public void BackupGoesIntoAFolderAndDownThePipeline()
    {
        Fill();
        Run("[System.IO.Directory]::CreateDirectory(\"$dir/safe\") > $null; Backup-EmbedCache $path $dir/safe -WhatIf");
        Assert.False(File.Exists(Path.Combine(Folder, "safe", "cache.edb")));
        Assert.Equal(true, Value("Backup-EmbedCache $path $dir/safe -PassThru | Test-EmbedCache -Quiet"));
        Assert.True(File.Exists(Path.Combine(Folder, "safe", "cache.edb")));
        Assert.Matches(@"RecordCount +: 40", Session.InvokeToText("Backup-EmbedCache $path $dir/safe -Force -PassThru"));
    }

    [Fact]
    public void RepairSalvagesAndListsWhatIsLost()
    {
        Fill();
        Damage(RecordOf("k70") + 64);
        PSObject loss = Assert.Single(Run("Repair-EmbedCache $path $dir/new.edb"));
        Assert.Equal("EmbedCache.PowerShell.EmbedCacheLoss", loss.TypeNames[0]);
        Assert.Equal("k70", loss.Properties["Key"].Value);
        Assert.Equal(RecordOf("k70"), loss.Properties["Offset"].Value);
        Assert.Equal(39L, Value("(Get-EmbedCacheInfo $dir/new.edb).Count"));
        Assert.Equal(true, Value("Test-EmbedCache $dir/new.edb -Quiet"));
        Assert.Matches(@"Offset +Bytes +Key +Reason", Session.InvokeToText("Repair-EmbedCache $path $dir/new.edb -Force"));
    }

    [Fact]
    public void RepairWithWhatIfTellsAndMakesNothing()
    {
        Fill();
        Damage(RecordOf("k70") + 64);
        Assert.Equal("k70", Value("(Repair-EmbedCache $path -WhatIf).Key"));
        Assert.Single(Directory.GetFiles(Folder));
    }

    [Fact]
    public void RepairChoosesAPlaceAndReports()
    {
        Fill();
        Damage(0, 1, 2, 3, 20);
        PSObject report = Assert.Single(Run("Repair-EmbedCache $path -PassThru"));
        Assert.Equal(40L, report.Properties["RecordCount"].Value);
        Assert.Equal(true, report.Properties["IsHeaderRebuilt"].Value);
        Assert.Equal(Path.Combine(Folder, "cache.repaired.edb"), report.Properties["Destination"].Value);
        ErrorAssert.Is(TerminatingError("Repair-EmbedCache $path"), "FileExists", "RepairEmbedCacheCommand", ErrorCategory.ResourceExists, "-Force");
    }

    [Fact]
    public void RepairTakesParametersFromABackup()
    {
        Run("New-EmbedCache $path 4 -KeyStorage Digest | Close-EmbedCache; Set-Embedding $path secret $vector; Backup-EmbedCache $path $dir/old.edb; Set-Embedding $path more $vector; Close-EmbedCache $path");
        Damage([.. Enumerable.Range(0, 256).Select(static i => (long)i)]);
        ErrorAssert.Is(TerminatingError("Repair-EmbedCache $path $dir/new.edb -ErrorAction Stop"), "CorruptFile", "RepairEmbedCacheCommand", ErrorCategory.InvalidData, "metric");
        Run("Repair-EmbedCache $path $dir/new.edb -ParametersFrom $dir/old.edb");
        Assert.Equal(2, Run("Get-Embedding $dir/new.edb secret; Get-Embedding $dir/new.edb more").Count);
        Assert.Contains("salt", Assert.Single(Try("Repair-EmbedCache $path $dir/new.edb -Metric Cosine -Force").Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void TestReportsAFileThatCannotBeOpened()
    {
        Fill();
        Damage(20, RecordOf("k70") + 64, RecordOf("k80") + 64);
        Assert.Equal([0L, RecordOf("k70"), RecordOf("k80")], Run("Test-EmbedCache $path").Select(static problem => (long)problem.Properties["Offset"].Value));
        Assert.Equal(false, Value("Test-EmbedCache $path -Quiet -Quick"));
    }

    [Fact]
    public void QuickTestLooksAtTheStructureAlone()
    {
        Fill();
        Damage(RecordOf("k70") + 64);
        Assert.Equal(true, Value("Test-EmbedCache $path -Quick -Quiet"));
        Assert.Equal(false, Value("Test-EmbedCache $path -Quiet"));
    }

    [Fact]
    public void NetworkSwitchIsTaken()
    {
        Run("New-EmbedCache $path 4 -AllowNetworkFileSystem | Close-EmbedCache; Open-EmbedCache $path -AllowNetworkFileSystem | Close-EmbedCache");
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // A file system that is there on every Linux, and none that the module knows.
        ErrorAssert.Is(TerminatingError("Open-EmbedCache /proc/self/environ"), "NetworkFileSystem", "OpenEmbedCacheCommand", ErrorCategory.PermissionDenied, "AllowNetworkFileSystem");
    }

    /// <summary>Where the newest record of a key stands.</summary>
    private long RecordOf(string key)
    {
        byte[] bytes = File.ReadAllBytes(FilePath);
        return bytes.AsSpan().LastIndexOf(System.Text.Encoding.UTF8.GetBytes(key)) - 64 - 16;
    }

    private void Damage(params long[] offsets)
    {
        Run("Close-EmbedCache $path");
        byte[] bytes = File.ReadAllBytes(FilePath);
        foreach (long offset in offsets)
        {
            bytes[offset] ^= 0x55;
        }

        File.WriteAllBytes(FilePath, bytes);
    }

    private void Fill()
    {
        NewCache();
        Run("1..100 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path; 1..60 | ForEach-Object { \"k$_\" } | Remove-Embedding $path");
    }
}
