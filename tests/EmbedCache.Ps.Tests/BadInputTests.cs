using System.Management.Automation;

namespace EmbedCache.Ps.Tests;

/// <summary>Each thing that users get wrong has its own error: a stable id, a category, a message that names the record or file.</summary>
public sealed class BadInputTests : ModuleTest
{
    public BadInputTests() => NewCache();

    [Fact]
    public void WrongDimension() => Refused("Set-Embedding $path 'my text' 1, 2, 3", "WrongDimension", ErrorCategory.InvalidData, "'my text'", "3", "4");

    [Fact]
    public void NotANumber() => Refused("Set-Embedding $path 'my text' ([float]::NaN, 0, 0, 1)", "NotFinite", ErrorCategory.InvalidData, "'my text'");

    [Fact]
    public void Infinity() => Refused("Set-Embedding $path 'my text' ([double]::PositiveInfinity, 0, 0, 1)", "NotFinite", ErrorCategory.InvalidData, "'my text'");

    [Fact]
    public void NumberBeyondFloat() => Refused("Set-Embedding $path 'my text' (1e300, 0, 0, 1)", "NotFinite", ErrorCategory.InvalidData, "'my text'");

    [Fact]
    public void ZeroVectorUnderCosine()
    {
        Refused("Set-Embedding $path 'my text' 0, 0, 0, 0", "ZeroVector", ErrorCategory.InvalidData, "'my text'");
        Run("New-EmbedCache $dir/dot.edb 4 -Metric Dot | Close-EmbedCache; Set-Embedding $dir/dot.edb 'my text' 0, 0, 0, 0");
    }

    [Fact]
    public void EmptyKey() => Refused("Set-Embedding $path '' $vector", "EmptyKey", ErrorCategory.InvalidArgument);

    [Fact]
    public void KeyOverTheMaximum()
    {
        Refused("Set-Embedding $path ([string]::new('x', 65536)) $vector", "KeyTooLong", ErrorCategory.InvalidArgument, "65535");
        Run("Set-Embedding $path ([string]::new('x', 65535)) $vector");
    }

    [Fact]
    public void LoneSurrogateInAKey() => Refused("Set-Embedding $path ('a' + [char]0xD800) $vector", "MalformedKey", ErrorCategory.InvalidArgument);

    [Fact]
    public void TheSameKeyTwiceIsAWarningNotAnError()
    {
        Assert.Single(Try("@{ Key = 'a'; Vector = $vector }, @{ Key = 'a'; Vector = $vector } | Set-Embedding $path").OrThrow().Warnings);
    }

    [Theory]
    [InlineData("Open-EmbedCache $dir", "OpenEmbedCacheCommand")]
    [InlineData("Get-Embedding $dir", "GetEmbeddingCommand")]
    [InlineData("Set-Embedding $dir a $vector", "SetEmbeddingCommand")]
    [InlineData("Get-EmbedCacheInfo $dir", "GetEmbedCacheInfoCommand")]
    [InlineData("Test-EmbedCache $dir", "TestEmbedCacheCommand")]
    [InlineData("New-EmbedCache $dir 4", "NewEmbedCacheCommand")]
    public void DirectoryAsPath(string script, string command)
    {
        ErrorAssert.Is(TerminatingError(script), "PathIsDirectory", command, ErrorCategory.InvalidArgument, Folder, "directory");
    }

    [Theory]
    [InlineData("Open-EmbedCache $path", "OpenEmbedCacheCommand")]
    [InlineData("Get-Embedding $path", "GetEmbeddingCommand")]
    [InlineData("Set-Embedding $path a $vector", "SetEmbeddingCommand")]
    [InlineData("Get-EmbedCacheInfo $path", "GetEmbedCacheInfoCommand")]
    public void FileThatIsNotEdb(string script, string command)
    {
        File.WriteAllText(FilePath, new string('x', 20_000));
        ErrorAssert.Is(TerminatingError(script), "NotAnEdbFile", command, ErrorCategory.InvalidData, FilePath);
    }

    [Fact]
    public void NewerVersion()
    {
        Run("Close-EmbedCache $path");
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes[8] = 2;
        PutCrc(bytes);
        File.WriteAllBytes(FilePath, bytes);
        ErrorAssert.Is(TerminatingError("Get-Embedding $path"), "UnsupportedVersion", "GetEmbeddingCommand", ErrorCategory.NotImplemented, FilePath);
        ErrorAssert.Is(TerminatingError("Test-EmbedCache $path"), "UnsupportedVersion", "TestEmbedCacheCommand", ErrorCategory.NotImplemented, FilePath);
    }

    [Fact]
    public void FileWhoseHeaderIsDamaged()
    {
        Run("Close-EmbedCache $path");
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes[17] ^= 0x40;
        File.WriteAllBytes(FilePath, bytes);
        ErrorRecord error = TerminatingError("Get-Embedding $path");
        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.Contains(FilePath, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadOnlyFile()
    {
        Run("Set-Embedding $path a $vector; Close-EmbedCache $path");
        File.SetAttributes(FilePath, FileAttributes.ReadOnly);
        if (CanWriteAnyway())
        {
            // The bits do not bind the superuser: somebody else tries.
            ReadOnlyFileOfAnotherUser();
            return;
        }

        Assert.Equal("a", Keys());
        ErrorAssert.Is(TerminatingError("Set-Embedding $path b $vector"), "AccessDenied", "SetEmbeddingCommand", ErrorCategory.PermissionDenied, FilePath, "read-only");
    }

    [Fact]
    public void LockedByAnotherWriter()
    {
        using var writer = new OtherWriter(FilePath);
        ErrorRecord error = TerminatingError("Set-Embedding $path a $vector -TimeoutSec 0.2");
        ErrorAssert.Is(error, "FileBusy", "SetEmbeddingCommand", ErrorCategory.ResourceBusy, FilePath, "0.2 s", "-TimeoutSec", "One change was not made");
        ErrorAssert.Is(TerminatingError("Remove-Embedding $path a -TimeoutSec 0.2"), "FileBusy", "RemoveEmbeddingCommand", ErrorCategory.ResourceBusy);
        ErrorAssert.Is(TerminatingError("Set-Embedding $path a $vector -Atomic -TimeoutSec 0.2"), "FileBusy", "SetEmbeddingCommand", ErrorCategory.ResourceBusy);
    }

    /// <summary>
    /// In a process of its own whose files may grow to 4 MiB: a limit on the size of files would bind every test of this one. The runtime keeps its own
    /// memory in a file that is larger, unless it is told to map it once.
    /// </summary>
    [Fact]
    public void FullDisk()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string script = Path.Combine(Folder, "full.ps1");
        File.WriteAllText(script, """
            param($path)
            $big = [float[]]::new(1536); $big[0] = 1
            try { 1..2000 | ForEach-Object { @{ Key = "k$_"; Vector = $big } } | Set-Embedding $path -BatchSize 100 }
            catch { "$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category) $_" }
            "readable: $((Get-Embedding $path k1).Key)"
            Remove-Embedding $path k1
            "removed: $(@(Get-Embedding $path k1 -ErrorAction Ignore).Count)"
            """);
        Run("New-EmbedCache $dir/full.edb 1536 | Close-EmbedCache");
        using ChildProcess child = ChildProcess.Start(
            "/bin/sh", "-c", "ulimit -f 8192; trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; exec \"$@\"", "sh", ChildProcess.DotnetPath, Path.Combine(AppContext.BaseDirectory, "PowerShellHost.dll"), script, Path.Combine(Folder, "full.edb"));
        child.WaitForExit();
        Assert.StartsWith("DiskFull,EmbedCache.PowerShell.SetEmbeddingCommand WriteError", child.Output + child.Errors, StringComparison.Ordinal);
        Assert.Contains("The last 100 changes", child.Output, StringComparison.Ordinal);
        Assert.Contains("readable: k1", child.Output, StringComparison.Ordinal);
        Assert.Contains("removed: 0", child.Output + child.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void RecordRefusedInAPipelineIsTheErrorsTarget()
    {
        SessionResult result = Try("@{ Key = 'good'; Vector = $vector }, @{ Key = 'bad'; Vector = 1, 2 }, @{ Key = ''; Vector = $vector } | Set-Embedding $path");
        Assert.Equal(["bad", ""], result.Errors.Select(static error => error.TargetObject));
        Assert.Equal("good", Keys());
    }

    private void ReadOnlyFileOfAnotherUser()
    {
        if (OperatingSystem.IsWindows() || !File.Exists("/usr/bin/setpriv"))
        {
            return;
        }

        string script = Path.Combine(Folder, "readonly.ps1");
        File.WriteAllText(script, """
            param($path)
            "readable: $((Get-Embedding $path).Key)"
            try { Set-Embedding $path b 1, 0, 0, 0 } catch { "$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category) $_" }
            """);
        File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        string[] nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        string host = Path.Combine(AppContext.BaseDirectory, "PowerShellHost.dll");
        using (ChildProcess probe = ChildProcess.Start("/usr/bin/setpriv", [.. nobody, "/bin/sh", "-c", $"'{ChildProcess.DotnetPath}' --list-runtimes > /dev/null && test -r '{host}'"]))
        {
            if (probe.WaitForExit() != 0)
            {
                // What was built here is the superuser's alone.
                return;
            }
        }

        using ChildProcess child = ChildProcess.Start("/usr/bin/setpriv", [.. nobody, ChildProcess.DotnetPath, host, script, FilePath]);
        child.WaitForExit();
        Assert.Contains("readable: a", child.Output, StringComparison.Ordinal);
        Assert.Contains("AccessDenied,EmbedCache.PowerShell.SetEmbeddingCommand PermissionDenied", child.Output, StringComparison.Ordinal);
        Assert.Contains("read-only", child.Output, StringComparison.Ordinal);
    }

    private void Refused(string script, string id, ErrorCategory category, params string[] words)
    {
        ErrorAssert.Is(Error(script), id, "SetEmbeddingCommand", category, words);
        Assert.Equal("", Keys());
    }

    private static void PutCrc(byte[] header)
    {
        uint crc = uint.MaxValue;
        for (int i = 0; i < 252; i++)
        {
            crc ^= header[i];
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }

        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(252), ~crc);
    }

    private bool CanWriteAnyway()
    {
        try
        {
            using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Write);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
