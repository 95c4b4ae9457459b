using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Base of the cmdlets that work on the records of one file, named by path or handle.</summary>
public abstract class CacheCommand : EmbedCacheCommand
{
    private CacheLease? _lease;

    /// <summary>Path of the .edb file. Wildcards are allowed if they match one file.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [SupportsWildcards]
    public string Path { get; set; } = string.Empty;

    /// <summary>Path of the .edb file, taken as it is written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>The handle that New-EmbedCache or Open-EmbedCache returned.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = CacheSet)]
    public EmbedCacheHandle Cache { get; set; } = null!;

    /// <summary>The open file, from <see cref="OpenTarget"/> until the cmdlet is disposed.</summary>
    private protected EmbeddingCache Engine => _lease!.Engine;

    /// <summary>How long writes wait when -TimeoutSec is not given.</summary>
    private protected TimeSpan DefaultBusyTimeout => _lease!.BusyTimeout;

    /// <summary>The path for messages and error records.</summary>
    private protected string TargetPath { get; private set; } = string.Empty;

    /// <summary>
    /// Opens the file for the whole call, in BeginProcessing: a missing file ends the pipeline before upstream does its expensive work.
    /// Takes no lock.
    /// </summary>
    private protected void OpenTarget(bool writable)
    {
        try
        {
            if (ParameterSetName == CacheSet)
            {
                TargetPath = Cache.Path;
                if (writable && Cache.IsReadOnly)
                {
                    Fail("ReadOnlyHandle", ErrorCategory.InvalidOperation, $"The handle of '{Cache.Path}' was opened with -ReadOnly. Open the file without it to write.", Cache);
                }

                _lease = Cache.Rent();
                return;
            }

            bool literal = ParameterSetName == LiteralPathSet;
            TargetPath = literal ? LiteralPath : Path;
            TargetPath = FilePaths.ResolveOne(this, TargetPath, literal);
            _lease = Pool.Rent(TargetPath, writable);
        }
        catch (FilePathException exception)
        {
            ThrowTerminatingError(exception.ToErrorRecord());
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            FailToOpen(exception, TargetPath);
        }
    }

    /// <summary>What -Filter was given, as a filter; ends the pipeline where it is none, before anything is done.</summary>
    private protected Filter ReadFilter(object? value)
    {
        try
        {
            return FilterConverter.ToFilter(value, SessionState.PSVariable.Get);
        }
        catch (Exception exception) when (exception is FilterSyntaxException or InvalidFilterException)
        {
            ThrowTerminatingError(new ErrorRecord(exception, "InvalidFilter", ErrorCategory.InvalidArgument, value));
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _lease?.Dispose();
        _lease = null;
        base.Dispose(disposing);
    }
}
