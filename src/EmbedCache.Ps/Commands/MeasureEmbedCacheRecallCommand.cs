using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Measure-EmbedCacheRecall: exact search against the index, on a sample of the file's own records.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "EmbedCacheRecall", DefaultParameterSetName = PathSet)]
[OutputType(typeof(RecallPoint))]
public sealed class MeasureEmbedCacheRecallCommand : CacheFilesCommand
{
    /// <summary>How many records of the file serve as queries.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
    public int SampleCount { get; set; } = 100;

    /// <summary>How many hits each query asks for.</summary>
    [Parameter]
    [Alias("First", "K")]
    [ValidateRange(1, 1_000_000)]
    public int Top { get; set; } = 10;

    /// <summary>The numbers of candidates to measure.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
#pragma warning disable CA1819 // Parameters that take several values are arrays in PowerShell.
    public int[]? EfSearch { get; set; }
#pragma warning restore CA1819

    /// <summary>Which records are chosen: the same seed chooses the same ones.</summary>
    [Parameter]
    public long Seed { get; set; } = 1;

    /// <inheritdoc/>
    private protected override void ProcessPath(string fullPath) => Measure(() => Pool.Rent(fullPath, writable: false), fullPath);

    /// <inheritdoc/>
    private protected override void ProcessHandle(EmbedCacheHandle handle) => Measure(handle.Rent, handle.Path);

    private void Measure(Func<CacheLease> rent, string path)
    {
        var bar = new ProgressReporter(this, $"Measuring {path}");
        try
        {
            RecallReport report;
            using (CacheLease lease = rent())
            {
                var options = new RecallOptions { SampleCount = SampleCount, Top = Top, EfSearch = EfSearch, Seed = Seed };
                report = lease.Engine.MeasureRecall(options, bar, StopToken);
            }

            if (report.QueryCount == 0)
            {
                WriteWarning($"There is nothing to measure in '{path}': it holds no embedding.");
                return;
            }

            WriteObject(report.Exact);
            WriteObject(report.Points, enumerateCollection: true);
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
}
