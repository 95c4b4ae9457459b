using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Close-EmbedCache: closes handles, or everything that this session has open on a path.</summary>
[Cmdlet(VerbsCommon.Close, "EmbedCache", DefaultParameterSetName = PathSet)]
public sealed class CloseEmbedCacheCommand : CacheFilesCommand
{
    /// <inheritdoc/>
    private protected override void ProcessPath(string fullPath) => Close(fullPath, () =>
    {
        int closed = Pool.ClosePath(fullPath);
        WriteVerbose(closed == 0 ? $"Nothing of '{fullPath}' was open." : $"Closed '{fullPath}'.");
    });

    /// <inheritdoc/>
    private protected override void ProcessHandle(EmbedCacheHandle handle) => Close(handle, handle.Dispose);

    private void Close(object target, Action close)
    {
        try
        {
            close();
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            WriteError(ErrorRecords.From(exception, target));
        }
    }
}
