using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Optimize-EmbedCache: rewrites a file without what is dead in it and swaps it in, while others go on reading.</summary>
[Cmdlet(VerbsCommon.Optimize, "EmbedCache", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(OptimizeReport))]
public sealed class OptimizeEmbedCacheCommand : CacheFilesCommand
{
    /// <summary>What the file is to keep of vectors from here on.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(CompressionCompleter))]
    public VectorCompression Compression { get; set; }

    /// <summary>Bits for each element, with PQ and Binary.</summary>
    [Parameter]
    [ValidateRange(0.01, 8.0)]
    public double BitsPerElement { get; set; }

    /// <summary>With PQ, rotate vectors first.</summary>
    [Parameter]
    public SwitchParameter Rotate { get; set; }

    /// <summary>Keep short codes beside the vectors; <c>-ShortCodes:$false</c> keeps none.</summary>
    [Parameter]
    public SwitchParameter ShortCodes { get; set; }

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
        bool isLossy = IsGiven(nameof(Compression)) && Compression != VectorCompression.None;
        if (!ShouldProcess(path, isLossy ? $"Rewrite, keeping of each vector only what {Compression} keeps" : "Rewrite without removed, replaced and expired embeddings"))
        {
            return;
        }

        var bar = new ProgressReporter(this, $"Optimizing {path}");
        try
        {
            OptimizeReport report;
            using (CacheLease lease = rent())
            {
                var options = new OptimizeOptions
                {
                    BusyTimeout = IsGiven(nameof(TimeoutSec)) ? TimeSpan.FromSeconds(TimeoutSec) : lease.BusyTimeout,
                    Compression = IsGiven(nameof(Compression)) ? Compression : null,
                    BitsPerElement = IsGiven(nameof(BitsPerElement)) ? BitsPerElement : null,
                    Rotate = IsGiven(nameof(Rotate)) ? Rotate.IsPresent : null,
                    ShortCodes = IsGiven(nameof(ShortCodes)) ? ShortCodes.IsPresent : null,
                };
                report = lease.Engine.Optimize(options, new StageReporter(bar), StopToken);
            }

            WriteVerbose($"{report.Path}: {report.ByteLengthBefore} bytes before, {report.ByteLengthAfter} after, {report.RecordCount} records, {report.ExpiredCount} expired ones dropped.");
            if (report.Loss is { } loss)
            {
                TellLoss($"{report.Path}: {report.Compression} keeps less than was given: {loss}.", isAsked: IsGiven(nameof(Compression)));
            }

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

    /// <summary>What was given up is gone for good: who asked for it sees how much, as by Write-Host, where it does not mix with what goes down the pipeline.</summary>
    private void TellLoss(string message, bool isAsked)
    {
        if (isAsked)
        {
            WriteInformation(new HostInformationMessage { Message = message }, ["PSHOST"]);
        }
        else
        {
            WriteVerbose(message);
        }
    }

    private bool IsGiven(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private sealed class StageReporter(ProgressReporter bar) : IProgress<OptimizeProgress>
    {
        public void Report(OptimizeProgress value) => bar.Report(value.Fraction);
    }
}
