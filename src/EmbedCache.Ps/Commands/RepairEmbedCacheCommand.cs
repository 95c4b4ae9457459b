using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Repair-EmbedCache: salvages what is sound of a damaged file into a new one, and lists what was lost.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "EmbedCache", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(EmbedCacheLoss), typeof(RepairReport))]
public sealed class RepairEmbedCacheCommand : CopyFileCommand
{
    private const string DefaultEnding = ".repaired.edb";

    /// <summary>Path of the damaged file. Wildcards are allowed if they match one file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    public string Path { get; set; } = string.Empty;

    /// <summary>Path of the damaged file, taken as it is written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>The new file, or the folder for it.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>A sound file of the same store, as a backup is, that tells what the damaged header does not.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ParametersFrom { get; set; }

    /// <summary>The metric, where neither the damaged header nor another file tells it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(MetricCompleter))]
    public Metric Metric { get; set; }

    /// <summary>Write a report instead of the losses alone.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == LiteralPathSet;
        string source = ResolveSource(isLiteral ? LiteralPath : Path, isLiteral);
        string name = System.IO.Path.GetFileNameWithoutExtension(source) + DefaultEnding;
        string destination = Destination is null ? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(source)!, name) : ResolveDestination(Destination, name);
        bool isWanted = ShouldProcess(source, $"Salvage into '{destination}'");
        if (!isWanted && !IsWhatIf())
        {
            return;
        }

        var progress = new ProgressReporter(this, $"Repairing {source}");
        try
        {
            var options = new RepairOptions
            {
                ParametersFrom = ParametersFrom is null ? null : FilePaths.ResolveOne(this, ParametersFrom, literal: false),
                Metric = MyInvocation.BoundParameters.ContainsKey(nameof(Metric)) ? Metric : null,
                Overwrite = Force,
            };
            if (Force)
            {
                Pool.CloseIdle(destination);
            }

            Write(EmbeddingCache.Repair(source, isWanted ? destination : null, options, progress, StopToken), isWanted);
        }
        catch (FilePathException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            FailToCopy(exception, source, destination);
        }
        finally
        {
            progress.Complete();
        }
    }

    /// <summary>With -WhatIf the damaged file is read all the same: what would be lost is what one wants to know.</summary>
    private bool IsWhatIf() => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? value)
        ? value is SwitchParameter { IsPresent: true }
        : SessionState.PSVariable.GetValue("WhatIfPreference") is true or SwitchParameter { IsPresent: true };

    private void Write(RepairReport report, bool isWritten)
    {
        WriteVerbose($"{report.Path}: {report.RecordCount} records {(isWritten ? $"salvaged into '{report.Destination}'" : "can be salvaged")}, {report.ExpiredCount} expired ones left out, {report.Losses.Count} places lost.");
        foreach (VerifyProblem mended in report.Mended)
        {
            WriteVerbose($"{report.Path}, {mended}.");
        }

        if (report.IsSaltLost)
        {
            WriteWarning($"The salt of '{report.Path}' is lost. A file that keeps digests instead of texts finds its records by digest and by similarity, but no more by text. With -ParametersFrom and a backup nothing would be missing.");
        }

        if (PassThru)
        {
            WriteObject(report);
            return;
        }

        foreach (RepairLoss loss in report.Losses)
        {
            WriteObject(new EmbedCacheLoss(report.Path, loss));
        }
    }
}
