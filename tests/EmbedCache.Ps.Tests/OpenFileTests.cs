using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>What the module keeps open, and for how long: no lock outlives a cmdlet, and no file is kept from being moved, removed or replaced.</summary>
public sealed class OpenFileTests : ModuleTest
{
    public OpenFileTests() => NewCache();

    [Fact]
    public void FileMayBeRemovedAndCreatedAgain()
    {
        Run("Set-Embedding $path a $vector; Get-Embedding $path | & { process { } }; [System.IO.File]::Delete($path)");
        ErrorAssert.Is(TerminatingError("Get-Embedding $path"), "FileNotFound", "GetEmbeddingCommand", ErrorCategory.ObjectNotFound);
        Run("New-EmbedCache $path 4 | Close-EmbedCache; Set-Embedding $path b $vector");
        Assert.Equal("b", Keys());
    }

    [Fact]
    public void FileMayBeMovedAndAnotherPutInItsPlace()
    {
        Run("Set-Embedding $path a $vector; [System.IO.File]::Move($path, \"$dir/moved.edb\"); New-EmbedCache $path 4 | Close-EmbedCache; Set-Embedding $path b $vector");
        Assert.Equal("b", Keys());
        Assert.Equal("a", Value("(Get-Embedding $dir/moved.edb).Key"));
    }

    [Fact]
    public void AnotherProcessMayWriteAtOnce()
    {
        Run("Set-Embedding $path a $vector");
        using (new OtherWriter(FilePath))
        {
            Assert.Equal("a", Keys());
        }

        Run("Set-Embedding $path b $vector -TimeoutSec 5");
        Assert.Equal("a,b", Keys());
    }

    [Fact]
    public void TwoHandlesAndAPathSeeTheSameFile()
    {
        Run("$one = Open-EmbedCache $path; $two = Open-EmbedCache $path; Set-Embedding $one a $vector; Set-Embedding $two b $vector; Set-Embedding $path c $vector");
        Assert.Equal("a,b,c a,b,c a,b,c", Value("\"$((Get-Embedding $one).Key -join ',') $((Get-Embedding $two).Key -join ',') $((Get-Embedding $path).Key -join ',')\""));
        Run("Close-EmbedCache $one; Set-Embedding $two d $vector; Close-EmbedCache $two");
        Assert.Equal("a,b,c,d", Keys());
    }

    [Fact]
    public void TwoHandlesAndAPathShareOneEngine()
    {
        if (!Directory.Exists("/proc/self/fd"))
        {
            return;
        }

        Run("Close-EmbedCache $path; $one = Open-EmbedCache $path");
        int alone = DescriptorCount();
        Run("$two = Open-EmbedCache $path; Get-Embedding $path | & { process { } }; Set-Embedding $path a $vector");
        Assert.Equal(alone, DescriptorCount());
        Run("Close-EmbedCache $one; Close-EmbedCache $two");
        Assert.False(IsOpenInThisProcess());
    }

    [Fact]
    public void NoLockIsHeldWhileScriptBlocksRun()
    {
        // Each of them writes to the same file and would wait for ever for a lock that its own pipeline holds.
        Run("1..3 | ForEach-Object { Set-Embedding $path \"up $_\" $vector -TimeoutSec 0; @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path -PassThru -BatchSize 1 | ForEach-Object { Set-Embedding $path \"down $($_.Key)\" $vector -TimeoutSec 0 }");
        Run("1..3 | ForEach-Object { Set-Embedding $path \"more $_\" $vector -TimeoutSec 0; @{ Key = \"a$_\"; Vector = $vector } } | Set-Embedding $path -Atomic");
        Assert.Equal(15L, Value("(Get-EmbedCacheInfo $path).Count"));
    }

    [Fact]
    public void LinkAndFileShareTheFile()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.CreateSymbolicLink(Path.Combine(Folder, "link.edb"), FilePath);
        Run("Set-Embedding $dir/link.edb a $vector; Set-Embedding $path b $vector");
        Assert.Equal("a,b", Value("(Get-Embedding $dir/link.edb).Key -join ','"));
        Run("New-EmbedCache $dir/other.edb 4 | Close-EmbedCache; Set-Embedding $dir/other.edb c $vector; [System.IO.File]::Delete(\"$dir/link.edb\")");
        File.CreateSymbolicLink(Path.Combine(Folder, "link.edb"), Path.Combine(Folder, "other.edb"));
        Assert.Equal("c", Value("(Get-Embedding $dir/link.edb).Key"));
    }

    [Fact]
    public void PooledFileIsReleasedWhenItIsIdle()
    {
        Run("Set-Embedding $path a $vector; Get-Embedding $path | & { process { } }");
        Assert.True(IsOpenInThisProcess());
        AssertSoonClosed(TimeSpan.FromSeconds(6));
    }

    [Fact]
    public void CloseByPathReleasesAtOnceAndClosesHandles()
    {
        Run("$cache = Open-EmbedCache $path; Get-Embedding $path | & { process { } }; Close-EmbedCache -Path $path");
        Assert.Equal(false, Value("$cache.IsOpen"));
        Assert.False(IsOpenInThisProcess());
        Run("Close-EmbedCache $path; Close-EmbedCache $cache");
    }

    [Fact]
    public void RemovingTheModuleReleasesEverything()
    {
        Run("$cache = Open-EmbedCache $path; Get-Embedding $path | & { process { } }; Remove-Module EmbedCache");
        Assert.False(IsOpenInThisProcess());
        Assert.Equal(false, Value("$cache.IsOpen"));
        Session.ImportStagedModule();
        Run("Set-Embedding $path a $vector");
        Assert.Equal("a", Keys());
    }

    [Fact]
    public void HandleThatWasDroppedIsReleasedSometime()
    {
        Run("& { $null = Open-EmbedCache $path }");
        for (int i = 0; i < 100 && IsOpenInThisProcess(); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(100);
        }

        Assert.False(IsOpenInThisProcess());
    }

    [Fact]
    public void NoFileStandsBesideTheCache()
    {
        Run("1..2000 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path");
        Assert.Equal([FilePath], Directory.GetFiles(Folder));
        Run("Close-EmbedCache $path");
        Assert.Equal([FilePath], Directory.GetFiles(Folder));
    }

    [Fact]
    public void ClosedHandleSaysSo()
    {
        Run("$cache = Open-EmbedCache $path; Close-EmbedCache $cache; Close-EmbedCache $cache");
        foreach ((string script, string command) in new[]
        {
            ("Get-Embedding $cache a", "GetEmbeddingCommand"),
            ("Set-Embedding $cache a $vector", "SetEmbeddingCommand"),
            ("Remove-Embedding $cache a", "RemoveEmbeddingCommand"),
            ("Find-SimilarEmbedding $cache $vector", "FindSimilarEmbeddingCommand"),
            ("Get-EmbedCacheInfo $cache", "GetEmbedCacheInfoCommand"),
            ("Test-EmbedCache $cache", "TestEmbedCacheCommand"),
        })
        {
            ErrorAssert.Is(TerminatingError(script), "HandleClosed", command, ErrorCategory.InvalidOperation, FilePath, "Open-EmbedCache");
        }
    }

    [Fact]
    public void HandleClosedWhileAPipelineWritesThroughItLosesNothing()
    {
        Run("$cache = Open-EmbedCache $path; 1..20 | ForEach-Object { if ($_ -eq 10) { Close-EmbedCache $cache }; @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $cache");
        Assert.Equal(20L, Value("(Get-EmbedCacheInfo $path).Count"));
    }

    private void AssertSoonClosed(TimeSpan patience)
    {
        DateTime deadline = DateTime.UtcNow + patience;
        while (IsOpenInThisProcess())
        {
            Assert.True(DateTime.UtcNow < deadline, "The file is still open.");
            Thread.Sleep(100);
        }
    }

    /// <summary>Looks at this process's descriptors, or, where there is no /proc, tries to open the file alone.</summary>
    private bool IsOpenInThisProcess()
    {
        if (!Directory.Exists("/proc/self/fd"))
        {
            try
            {
                using var alone = new FileStream(FilePath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        }

        return DescriptorCount() > 0;
    }

    private int DescriptorCount() => Directory.EnumerateFiles("/proc/self/fd").Count(link =>
    {
        try
        {
            return new FileInfo(link).LinkTarget == FilePath;
        }
        catch (IOException)
        {
            return false;
        }
    });
}
