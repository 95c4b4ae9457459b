using System.Management.Automation;
using PowerShellEngine = System.Management.Automation.PowerShell;

namespace EmbedCache.Ps.Tests;

/// <summary>
/// The five ways in which a pipeline ends without EndProcessing. What was accepted is committed, with -Atomic nothing is, and either way the file is
/// released: another handle writes to it at once, and it can be removed.
/// </summary>
public sealed class PipelineEndTests : ModuleTest
{
    private const string Records = "1..100 | ForEach-Object { @{ Key = \"k$_\"; Vector = $vector } }";

    public PipelineEndTests()
    {
        NewCache();
        using PowerShellEngine shell = Session.CreatePowerShell();
        shell.AddCommand("Import-Module").AddParameter("Assembly", typeof(SelectFirstCommand).Assembly).Invoke();
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData("-Atomic", 0)]
    public void SelectObjectFirstAfterSetEmbedding(string atomic, int kept)
    {
        // What comes out is written by a function beside Set-Embedding, so that the stop finds records that are accepted and not committed.
        Run($"1..100 | ForEach-Object {{ $_ }} | & {{ begin {{ $set = {{ Set-Embedding $path {atomic} }}.GetSteppablePipeline(); $set.Begin($true) }} process {{ $set.Process(@{{ Key = \"k$_\"; Vector = $vector }}); $_ }} clean {{ $set.Clean() }} }} | Select-First 3");
        AssertKept(kept);
    }

    [Fact]
    public void SelectObjectFirst()
    {
        // Each record is its own batch: two objects come out, the third record was never asked for.
        Run($"{Records} | Set-Embedding $path -PassThru -BatchSize 1 | Select-First 2");
        Assert.Equal(2L, Value("(Get-EmbedCacheInfo $path).Count"));
        AssertReleased();
    }

    [Theory]
    [InlineData("", 41)]
    [InlineData("-Atomic", 0)]
    public void ThrowUpstream(string atomic, int kept)
    {
        ErrorRecord error = TerminatingError($"1..100 | ForEach-Object {{ if ($_ -eq 42) {{ throw 'upstream' }}; @{{ Key = \"k$_\"; Vector = $vector }} }} | Set-Embedding $path {atomic}");
        Assert.Equal("upstream", error.Exception.Message);
        AssertKept(kept);
    }

    [Fact]
    public void ThrowDownstream()
    {
        ErrorRecord error = TerminatingError($"{Records} | Set-Embedding $path -PassThru -BatchSize 10 | ForEach-Object {{ if ($_.Key -eq 'k5') {{ throw 'downstream' }} }}");
        Assert.Equal("downstream", error.Exception.Message);
        Assert.InRange((long)Value("(Get-EmbedCacheInfo $path).Count")!, 10, 11);
        AssertReleased();
    }

    [Theory]
    [InlineData("", 41)]
    [InlineData("-Atomic", 0)]
    public void Break(string atomic, int kept)
    {
        Run($"foreach ($once in 1) {{ 1..100 | ForEach-Object {{ if ($_ -eq 42) {{ break }}; @{{ Key = \"k$_\"; Vector = $vector }} }} | Set-Embedding $path {atomic} }}");
        AssertKept(kept);
    }

    [Theory]
    [InlineData("", 41)]
    [InlineData("-Atomic", 0)]
    public void ControlC(string atomic, int kept)
    {
        using var reached = new ManualResetEventSlim();
        Session.SetVariable("reached", reached);
        using (PowerShellEngine shell = Session.CreatePowerShell())
        {
            shell.AddScript($"1..100 | ForEach-Object {{ if ($_ -eq 42) {{ $reached.Set(); while ($true) {{ [System.Threading.Thread]::Sleep(10) }} }}; @{{ Key = \"k$_\"; Vector = $vector }} }} | Set-Embedding $path {atomic}");
            IAsyncResult running = shell.BeginInvoke();
            Assert.True(reached.Wait(TimeSpan.FromSeconds(30)));
            shell.Stop();
            Assert.Throws<PipelineStoppedException>(() => shell.EndInvoke(running));
        }

        AssertKept(kept);
    }

    [Fact]
    public async Task ControlCWhileAnotherWriterHasTheFileEndsTheWait()
    {
        using var reached = new ManualResetEventSlim();
        Session.SetVariable("reached", reached);
        using var writer = new OtherWriter(FilePath);
        using PowerShellEngine shell = Session.CreatePowerShell();
        shell.AddScript("& { $reached.Set(); @{ Key = 'a'; Vector = $vector } } | Set-Embedding $path -Atomic -TimeoutSec 600");
        IAsyncResult running = shell.BeginInvoke();
        Assert.True(reached.Wait(TimeSpan.FromSeconds(30)));
        await Task.Delay(300);
        await Task.Run(shell.Stop).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Throws<PipelineStoppedException>(() => shell.EndInvoke(running));
    }

    /// <summary>PowerShell drops what Dispose throws; losing records in silence would be worse than a line on the screen.</summary>
    [Theory]
    [InlineData("try { 1..9 | ForEach-Object { if ($_ -eq 4) { throw 'upstream' }; @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path -TimeoutSec 0.1 } catch { }")]
    [InlineData("foreach ($once in 1) { 1..9 | ForEach-Object { if ($_ -eq 4) { break }; @{ Key = \"k$_\"; Vector = $vector } } | Set-Embedding $path -TimeoutSec 0.1 }")]
    public void LastCommitThatFailsIsToldOnTheScreen(string script)
    {
        using (new OtherWriter(FilePath))
        {
            Try(script);
        }

        string told = Session.TakeMessages();
        Assert.Contains("WARNING: ", told, StringComparison.Ordinal);
        Assert.Contains("The last 3 changes were not made", told, StringComparison.Ordinal);
        AssertReleased();
    }

    [Fact]
    public void RemovalsThatWereAcceptedStay()
    {
        Run($"{Records} | Set-Embedding $path");
        TerminatingError("1..100 | ForEach-Object { if ($_ -eq 42) { throw 'upstream' }; \"k$_\" } | Remove-Embedding $path");
        Assert.Equal(59L, Value("(Get-EmbedCacheInfo $path).Count"));
        AssertReleased();
    }

    [Fact]
    public void EnumerationThatIsBrokenOffReleasesTheFile()
    {
        Run($"{Records} | Set-Embedding $path");
        Run("foreach ($once in 1) { Get-Embedding $path | ForEach-Object { break } }");
        AssertReleased();
    }

    private void AssertKept(int count)
    {
        Assert.Equal((long)count, Value("(Get-EmbedCacheInfo $path).Count"));
        AssertReleased();
    }

    /// <summary>No lock is left, and nothing keeps the file from being replaced.</summary>
    private void AssertReleased()
    {
        Run("Set-Embedding $path after $vector -TimeoutSec 0; [System.IO.File]::Delete($path); New-EmbedCache $path 4 | Close-EmbedCache; Set-Embedding $path new $vector");
        Assert.Equal("new", Keys());
    }
}
