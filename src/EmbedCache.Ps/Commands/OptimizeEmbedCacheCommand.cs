using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Optimize-EmbedCache: rewrites a file without what is dead in it and swaps it in, while others go on reading.</summary>
[Cmdlet(VerbsCommon.Optimize, "EmbedCache", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(OptimizeReport))]
public sealed class OptimizeEmbedCacheCommand : CacheFilesCommand
{
    /// <summary>How long to wait for another writer.</summary>
    [Parameter]
    [ValidateRange(0.0, 86_400.0)]
    public double TimeoutSec { get; set; } = 30;

    /// <summary>Write what was done.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void ProcessPath(string fullPath) => Optimize(() => Pool.Rent(fullPath, writable: true), fullPath);

    /// <inheritdoc/>
    private protected override void ProcessHandle(EmbedCacheHandle handle)
    {
        if (handle.IsReadOnly)
        {
            WriteError(ErrorRecords.Create("ReadOnlyHandle", ErrorCategory.InvalidOperation, $"The handle of '{handle.Path}' was opened with -ReadOnly. Open the file without it to optimize it.", handle));
            return;
        }

        Optimize(handle.Rent, handle.Path);
    }

    private void Optimize(Func<CacheLease> rent, string path)
    {
        if (!ShouldProcess(path, "Rewrite without removed, replaced and expired embeddings"))
        {
            return;
        }

        var bar = new ProgressReporter(this, $"Optimizing {path}");
        try
        {
            OptimizeReport report;
            using (CacheLease lease = rent())
            {
                bool isGiven = MyInvocation.BoundParameters.ContainsKey(nameof(TimeoutSec));
                var options = new OptimizeOptions { BusyTimeout = isGiven ? TimeSpan.FromSeconds(TimeoutSec) : lease.BusyTimeout };
                report = lease.Engine.Optimize(options, new StageReporter(bar), StopToken);
            }

            WriteVerbose($"{report.Path}: {report.ByteLengthBefore} bytes before, {report.ByteLengthAfter} after, {report.RecordCount} records, {report.ExpiredCount} expired ones dropped.");
            if (PassThru)
            {
                WriteObject(report);
            }
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            WriteFileError(exception, path);
        }
        finally
        {
            bar.Complete();
        }
    }

    private sealed class StageReporter(ProgressReporter bar) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => bar.Report(value.Fraction);
    }
}
