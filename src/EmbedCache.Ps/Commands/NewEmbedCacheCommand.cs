using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>New-EmbedCache: creates an .edb file and returns its handle.</summary>
[Cmdlet(VerbsCommon.New, "EmbedCache", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(EmbedCacheHandle))]
public sealed class NewEmbedCacheCommand : EmbedCacheCommand
{
    /// <summary>Path of the file to create.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    public string Path { get; set; } = string.Empty;

    /// <summary>Path of the file to create, taken as it is written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>Elements per vector.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateRange(1, 65536)]
    public int Dimension { get; set; }

    /// <summary>How vectors are compared.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(MetricCompleter))]
    public Metric Metric { get; set; } = Metric.Cosine;

    /// <summary>Whether keys are kept as text or only as salted digests.</summary>
    [Parameter]
    public KeyStorage KeyStorage { get; set; } = KeyStorage.Text;

    /// <summary>The model whose vectors the file keeps.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Model { get; set; }

    /// <summary>Expiry of records that are set without one.</summary>
    [Parameter]
    [TimeSpanTransformation]
    public TimeSpan DefaultTimeToLive { get; set; }

    /// <summary>What is kept in the file to make searches faster.</summary>
    [Parameter]
    public IndexMode Index { get; set; } = IndexMode.Auto;

    /// <summary>When a commit through the returned handle is on stable storage.</summary>
    [Parameter]
    public Durability Durability { get; set; } = Durability.Full;

    /// <summary>How long writes through the returned handle wait for another writer.</summary>
    [Parameter]
    [ValidateRange(0.0, 86_400.0)]
    public double TimeoutSec { get; set; } = 30;

    /// <summary>Make the file readable and writable by its owner alone.</summary>
    [Parameter]
    public SwitchParameter OwnerOnly { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Write also where the file is on a network file system, or on one that is not known.</summary>
    [Parameter]
    public SwitchParameter AllowNetworkFileSystem { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string path = ResolvePath();
        if (!ShouldProcess(path, Force ? "Create .edb file, replacing one that is there" : "Create .edb file"))
        {
            return;
        }

        var options = new EmbeddingCacheCreateOptions
        {
            Dimension = Dimension,
            Metric = Metric,
            KeyStorage = KeyStorage,
            Model = Model,
            DefaultTimeToLive = DefaultTimeToLive > TimeSpan.Zero ? DefaultTimeToLive : null,
            Index = Index,
            Durability = Durability,
            BusyTimeout = TimeSpan.FromSeconds(TimeoutSec),
            OwnerOnly = OwnerOnly,
            Overwrite = Force,
            AllowNetworkFileSystem = AllowNetworkFileSystem,
        };
        try
        {
            if (Force)
            {
                // What this session keeps open of the old file for -Path must not answer for the new one, nor keep Windows from replacing it.
                Pool.CloseIdle(path);
            }

            EmbedCacheHandle handle = Pool.AdoptHandle(EmbeddingCache.Create(path, options), options);
            handle.RequestedPath = path;
            WriteObject(handle);
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            ThrowTerminatingError(CreateError(exception, path));
        }
    }

    private static ErrorRecord CreateError(Exception exception, string path)
    {
        if (exception is not EmbedCacheException and IOException and not FileNotFoundException and not DirectoryNotFoundException && File.Exists(path))
        {
            return new ErrorRecord(
                new IOException($"The file '{path}' is already there. Use -Force to replace it, or Open-EmbedCache to open it.", exception),
                "FileExists",
                ErrorCategory.ResourceExists,
                path);
        }

        if (exception is DirectoryNotFoundException)
        {
            return ErrorRecords.Create("FolderNotFound", ErrorCategory.ObjectNotFound, $"The folder of '{path}' does not exist. Create it first.", path);
        }

        return OpenError(exception, path);
    }

    private string ResolvePath()
    {
        try
        {
            return FilePaths.Unresolved(this, ParameterSetName == LiteralPathSet ? LiteralPath : Path);
        }
        catch (FilePathException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
            throw;
        }
    }
}
