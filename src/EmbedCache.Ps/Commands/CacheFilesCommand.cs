using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Base of the cmdlets that work on whole files, several at once: by path, by wildcard, by Get-ChildItem, by handle.</summary>
public abstract class CacheFilesCommand : EmbedCacheCommand
{
    /// <summary>Paths of .edb files. Wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
#pragma warning disable CA1819 // Parameters that take several values are arrays in PowerShell.
    public string[] Path { get; set; } = [];

    /// <summary>Paths of .edb files, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Handles that New-EmbedCache or Open-EmbedCache returned.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = CacheSet)]
    public EmbedCacheHandle[] Cache { get; set; } = [];
#pragma warning restore CA1819

    /// <summary>Reports a file that cannot be worked on: ends the pipeline when it is the only one that was named, else goes on with the others.</summary>
    private protected void WriteFileError(Exception exception, string path)
    {
        ErrorRecord record = OpenError(exception, path);
        if (IsOneOfSeveral())
        {
            WriteError(record);
        }
        else
        {
            ThrowTerminatingError(record);
        }
    }

    /// <summary>Works on one file named by its full path.</summary>
    private protected abstract void ProcessPath(string fullPath);

    /// <summary>Works on one open handle.</summary>
    private protected abstract void ProcessHandle(EmbedCacheHandle handle);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == CacheSet)
        {
            foreach (EmbedCacheHandle handle in Cache)
            {
                ProcessHandle(handle);
            }

            return;
        }

        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string path in literal ? LiteralPath : Path)
        {
            List<string> files;
            try
            {
                files = FilePaths.ResolveMany(this, path, literal);
            }
            catch (FilePathException exception)
            {
                WriteError(exception.ToErrorRecord());
                continue;
            }

            files.ForEach(ProcessPath);
        }
    }

    private bool IsOneOfSeveral() => MyInvocation.ExpectingInput || ParameterSetName switch
    {
        CacheSet => Cache.Length > 1,
        LiteralPathSet => LiteralPath.Length > 1,
        _ => Path.Length > 1 || (Path.Length == 1 && WildcardPattern.ContainsWildcardCharacters(Path[0])),
    };
}
