using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>New-, Open-, Close-EmbedCache, Get-EmbedCacheInfo, Test-EmbedCache.</summary>
public sealed class FileCmdletTests : ModuleTest
{
    [Fact]
    public void NewCreatesWhatItWasTold()
    {
        PSObject handle = Assert.Single(Run("$cache = New-EmbedCache $path -Dimension 7 -Metric Dot -KeyStorage Digest -Model m -DefaultTimeToLive 30.00:00:00; $cache"));
        Assert.Equal("EmbedCache.PowerShell.EmbedCacheHandle", handle.TypeNames[0]);
        Assert.Equal(FilePath, handle.Properties["Path"].Value);
        Assert.Equal(7, handle.Properties["Dimension"].Value);
        Assert.Equal("Dot", handle.Properties["Metric"].Value.ToString());
        Assert.Equal("Digest", handle.Properties["KeyStorage"].Value.ToString());
        Assert.Equal("m", handle.Properties["Model"].Value);
        Assert.Equal(true, handle.Properties["IsOpen"].Value);
        Assert.Equal(false, handle.Properties["IsReadOnly"].Value);
        PSObject info = Run("Get-EmbedCacheInfo $cache; Close-EmbedCache $cache")[0];
        Assert.Equal(TimeSpan.FromDays(30), info.Properties["DefaultTimeToLive"].Value);
    }

    [Fact]
    public void NewRefusesAFileThatIsThereUnlessForced()
    {
        NewCache();
        Run("Set-Embedding $path a $vector");
        ErrorAssert.Is(TerminatingError("New-EmbedCache $path 4"), "FileExists", "NewEmbedCacheCommand", ErrorCategory.ResourceExists, FilePath, "-Force");
        Assert.Equal("a", Keys());
        Run("New-EmbedCache $path 4 -Force | Close-EmbedCache");
        Assert.Equal("", Keys());
    }

    [Fact]
    public void NewWithWhatIfCreatesNothing()
    {
        Run("New-EmbedCache $path 4 -WhatIf");
        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public void NewTakesNamesWithWildcardCharactersLiterally()
    {
        Run("New-EmbedCache -LiteralPath $dir/a[1].edb -Dimension 4 | Close-EmbedCache; Set-Embedding -LiteralPath $dir/a[1].edb a $vector");
        Assert.Equal("a", Value("(Get-Embedding -LiteralPath $dir/a[1].edb).Key"));
    }

    [Fact]
    public void NewNamesTheFolderThatIsMissing()
    {
        ErrorAssert.Is(TerminatingError("New-EmbedCache $dir/none/x.edb 4"), "FolderNotFound", "NewEmbedCacheCommand", ErrorCategory.ObjectNotFound, "none");
    }

    [Fact]
    public void OpenGivesAHandleForManyCalls()
    {
        NewCache("-Model m");
        Run("$cache = Open-EmbedCache $path -Model m; Set-Embedding $cache a $vector; Set-Embedding -Cache $cache -Key b -Vector $vector");
        Assert.Equal(2L, Value("(Get-EmbedCacheInfo $cache).Count"));
        Run("Close-EmbedCache $cache");
        Assert.Equal(false, Value("$cache.IsOpen"));
    }

    [Fact]
    public void OpenRefusesAnotherModel()
    {
        NewCache("-Model m");
        ErrorAssert.Is(TerminatingError("Open-EmbedCache $path -Model other"), "ModelMismatch", "OpenEmbedCacheCommand", ErrorCategory.InvalidArgument, "'m'", "'other'");
        Run("$first = Open-EmbedCache $path");
        ErrorAssert.Is(TerminatingError("Open-EmbedCache $path -Model other"), "ModelMismatch", "OpenEmbedCacheCommand", ErrorCategory.InvalidArgument, "'m'", "'other'");
        Run("Close-EmbedCache $first");
    }

    [Fact]
    public void ReadOnlyHandleReadsAndRefusesWrites()
    {
        NewCache();
        Run("Set-Embedding $path a $vector; Close-EmbedCache $path; $cache = Open-EmbedCache $path -ReadOnly");
        Assert.Equal("a", Value("(Get-Embedding $cache).Key"));
        ErrorAssert.Is(TerminatingError("Set-Embedding $cache b $vector"), "ReadOnlyHandle", "SetEmbeddingCommand", ErrorCategory.InvalidOperation, "-ReadOnly");
        ErrorAssert.Is(TerminatingError("Remove-Embedding $cache a"), "ReadOnlyHandle", "RemoveEmbeddingCommand", ErrorCategory.InvalidOperation);
        Run("Close-EmbedCache $cache");
    }

    [Fact]
    public void OpenMissingFile()
    {
        ErrorAssert.Is(TerminatingError("Open-EmbedCache $path"), "FileNotFound", "OpenEmbedCacheCommand", ErrorCategory.ObjectNotFound, FilePath, "New-EmbedCache");
        ErrorAssert.Is(TerminatingError("Open-EmbedCache $dir/*.edb"), "FileNotFound", "OpenEmbedCacheCommand", ErrorCategory.ObjectNotFound);
    }

    [Fact]
    public void WildcardsFindOneFile()
    {
        NewCache();
        Run("Set-Embedding $dir/c*.edb a $vector");
        Assert.Equal("a", Value("(Get-Embedding $dir/*.edb).Key"));
        Run("New-EmbedCache $dir/c2.edb 4 | Close-EmbedCache");
        ErrorAssert.Is(TerminatingError("Get-Embedding $dir/*.edb"), "AmbiguousPath", "GetEmbeddingCommand", ErrorCategory.InvalidArgument, "2 files");
    }

    [Fact]
    public void PathsAreRelativeToTheSessionsLocation()
    {
        NewCache();
        Run("$ExecutionContext.SessionState.Path.SetLocation($dir) | & { process { } }; Set-Embedding cache.edb a $vector");
        Assert.Equal("a", Value("(Get-Embedding ./cache.edb).Key"));
        Assert.Equal(FilePath, Value("(Get-EmbedCacheInfo *.edb).Path"));
    }

    [Theory]
    [InlineData("Env:PATH")]
    [InlineData("Variable:x")]
    public void PathsOfOtherProvidersAreRefused(string path)
    {
        ErrorAssert.Is(TerminatingError($"Get-Embedding {path}"), "NotAFileSystemPath", "GetEmbeddingCommand", ErrorCategory.InvalidArgument, path, "file system");
    }

    [Fact]
    public void UnknownDriveIsRefused()
    {
        ErrorAssert.Is(TerminatingError("Get-Embedding nodrive:x.edb"), "InvalidPath", "GetEmbeddingCommand", ErrorCategory.InvalidArgument, "nodrive");
    }

    [Fact]
    public void InfoTellsOfSeveralFilesAndGoesOnPastABadOne()
    {
        Run("New-EmbedCache $dir/a.edb 3 | Close-EmbedCache; New-EmbedCache $dir/b.edb 5 | Close-EmbedCache; [System.IO.File]::WriteAllText(\"$dir/bad.edb\", 'no file of ours')");
        SessionResult result = Try("Get-EmbedCacheInfo $dir/*.edb");
        Assert.Equal([3, 5], result.Output.Select(static info => (int)info.Properties["Dimension"].Value).Order());
        ErrorAssert.Is(Assert.Single(result.Errors), "NotAnEdbFile", "GetEmbedCacheInfoCommand", ErrorCategory.InvalidData, "bad.edb");
        Assert.Equal(2, Run("[pscustomobject]@{ PSPath = \"$dir/a.edb\" }, [pscustomobject]@{ PSPath = \"$dir/b.edb\" } | Get-EmbedCacheInfo").Count);
        Assert.Equal(5, Value("$b = Open-EmbedCache $dir/b.edb; ($b | Get-EmbedCacheInfo).Dimension; $b | Close-EmbedCache"));
    }

    [Fact]
    public void InfoCountsWhatIsThere()
    {
        NewCache();
        Run("1..10 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path; Remove-Embedding $path k1; Set-Embedding $path k2 $vector");
        PSObject info = Run("Get-EmbedCacheInfo $path")[0];
        Assert.Equal(9L, info.Properties["Count"].Value);
        Assert.Equal(new FileInfo(FilePath).Length, info.Properties["FileByteLength"].Value);
        Assert.Equal("1.0", info.Properties["FormatVersion"].Value);
    }

    [Fact]
    public void HealthyFileHasNoProblems()
    {
        NewCache();
        Run("1..100 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path");
        Assert.Empty(Run("Test-EmbedCache $path"));
        Assert.Equal(true, Value("Test-EmbedCache $path -Quiet"));
        Assert.Contains("100 records", Assert.Single(Try("Test-EmbedCache $path -Verbose").Verbose), StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedFileHasProblems()
    {
        NewCache();
        Run("1..100 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path; Close-EmbedCache $path");
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes[12288 + 64 + 3] ^= 1;
        File.WriteAllBytes(FilePath, bytes);
        PSObject problem = Run("Test-EmbedCache $path")[0];
        Assert.Equal("EmbedCache.PowerShell.EmbedCacheProblem", problem.TypeNames[0]);
        Assert.Equal(FilePath, problem.Properties["Path"].Value);
        Assert.Equal(false, Value("Test-EmbedCache $path -Quiet"));
    }

    [Fact]
    public void FileOfAnotherKindIsAProblemNotAFailure()
    {
        File.WriteAllText(FilePath, "no file of ours");
        Assert.Equal(false, Value("Test-EmbedCache $path -Quiet"));
        Assert.Single(Run("Test-EmbedCache $path"));
        ErrorAssert.Is(TerminatingError("Test-EmbedCache $dir/none.edb"), "FileNotFound", "TestEmbedCacheCommand", ErrorCategory.ObjectNotFound);
    }

    [Theory]
    [InlineData("", "Auto")]
    [InlineData("-Index Codes", "Codes")]
    [InlineData("-Index None", "None")]
    public void IndexIsKeptInTheFile(string given, string expected)
    {
        Run($"New-EmbedCache $dir/index.edb 4 {given} | Close-EmbedCache");
        Assert.Equal(expected, Value("(Get-EmbedCacheInfo $dir/index.edb).Index")!.ToString());
    }
}
