using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Open-EmbedCache: opens an .edb file and returns its handle.</summary>
[Cmdlet(VerbsCommon.Open, "EmbedCache", DefaultParameterSetName = PathSet)]
[OutputType(typeof(EmbedCacheHandle))]
public sealed class OpenEmbedCacheCommand : EmbedCacheCommand
{
    /// <summary>Path of the .edb file. Wildcards are allowed if they match one file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    public string Path { get; set; } = string.Empty;

    /// <summary>Path of the .edb file, taken as it is written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>Open for reading only.</summary>
    [Parameter]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>The model whose vectors are expected; another one in the file is refused.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Model { get; set; }

    /// <summary>When a commit through the returned handle is on stable storage.</summary>
    [Parameter]
    public Durability Durability { get; set; } = Durability.Full;

    /// <summary>How long writes through the returned handle wait for another writer.</summary>
    [Parameter]
    [ValidateRange(0.0, 86_400.0)]
    public double TimeoutSec { get; set; } = 30;

    /// <summary>Write also where the file is on a network file system, or on one that is not known.</summary>
    [Parameter]
    public SwitchParameter AllowNetworkFileSystem { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        string path = literal ? LiteralPath : Path;
        try
        {
            path = FilePaths.ResolveOne(this, path, literal);
            EmbedCacheHandle handle = Pool.OpenHandle(path, new EmbeddingCacheOptions
            {
                ReadOnly = ReadOnly,
                Model = Model,
                Durability = Durability,
                BusyTimeout = TimeSpan.FromSeconds(TimeoutSec),
                AllowNetworkFileSystem = AllowNetworkFileSystem,
            });
            handle.RequestedPath = path;
            WriteObject(handle);
        }
        catch (FilePathException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            FailToOpen(exception, path);
        }
    }
}
