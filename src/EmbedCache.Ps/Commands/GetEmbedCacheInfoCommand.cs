using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>Get-EmbedCacheInfo: what files are and hold.</summary>
[Cmdlet(VerbsCommon.Get, "EmbedCacheInfo", DefaultParameterSetName = PathSet)]
[OutputType(typeof(EmbeddingCacheInfo))]
public sealed class GetEmbedCacheInfoCommand : CacheFilesCommand
{
    /// <inheritdoc/>
    private protected override void ProcessPath(string fullPath) => Write(() => Pool.Rent(fullPath, writable: false), fullPath);

    /// <inheritdoc/>
    private protected override void ProcessHandle(EmbedCacheHandle handle) => Write(handle.Rent, handle.Path);

    private void Write(Func<CacheLease> rent, string path)
    {
        EmbeddingCacheInfo info;
        try
        {
            using CacheLease lease = rent();
            info = lease.Engine.GetInfo();
        }
        catch (Exception exception) when (IsOurs(exception))
        {
            WriteFileError(exception, path);
            return;
        }

        WriteObject(info);
    }
}
