using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Backup-EmbedCache: copies a file as of its newest commit, while others read and write it.</summary>
[Cmdlet(VerbsData.Backup, "EmbedCache", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(BackupReport))]
public sealed class BackupEmbedCacheCommand : CopyFileCommand
{
    /// <summary>Path of the .edb file. Wildcards are allowed if they match one file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    public string Path { get; set; } = string.Empty;

    /// <summary>Path of the .edb file, taken as it is written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>The handle that New-EmbedCache or Open-EmbedCache returned.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = CacheSet)]
    public EmbedCacheHandle Cache { get; set; } = null!;

    /// <summary>The copy, or the folder for it.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Check every byte of the copy before it is put in place.</summary>
    [Parameter]
    public SwitchParameter Verify { get; set; }

    /// <summary>Write what the copy holds.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool isHandle = ParameterSetName == CacheSet;
        bool isLiteral = ParameterSetName == LiteralPathSet;
        string source = isHandle ? Cache.Path : ResolveSource(isLiteral ? LiteralPath : Path, isLiteral);
        string destination = ResolveDestination(Destination, System.IO.Path.GetFileName(source));
        if (!ShouldProcess(source, $"Back up to '{destination}'"))
        {
            return;
        }

        var progress = new ProgressReporter(this, $"Backing up {source}");
        try
        {
            BackupReport report;
            using (CacheLease lease = isHandle ? Cache.Rent() : Pool.Rent(source, writable: false))
            {
                if (Force)
                {
                    // What this session keeps open of an older copy for -Path must not answer for the new one, nor keep Windows from replacing it.
                    Pool.CloseIdle(destination);
                }

                report = lease.Engine.BackupTo(destination, new BackupOptions { Overwrite = Force, Verify = Verify }, progress, StopToken);
            }

            WriteVerbose($"{report.Path}: {report.RecordCount} records, {report.ByteLength} bytes copied to '{report.Destination}'.");
            if (PassThru)
            {
                WriteObject(report);
            }
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
}
