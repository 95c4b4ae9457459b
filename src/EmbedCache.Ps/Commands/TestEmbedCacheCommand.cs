using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Test-EmbedCache: checks every byte that the format promises and reports every problem.</summary>
[Cmdlet(VerbsDiagnostic.Test, "EmbedCache", DefaultParameterSetName = PathSet)]
[OutputType(typeof(EmbedCacheProblem), typeof(bool))]
public sealed class TestEmbedCacheCommand : CacheFilesCommand
{
    /// <summary>Answer with true or false for each file instead of writing its problems.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Check the structure alone, without reading the vectors.</summary>
    [Parameter]
    public SwitchParameter Quick { get; set; }

    /// <inheritdoc/>
    private protected override void ProcessPath(string fullPath) => Verify(() => Pool.Rent(fullPath, writable: false), fullPath);

    /// <inheritdoc/>
    private protected override void ProcessHandle(EmbedCacheHandle handle) => Verify(handle.Rent, handle.Path);

    private void Verify(Func<CacheLease> rent, string path)
    {
        var progress = new ProgressReporter(this, $"Testing {path}");
        try
        {
            VerifyReport report;
            using (CacheLease lease = rent())
            {
                report = lease.Engine.Verify(Quick, progress, StopToken);
            }

            Write(path, report);
        }
        catch (Exception exception) when (exception is NotAnEdbFileException or CorruptFileException && !Directory.Exists(path))
        {
            // So damaged that it cannot be opened: that is an answer, not a failure of the test.
            Examine(path, progress);
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            WriteFileError(exception, path);
        }
        finally
        {
            progress.Complete();
        }
    }

    private void Examine(string path, ProgressReporter progress)
    {
        try
        {
            Write(path, EmbeddingCache.VerifyFile(path, Quick, progress, StopToken));
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            WriteFileError(exception, path);
        }
    }

    private void Write(string path, VerifyReport report)
    {
        WriteVerbose($"{path}: {report.FrameCount} frames, {report.RecordCount} records, {report.ByteLength} bytes, {report.Problems.Count} problems.");
        if (Quiet)
        {
            WriteObject(report.IsValid);
            return;
        }

        foreach (VerifyProblem problem in report.Problems)
        {
            WriteObject(new EmbedCacheProblem(path, problem.Offset, problem.Description));
        }
    }
}
